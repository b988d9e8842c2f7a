#include "twist/loop/waker.hpp"

#include <sys/eventfd.h>
#include <utility>

#include "twist/base/log.hpp"

namespace twist {

Waker::Waker() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_)
        throw SystemError("Could not make the reactor's wake-up descriptor", last_error());
}

void Waker::call(std::function<void()>& f) {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back().swap(f); // nothing of it stays in this thread
    ::eventfd_write(wake_.get(), 1);
}

std::vector<std::function<void()>> Waker::take() {
    const std::lock_guard lock(mutex_);
    eventfd_t times = 0;
    ::eventfd_read(wake_.get(), &times);
    return std::exchange(calls_, {});
}

std::optional<Failure> Waker::do_read() {
    for (const auto& f : take())
        log::run_reporting(f);
    return {};
}

} // namespace twist
