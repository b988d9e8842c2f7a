#include "twist/net/send_queue.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

#include "twist/base/error.hpp"
#include "twist/base/let_go.hpp"

namespace twist {

namespace {
constexpr std::size_t size_of_a_piece = 65536; // more or less: a piece is let go when it is sent
} // namespace

void SendQueue::add(std::string_view data) {
    if (pieces_.empty() || pieces_.back().shared || pieces_.back().own.size() >= size_of_a_piece)
        pieces_.emplace_back();
    pieces_.back().own.append(data);
    size_ += data.size();
}

void SendQueue::add(std::shared_ptr<const std::string> data) {
    size_ += data->size();
    pieces_.push_back({"", std::move(data)});
}

void SendQueue::clear() {
    size_ = sent_of_first_ = 0;
    let_go(pieces_);
}

std::error_code SendQueue::send(int fd) {
    std::array<iovec, 16> parts;
    std::size_t count = 0;
    std::size_t skip = sent_of_first_;
    for (auto piece = pieces_.begin(); piece != pieces_.end() && count < parts.size(); ++piece) {
        const std::string& bytes = piece->bytes();
        parts[count++] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
        skip = 0;
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent == -1)
        return would_block(errno) ? std::error_code() : last_error();
    drop(static_cast<std::size_t>(sent));
    return {};
}

void SendQueue::drop(std::size_t sent) {
    std::list<Piece> last_words; // destroyed at the end: a shared piece may call us
    size_ -= sent;
    sent += sent_of_first_;
    while (!pieces_.empty() && sent >= pieces_.front().bytes().size()) {
        sent -= pieces_.front().bytes().size();
        last_words.splice(last_words.end(), pieces_, pieces_.begin());
    }
    sent_of_first_ = sent;
}

} // namespace twist
