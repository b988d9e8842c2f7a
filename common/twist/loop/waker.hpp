// How another thread ends the reactor's wait. For reactor.cpp only.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "twist/base/file_descriptor.hpp"
#include "twist/loop/descriptor.hpp"

namespace twist {

/// The functions that other threads ask the loop to call. It is a reader like any other: a call
/// makes its descriptor readable, and so ends the wait.
class Waker final : public ReadDescriptor {
  public:
    Waker();

    /// Calls `f` in the loop. Any thread may call this. `f` is empty afterwards: its closure must
    /// be destroyed in the loop's thread.
    void call(std::function<void()>& f);

    /// Removes and returns the functions that are still to be called.
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
