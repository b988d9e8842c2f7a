// The bytes that a connection has still to send.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace twist {

/// What waits to be sent, in order: pieces of our own, and pieces that many connections share and
/// that are never copied.
class SendQueue {
  public:
    std::size_t size() const { return size_; } ///< in bytes
    void add(std::string_view data);
    void add(std::shared_ptr<const std::string> data);
    void clear();

    /// Sends what the kernel takes, in one system call. Gives what was wrong, if anything was; a
    /// kernel that takes nothing for now is not wrong.
    std::error_code send(int fd);

  private:
    struct Piece {
        std::string own;
        std::shared_ptr<const std::string> shared;
        const std::string& bytes() const { return shared ? *shared : own; }
    };
    void drop(std::size_t sent);

    std::list<Piece> pieces_; // costs nothing while it is empty, as it mostly is
    std::size_t sent_of_first_ = 0;
    std::size_t size_ = 0;
};

} // namespace twist
