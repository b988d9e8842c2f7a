#include "twist/loop/reactor.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <event2/event.h>
#include <pthread.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/select.h>

#include "twist/async/threads.hpp"
#include "twist/base/error.hpp"
#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/loop/signals.hpp"
#include "twist/loop/waker.hpp"

namespace twist {

ReadDescriptor::~ReadDescriptor() {
    if (reactor_ != nullptr)
        reactor_->release(*this);
    if (has_gone_ != nullptr)
        *has_gone_ = true;
}

void Reactor::FreeEvent::operator()(event* e) const {
    event_free(e);
}
void Reactor::FreeEvent::operator()(event_base* base) const {
    event_base_free(base);
}

// The loop ----------------------------------------------------------------------------------------

namespace {

// Libevent's ways to wait. It is asked once, since it may not be asked in two threads.
const std::vector<std::string>& supported_backends() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        for (const char** name = event_get_supported_methods(); *name != nullptr; ++name)
            names.emplace_back(*name);
        event_set_log_callback([](int, const char*) {}); // what is wrong comes out as an exception
        return names;
    }();
    return all;
}

// How many forks lie between this process and the one that made the first reactor.
int forks = 0;

event_base* new_base(const std::string& backend) {
    [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });
    const std::unique_ptr<event_config, void (*)(event_config*)> config(event_config_new(),
                                                                        event_config_free);
    std::string others;
    for (const std::string& name : supported_backends())
        if (!backend.empty() && backend != name &&
            event_config_avoid_method(config.get(), name.c_str()) == 0)
            others += ' ' + name;
    if (event_base* const base = event_base_new_with_config(config.get()))
        return base;
    throw std::invalid_argument("There is no reactor back end '" + backend + "', only" + others);
}

} // namespace

Reactor::Reactor(const std::string& backend)
    : base_(new_base(backend)), timeout_(evtimer_new(
                                    base_.get(),
                                    [](evutil_socket_t, short, void* self) {
                                        static_cast<Reactor*>(self)->timeout_due_.reset();
                                    },
                                    this)),
      waker_(std::make_unique<Waker>()), signals_(std::make_unique<Signals>()), forks_(forks) {
    std::signal(SIGPIPE, SIG_IGN);
    add_reader(*waker_);
    for (const int number : {SIGINT, SIGTERM})
        on_signal(number, [this] { stop(); });
}

Reactor::~Reactor() {
    disconnect_all();
    run_end_of_turn();
    // From here on nobody is called any more. What goes may bring in something new: that goes, too.
    release(*waker_);
    do {
        drop_delayed_calls();
        let_go(end_of_turn_);
        let_go(when_running_);
        let_go(triggers_);
        waker_->take();
        signals_->take();
        for (auto left = descriptors(); !left.empty(); left = descriptors())
            release(*left.front());
        let_go(resolver_);
        let_go(threads_);
    } while (something_is_left());
    if (is_inherited_) // the parent may have been about to read what take() has read
        ::eventfd_write(waker_->fileno(), 1);
}

bool Reactor::something_is_left() {
    return next_due() || !end_of_turn_.empty() || !when_running_.empty() ||
           std::ranges::any_of(triggers_, [](const auto& some) { return !some.empty(); }) ||
           waker_->has_calls() || signals_->has_functions() || resolver_ || threads_ ||
           !descriptors().empty();
}

std::string Reactor::backend() const {
    return event_base_get_method(base_.get());
}

// The text's Figures 5 and 6: whatever the program does, it does inside turn().
void Reactor::run() {
    refuse_if_inherited();
    if (running_)
        throw ReactorAlreadyRunning();
    if (std::exchange(started_, true))
        throw ReactorNotRestartable();
    const Signals::Hold signals(*this, *signals_);
    running_ = true;
    for (const auto& f : std::exchange(when_running_, {}))
        log::run_reporting(f);
    while (!stopping_)
        turn();
    if (!timers_have_run_) { // since stop(): those that are due by now still run
        waker_->do_read();
        run_due();
        run_end_of_turn();
    }
    shut_down();
}

// One turn: the timers that are due, one wait for descriptors (inside it, whoever can be read or
// written is called), and what was put off until the end of the turn.
void Reactor::turn() {
    run_due();
    timers_have_run_ = stopping_;
    refuse_if_inherited();
    wait_for_descriptors();
    run_end_of_turn();
    refuse_if_inherited();
}

// Which time-out does the wait get? None at all if there is something to do at once; else until the
// next timer is due; without a timer, no end: the process sleeps until a descriptor is ready. It is
// the select() of part02's loop, only that libevent makes the call.
void Reactor::wait_for_descriptors() {
    int flags = EVLOOP_ONCE;
    const auto due = next_due();
    const Seconds timeout = due ? *due - seconds() : Seconds::max();
    const bool is_the_last = stopping_ && unfinished_ == 0;
    if (timeout <= Seconds(0) || is_the_last || !end_of_turn_.empty()) {
        flags |= EVLOOP_NONBLOCK;
    } else if (due && due != timeout_due_) {
        const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(
            std::min(timeout, Seconds(std::chrono::hours(24))));
        const timeval wait{microseconds.count() / 1'000'000, microseconds.count() % 1'000'000};
        event_add(timeout_.get(), &wait);
        timeout_due_ = due;
    }
    if (event_base_loop(base_.get(), flags) == -1)
        throw_last_error("The reactor can't wait");
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
    for (const auto& finished : fire(Shutdown::before)) {
        ++unfinished_;
        finished.add_callback([this] { --unfinished_; });
    }
    while (unfinished_ > 0)
        turn();
    running_ = false;
    if (threads_)
        threads_->finish();
    fire(Shutdown::during);
    disconnect_all();
    fire(Shutdown::after);
    run_end_of_turn();
}

std::vector<Deferred<void>> Reactor::fire(Shutdown when) {
    std::vector<Deferred<void>> results;
    auto& triggers = triggers_[static_cast<std::size_t>(when)];
    while (!triggers.empty()) // those, too, that a trigger adds
        for (const auto& trigger : std::exchange(triggers, {}))
            log::run_reporting([&] { results.push_back(trigger().add_errback(log::err)); });
    return results;
}

// Calls from outside the loop ---------------------------------------------------------------------

void Reactor::call_when_running(std::function<void()> f) {
    if (running_)
        f();
    else
        when_running_.push_back(std::move(f));
}

void Reactor::call_at_end_of_turn(std::function<void()> f) {
    end_of_turn_.push_back(std::move(f));
}

void Reactor::call_from_thread(std::function<void()> f) {
    waker_->call(f);
}

Threads& Reactor::threads() {
    constexpr std::size_t most_at_once = 10;
    if (!threads_)
        threads_ = std::make_unique<Threads>(*this, most_at_once);
    return *threads_;
}

void Reactor::on_signal(int number, std::function<void()> f) {
    signals_->on(number, std::move(f));
}

// Descriptors -------------------------------------------------------------------------------------

// After a fork both processes share the kernel's epoll, and what one of them takes out of it, the
// other does not hear any more. So the child gets one of its own.
void Reactor::notice_fork() {
    if (std::exchange(forks_, forks) == forks)
        return;
    is_inherited_ = true;
    event_reinit(base_.get());
}

void Reactor::refuse_if_inherited() {
    notice_fork();
    if (is_inherited_)
        throw std::logic_error("run: this reactor belongs to the process that made it, and this is "
                               "a child of that one. Make a new reactor here.");
}

Reactor::Watch& Reactor::watch(ReadDescriptor& descriptor) {
    const int fd = descriptor.fileno();
    if (fd < 0)
        throw std::invalid_argument("The reactor can't watch a descriptor that is closed.");
    if (watches_.size() <= static_cast<std::size_t>(fd))
        watches_.resize(static_cast<std::size_t>(fd) + 1);
    if (descriptor.reactor_ != nullptr &&
        (descriptor.reactor_ != this || descriptor.registered_as_ != fd))
        descriptor.reactor_->release(descriptor);
    descriptor.registered_as_ = fd;
    return watches_[static_cast<std::size_t>(fd)];
}

void Reactor::add(ReadDescriptor& descriptor, Side Watch::*side, short what) {
    auto& [who, ready] = watch(descriptor).*side;
    if (who == &descriptor)
        return;
    notice_fork();
    if (descriptor.registered_as_ >= FD_SETSIZE && backend() == "select") // libevent would abort
        throw SystemError(descriptor.log_prefix() +
                              " can't be watched: select only watches descriptors below 1,024.",
                          std::make_error_code(std::errc::too_many_files_open));
    if (!ready) {
        const auto serve = [](evutil_socket_t fd, short events, void* self) {
            static_cast<Reactor*>(self)->serve(fd, events & EV_READ ? &Watch::reading
                                                                    : &Watch::writing);
        };
        ready.reset(event_new(base_.get(), descriptor.registered_as_,
                              static_cast<short>(what | EV_PERSIST), serve, this));
    }
    if (who != nullptr) // closed without a word, and now its number has come again
        remove(*who, side);
    if (event_add(ready.get(), nullptr) == -1) {
        const std::error_code reason = last_error();
        throw SystemError(descriptor.log_prefix() + " can't be watched: " + describe(reason) + ".",
                          reason);
    }
    who = &descriptor;
    descriptor.reactor_ = this;
}

void Reactor::remove(ReadDescriptor& descriptor, Side Watch::*side) {
    if (descriptor.reactor_ != this)
        return;
    Watch& w = watches_[static_cast<std::size_t>(descriptor.registered_as_)];
    auto& [who, ready] = w.*side;
    if (who != &descriptor)
        return;
    notice_fork();
    who = nullptr;
    event_del(ready.get());
    if (!w.knows(&descriptor))
        descriptor.reactor_ = nullptr; // it may outlive the reactor now
}

void Reactor::add_reader(ReadDescriptor& reader) {
    add(reader, &Watch::reading, EV_READ);
}
void Reactor::add_writer(WriteDescriptor& writer) {
    add(writer, &Watch::writing, EV_WRITE);
}
void Reactor::remove_reader(ReadDescriptor& reader) {
    remove(reader, &Watch::reading);
}
void Reactor::remove_writer(WriteDescriptor& writer) {
    remove(writer, &Watch::writing);
}

std::vector<ReadDescriptor*> Reactor::all(Side Watch::*side) const {
    std::vector<ReadDescriptor*> found;
    for (const Watch& w : watches_)
        if ((w.*side).who != nullptr)
            found.push_back((w.*side).who);
    return found;
}

void Reactor::adopt(std::shared_ptr<ReadDescriptor> descriptor) {
    Watch& w = watch(*descriptor);
    descriptor->reactor_ = this;
    const auto before = std::exchange(w.owned, std::move(descriptor));
    if (before && !w.knows(before.get()))
        before->reactor_ = nullptr; // closed without a word, and now its number has come again
}

void Reactor::release(ReadDescriptor& descriptor) {
    remove(descriptor, &Watch::reading);
    remove(descriptor, &Watch::writing);
    if (descriptor.reactor_ != this)
        return;
    descriptor.reactor_ = nullptr;
    auto& owned = watches_[static_cast<std::size_t>(descriptor.registered_as_)].owned;
    if (owned.get() == &descriptor)
        const auto last_words = std::exchange(owned, nullptr);
}

// Called by libevent from inside event_base_loop, where no exception may pass.
void Reactor::serve(int fd, Side Watch::*side) noexcept {
    const Watch& w = watches_[static_cast<std::size_t>(fd)];
    ReadDescriptor* const who = (w.*side).who;
    const auto alive = w.owned;
    bool has_gone = false;
    who->has_gone_ = &has_gone;
    std::optional<Failure> reason;
    auto thrown = log::run_reporting([&] {
        if (who->fileno() != fd)
            reason = Failure(ConnectionFdescWentAway());
        else if (side == &Watch::reading)
            reason = who->do_read();
        else
            reason = static_cast<WriteDescriptor*>(who)->do_write();
    });
    if (thrown)
        reason = std::move(thrown);
    if (has_gone)
        return;
    who->has_gone_ = nullptr;
    // By now it may have left the reactor.
    if (reason && watches_[static_cast<std::size_t>(fd)].knows(who))
        disconnect(*who, *reason);
}

void Reactor::disconnect(ReadDescriptor& descriptor, const Failure& reason) {
    const auto alive = watches_[static_cast<std::size_t>(descriptor.registered_as_)].owned;
    release(descriptor);
    log::run_reporting([&] { descriptor.connection_lost(reason); });
}

std::vector<ReadDescriptor*> Reactor::descriptors() const {
    std::vector<ReadDescriptor*> found;
    for (const Watch& w : watches_)
        for (ReadDescriptor* const who : {w.reading.who, w.writing.who, w.owned.get()})
            if (who != nullptr && who != waker_.get() && who != signals_.get() &&
                (found.empty() || found.back() != who))
                found.push_back(who);
    return found;
}

// Only those that are there at the beginning: who reconnects now is not told again.
void Reactor::disconnect_all() {
    const Failure lost{ConnectionLost()};
    std::vector<std::pair<std::size_t, ReadDescriptor*>> everybody;
    for (ReadDescriptor* const who : descriptors())
        everybody.emplace_back(who->registered_as_, who);
    for (const auto& [fd, who] : everybody) {
        if (watches_[fd].knows(who))
            disconnect(*who, lost);
    }
}

} // namespace twist
