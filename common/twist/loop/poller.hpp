// The reactor's wait for descriptors: libevent's epoll, poll or select. For reactor.cpp only.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "twist/base/seconds.hpp"

namespace twist {

/// Waits until a descriptor can be read or written, and says which. It knows descriptors by their
/// numbers alone.
class Poller {
  public:
    enum Event : std::size_t { reading, writing };

    /// What is called, inside wait(), for each descriptor that is ready. It must not throw.
    using Ready = std::function<void(int fd, Event event)>;

    /// See Reactor for `backend`. Throws std::invalid_argument.
    Poller(const std::string& backend, Ready ready);
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    std::string backend() const;

    /// Watches `fd` until remove(), which must come before `fd` is closed. Throws SystemError.
    void add(int fd, Event event);
    void remove(int fd, Event event);

    /// Waits once: until a descriptor is ready, but not longer than until `due`.
    void wait(std::optional<Seconds> due);

    /// Whether another process has made it: this one is a child of that, made by fork().
    bool is_inherited() const;

  private:
    struct Libevent;
    void notice_fork();

    Ready ready_;
    std::unique_ptr<Libevent> libevent_;
};

} // namespace twist
