#include "twist/loop/poller.hpp"

#include <algorithm>
#include <chrono>
#include <event2/event.h>
#include <iostream>
#include <pthread.h>
#include <stdexcept>
#include <sys/select.h>
#include <utility>

#include "twist/base/error.hpp"

namespace twist {

namespace {

// libevent's ways to wait. It is asked once: two threads may not ask at the same time.
const std::vector<std::string>& supported_backends() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        for (const char** name = event_get_supported_methods(); *name != nullptr; ++name)
            names.emplace_back(*name);
        // Its warnings become exceptions here. After an error it ends the process.
        event_set_log_callback([](int severity, const char* text) {
            if (severity == EVENT_LOG_ERR)
                std::cerr << "libevent: " << text << std::endl;
        });
        return names;
    }();
    return all;
}

event_base* new_base(const std::string& backend) {
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

// How many forks lie between this process and the first one that made a Poller.
int forks = 0;

} // namespace

struct Poller::Libevent {
    struct Free {
        void operator()(event* e) const { event_free(e); }
        void operator()(event_base* b) const { event_base_free(b); }
    };
    using EventPtr = std::unique_ptr<event, Free>;

    std::unique_ptr<event_base, Free> base;
    std::vector<std::array<EventPtr, 2>> events; // by descriptor, then reading or writing
    EventPtr timer;                              // ends a wait
    std::optional<Seconds> timer_due;            // when it will; nothing if it is not set
    int made_after = forks;
    int base_is_of = forks;
};

Poller::Poller(const std::string& backend, Ready ready)
    : ready_(std::move(ready)), libevent_(std::make_unique<Libevent>()) {
    [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });
    Libevent& own = *libevent_;
    own.base.reset(new_base(backend));
    const auto reset = [](evutil_socket_t, short, void* due) {
        static_cast<std::optional<Seconds>*>(due)->reset();
    };
    own.timer.reset(evtimer_new(own.base.get(), reset, &own.timer_due));
}

Poller::~Poller() = default;

std::string Poller::backend() const {
    return event_base_get_method(libevent_->base.get());
}

void Poller::add(int fd, Event event) {
    notice_fork();
    if (fd >= FD_SETSIZE && backend() == "select") // libevent would abort
        throw SystemError("select only watches descriptors below 1,024.",
                          std::make_error_code(std::errc::too_many_files_open));
    auto& events = libevent_->events;
    if (events.size() <= static_cast<std::size_t>(fd))
        events.resize(static_cast<std::size_t>(fd) + 1);
    auto& ready = events[static_cast<std::size_t>(fd)][event];
    if (!ready) {
        const auto call = [](evutil_socket_t number, short what, void* self) {
            static_cast<Poller*>(self)->ready_(number, what & EV_READ ? reading : writing);
        };
        const int what = EV_PERSIST | (event == reading ? EV_READ : EV_WRITE);
        ready.reset(event_new(libevent_->base.get(), fd, static_cast<short>(what), call, this));
    }
    if (event_add(ready.get(), nullptr) == -1) {
        const std::error_code reason = last_error();
        throw SystemError(describe(reason) + ".", reason);
    }
}

void Poller::remove(int fd, Event event) {
    notice_fork();
    event_del(libevent_->events[static_cast<std::size_t>(fd)][event].get());
}

void Poller::wait(std::optional<Seconds> due) {
    Libevent& own = *libevent_;
    int flags = EVLOOP_ONCE;
    const Seconds timeout = due ? *due - monotonic_time() : Seconds::max();
    if (timeout <= Seconds(0)) {
        flags |= EVLOOP_NONBLOCK;
    } else if (due && due != own.timer_due) {
        const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(
            std::min(timeout, Seconds(std::chrono::hours(24))));
        const timeval wait{microseconds.count() / 1'000'000, microseconds.count() % 1'000'000};
        event_add(own.timer.get(), &wait);
        own.timer_due = due;
    }
    if (event_base_loop(own.base.get(), flags) == -1)
        throw_last_error("The reactor can't wait");
}

bool Poller::is_inherited() const {
    return libevent_->made_after != forks;
}

// After a fork both processes share the kernel's epoll: what one removes, the other no longer
// hears. So the child gets an epoll of its own.
void Poller::notice_fork() {
    if (std::exchange(libevent_->base_is_of, forks) != forks)
        event_reinit(libevent_->base.get());
}

} // namespace twist
