#include "twist/loop/reactor.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <sys/eventfd.h>
#include <utility>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/loop/signals.hpp"
#include "twist/loop/waker.hpp"

namespace twist {

ReadDescriptor::~ReadDescriptor() {
    if (reactor_ != nullptr)
        reactor_->forget(*this);
}

// The loop ----------------------------------------------------------------------------------------

Reactor::Reactor(const std::string& backend)
    : poller_(backend, [this](int fd, Poller::Event event) { serve(fd, event); }),
      waker_(std::make_unique<Waker>()), signals_(std::make_unique<Signals>()) {
    std::signal(SIGPIPE, SIG_IGN);
    add_reader(*waker_);
    for (const int number : {SIGINT, SIGTERM})
        on_signal(number, [this] { stop(); });
}

Reactor::~Reactor() {
    disconnect_all();
    run_end_of_turn();
    // From here on nothing is called. What a destructor adds now is dropped, too.
    forget(*waker_);
    do {
        drop_delayed_calls();
        let_go(end_of_turn_);
        let_go(when_running_);
        let_go(triggers_);
        waker_->take();
        signals_->take();
        for (auto left = descriptors(); !left.empty(); left = descriptors())
            forget(*left.front());
        let_go(extensions_);
    } while (!is_empty());
    if (poller_.is_inherited()) // take() may have read a wake-up that was meant for the parent
        ::eventfd_write(waker_->fileno(), 1);
}

bool Reactor::is_empty() {
    return !next_due() && end_of_turn_.empty() && when_running_.empty() &&
           std::ranges::all_of(triggers_, [](const auto& some) { return some.empty(); }) &&
           !waker_->has_calls() && !signals_->has_functions() && extensions_.empty() &&
           descriptors().empty();
}

void Reactor::run() {
    refuse_in_child();
    if (running_)
        throw ReactorAlreadyRunning();
    if (std::exchange(started_, true))
        throw ReactorNotRestartable();
    const Signals::Delivery signals(*this, *signals_);
    running_ = true;
    for (const auto& f : std::exchange(when_running_, {}))
        log::run_reporting(f);
    turn_until([this] { return stopping_; });
    shut_down();
}

// The text's Figures 5 and 6: the loop. A turn has three parts: the timers that are due; one wait
// for descriptors, inside which those that are ready are called; what was put off to the end of the
// turn. The loop ends between the first and the second (R6).
template <class Condition>
void Reactor::turn_until(Condition is_over) {
    for (;;) {
        run_due();
        refuse_in_child(); // a callback may have called fork()
        if (is_over())
            return;
        wait_for_descriptors();
        run_end_of_turn();
        refuse_in_child();
    }
}

// How long is the wait? Not at all if something is put off to the end of this turn; else until the
// next timer is due; without a timer, for ever: the process sleeps until a descriptor is ready.
// This is the select() of part02's loop, only that libevent makes the call.
void Reactor::wait_for_descriptors() {
    poller_.wait(end_of_turn_.empty() ? next_due() : Seconds(0)); // 0: due long ago
}

void Reactor::run_end_of_turn() {
    for (const auto& f : std::exchange(end_of_turn_, {}))
        log::run_reporting(f);
}

void Reactor::stop() {
    if (!running_ || stopping_)
        throw ReactorNotRunning();
    stopping_ = true;
}

void Reactor::shut_down() {
    waker_->do_read(); // what other threads have asked for by now still runs (R6)
    run_end_of_turn();
    const auto is_delayed = [this] { return delay_.use_count() > 1; };
    fire(Shutdown::before);
    if (is_delayed())
        turn_until([&] { return !is_delayed(); });
    running_ = false;
    fire(Shutdown::during);
    disconnect_all();
    fire(Shutdown::after);
    run_end_of_turn();
}

void Reactor::fire(Shutdown when) {
    auto& triggers = triggers_[static_cast<std::size_t>(when)];
    while (!triggers.empty()) // those, too, that a trigger adds
        for (const auto& trigger : std::exchange(triggers, {}))
            log::run_reporting(trigger);
}

void Reactor::refuse_in_child() const {
    if (poller_.is_inherited())
        throw std::logic_error("run: this reactor belongs to the process that made it, and this is "
                               "a child of that one. Make a new reactor here.");
}

// Calls -------------------------------------------------------------------------------------------

void Reactor::call_when_running(std::function<void()> f) {
    if (running_)
        log::run_reporting(f);
    else
        when_running_.push_back(std::move(f));
}

void Reactor::call_at_end_of_turn(std::function<void()> f) {
    end_of_turn_.push_back(std::move(f));
}

void Reactor::call_from_thread(std::function<void()> f) {
    waker_->call(f);
}

void Reactor::on_signal(int number, std::function<void()> f) {
    signals_->on(number, std::move(f));
}

// Descriptors -------------------------------------------------------------------------------------

bool Reactor::Watch::knows(const ReadDescriptor* descriptor) const {
    return registered[Poller::reading] == descriptor || registered[Poller::writing] == descriptor ||
           kept.get() == descriptor;
}

// Where a descriptor was closed without a word, its number may come again: a new one takes over.
Reactor::Watch& Reactor::new_watch(ReadDescriptor& descriptor) {
    const int fd = descriptor.fileno();
    if (fd < 0)
        throw std::invalid_argument("The reactor can't watch a descriptor that is closed.");
    if (watches_.size() <= static_cast<std::size_t>(fd))
        watches_.resize(static_cast<std::size_t>(fd) + 1);
    if (descriptor.reactor_ != nullptr &&
        (descriptor.reactor_ != this || descriptor.registered_as_ != fd))
        descriptor.reactor_->forget(descriptor);
    descriptor.registered_as_ = fd;
    return watch(fd);
}

void Reactor::add(ReadDescriptor& descriptor, Poller::Event event) {
    ReadDescriptor*& registered = new_watch(descriptor).registered[event];
    if (registered == &descriptor)
        return;
    if (registered != nullptr)
        remove(*registered, event);
    try {
        poller_.add(descriptor.registered_as_, event);
    } catch (const SystemError& reason) {
        throw SystemError(descriptor.log_prefix() + " can't be watched: " + reason.what(),
                          reason.code());
    }
    registered = &descriptor;
    descriptor.reactor_ = this;
}

void Reactor::remove(ReadDescriptor& descriptor, Poller::Event event) {
    if (descriptor.reactor_ != this)
        return;
    Watch& slot = watch(descriptor.registered_as_);
    if (slot.registered[event] != &descriptor)
        return;
    slot.registered[event] = nullptr;
    poller_.remove(descriptor.registered_as_, event);
    if (!slot.knows(&descriptor) && serving_ != &descriptor)
        descriptor.reactor_ = nullptr; // it may outlive the reactor now
}

void Reactor::keep_alive(std::shared_ptr<ReadDescriptor> descriptor) {
    Watch& slot = new_watch(*descriptor);
    descriptor->reactor_ = this;
    const auto before = std::exchange(slot.kept, std::move(descriptor));
    if (before && !slot.knows(before.get()))
        before->reactor_ = nullptr;
}

void Reactor::forget(ReadDescriptor& descriptor) {
    remove(descriptor, Poller::reading);
    remove(descriptor, Poller::writing);
    if (serving_ == &descriptor)
        serving_ = nullptr;
    if (descriptor.reactor_ != this)
        return;
    descriptor.reactor_ = nullptr;
    if (auto& kept = watch(descriptor.registered_as_).kept; kept.get() == &descriptor)
        let_go(kept);
}

std::vector<ReadDescriptor*> Reactor::registered_for(Poller::Event event) const {
    std::vector<ReadDescriptor*> found;
    for (const Watch& slot : watches_)
        if (slot.registered[event] != nullptr)
            found.push_back(slot.registered[event]);
    return found;
}

std::vector<ReadDescriptor*> Reactor::descriptors() const {
    std::vector<ReadDescriptor*> found;
    for (const auto& [registered, kept] : watches_)
        for (ReadDescriptor* const each : {registered[0], registered[1], kept.get()})
            if (each != nullptr && each != waker_.get() && each != signals_.get() &&
                (found.empty() || found.back() != each))
                found.push_back(each);
    return found;
}

// Called from inside libevent, where no exception may pass.
void Reactor::serve(int fd, Poller::Event event) noexcept {
    ReadDescriptor& descriptor = *watch(fd).registered[event];
    const auto alive = watch(fd).kept;
    serving_ = &descriptor;
    const auto reason = log::reason_of([&]() -> std::optional<Failure> {
        if (descriptor.fileno() != fd)
            return Failure(ConnectionFdescWentAway());
        if (event == Poller::reading)
            return descriptor.do_read();
        return static_cast<WriteDescriptor&>(descriptor).do_write();
    });
    if (serving_ == nullptr) // it was destroyed, or forgotten
        return;
    serving_ = nullptr;
    if (!watch(fd).knows(&descriptor))
        descriptor.reactor_ = nullptr; // it removed itself
    else if (reason)
        disconnect(descriptor, *reason);
}

void Reactor::disconnect(ReadDescriptor& descriptor, const Failure& reason) {
    const auto alive = watch(descriptor.registered_as_).kept;
    forget(descriptor);
    log::run_reporting([&] { descriptor.connection_lost(reason); });
}

// Only those that are there now: one that connects meanwhile is not told.
void Reactor::disconnect_all() {
    const Failure lost{ConnectionLost()};
    std::vector<std::pair<int, ReadDescriptor*>> all;
    for (ReadDescriptor* const each : descriptors())
        all.emplace_back(each->registered_as_, each);
    for (const auto& [fd, descriptor] : all)
        if (watch(fd).knows(descriptor))
            disconnect(*descriptor, lost);
}

} // namespace twist
