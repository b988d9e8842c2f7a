// The bytes that a connection still has to send.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace twist {

/// Queued bytes, in order: pieces of our own, and pieces that many connections share, which are
/// never copied.
class SendQueue {
  public:
    std::size_t size() const { return size_; } ///< in bytes
    void add(std::string_view data);
    void add(std::shared_ptr<const std::string> data);
    void clear();

    /// Sends what the kernel takes, in one system call. Returns the error, if there is one; that
    /// the kernel takes nothing for now is not an error.
    std::error_code send(int fd);

  private:
    struct Piece {
        std::string own;
        std::shared_ptr<const std::string> shared;
        const std::string& bytes() const { return shared ? *shared : own; }
    };
    void drop(std::size_t sent);

    std::list<Piece> pieces_; // costs nothing while it is empty, as it usually is
    std::size_t sent_of_first_ = 0;
    std::size_t size_ = 0;
};

} // namespace twist
