// A file descriptor with an owner.
#pragma once

#include <utility>

namespace twist {

/// Owns a descriptor of a file, a pipe or a socket, and closes it. It can be moved, not copied.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor() { close(); }

    int get() const { return fd_; } ///< -1 once it is closed
    explicit operator bool() const { return fd_ != -1; }
    void close(); ///< may be called twice

    /// From now on a call on it that would wait fails with EWOULDBLOCK. Throws SystemError.
    void set_nonblocking();

  private:
    int fd_ = -1;
};

} // namespace twist
