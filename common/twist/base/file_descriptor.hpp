// A descriptor with an owner: closed when its owner goes.
#pragma once

#include <utility>

namespace twist {

/// Owns one file descriptor: of a file, a pipe, a socket. Moves, never copies.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor() { close(); }

    int get() const { return fd_; } ///< -1 once it is closed
    explicit operator bool() const { return fd_ != -1; }
    void close(); ///< closing twice does no harm

    /// Calls on it return at once from now on, with EWOULDBLOCK instead of waiting. Throws
    /// SystemError.
    void set_nonblocking();

  private:
    int fd_ = -1;
};

} // namespace twist
