// What ends the reactor's wait from another thread. For reactor.cpp only.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "twist/base/file_descriptor.hpp"
#include "twist/loop/descriptor.hpp"

namespace twist {

/// Ends the wait for descriptors when another thread has something to call. A reader like any
/// other.
class Waker final : public ReadDescriptor {
  public:
    Waker();

    /// Calls `f` in the loop. Any thread may call this. It takes `f` away: its closure must go in
    /// the loop's thread.
    void call(std::function<void()>& f);

    /// What is still to be called.
    std::vector<std::function<void()>> take();
    bool has_calls() const { return !calls_.empty(); } ///< for the loop's thread alone

    int fileno() const override { return wake_.get(); }
    std::optional<Failure> do_read() override;
    void connection_lost(const Failure&) override {}
    std::string log_prefix() const override { return "the reactor's wake-up"; }

  private:
    FileDescriptor wake_;
    std::mutex mutex_;
    std::vector<std::function<void()>> calls_;
};

} // namespace twist
