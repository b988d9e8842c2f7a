#include "twist/loop/signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <sys/eventfd.h>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/base/log.hpp"

namespace twist {

namespace {

// A process has one set of signals, and so one of each of these. The descriptor is never closed: a
// handler may be running in another thread.
std::array<std::atomic<bool>, NSIG> arrived{};
std::atomic<int> wake = -1;
std::atomic<bool> has_owner = false;

int wake_descriptor() {
    static const FileDescriptor descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!descriptor)
        throw SystemError("Could not make the descriptor that signals write to", last_error());
    return descriptor.get();
}

// Runs in the middle of anything: only atomics and write(2) are allowed.
void note(int number) {
    const int saved_errno = errno;
    arrived[static_cast<std::size_t>(number)] = true;
    ::eventfd_write(wake, 1);
    errno = saved_errno;
}

// False for signals that can't be caught, after which the program can't go on, that the C library
// uses itself, or that do not exist.
bool can_wait(int number) {
    for (const int other : {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
        if (number == other)
            return false;
    return ::sigaction(number, nullptr, nullptr) == 0;
}

} // namespace

Signals::Signals() {
    wake = wake_descriptor();
}

void Signals::on(int number, std::function<void()> f) {
    if (!f)
        throw std::invalid_argument("on_signal needs something to call.");
    if (!can_wait(number))
        throw std::invalid_argument("Signal " + std::to_string(number) +
                                    " can't wait for the loop.");
    functions_[number].swap(f); // the old function is destroyed with `f`
    if (is_delivering_)
        install(number);
}

void Signals::install(int number) {
    if (before_.contains(number))
        return;
    struct sigaction action {};
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    arrived[static_cast<std::size_t>(number)] = false;
    ::sigaction(number, &action, &before_[number]);
}

Signals::Delivery::Delivery(Reactor& reactor, Signals& signals)
    : reactor_(reactor), signals_(signals), is_owner_(!has_owner.exchange(true)) {
    if (!is_owner_)
        return;
    try {
        reactor_.add_reader(signals_);
    } catch (...) { // select, and a high number
        has_owner = false;
        throw;
    }
    signals_.is_delivering_ = true;
    for (const auto& [number, f] : signals_.functions_)
        signals_.install(number);
}

Signals::Delivery::~Delivery() {
    if (!is_owner_)
        return;
    reactor_.remove_reader(signals_);
    for (const auto& [number, action] : std::exchange(signals_.before_, {}))
        ::sigaction(number, &action, nullptr);
    signals_.is_delivering_ = false;
    has_owner = false;
}

int Signals::fileno() const {
    return wake;
}

std::optional<Failure> Signals::do_read() {
    eventfd_t times = 0;
    ::eventfd_read(wake, &times);
    for (const auto& [number, f] : std::map(functions_)) // a copy: one may call on_signal
        if (arrived[static_cast<std::size_t>(number)].exchange(false))
            log::run_reporting([&call = f] {
                try {
                    call();
                } catch (const ReactorNotRunning&) { // a second Ctrl-C: it is stopping
                }
            });
    return {};
}

} // namespace twist
