// For tests of a connection: a server whose peer is a bare socket, and a long conversation.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/port.hpp"

namespace twist {

inline const std::string long_poem(8'000'000, 'p');

/// A server that talks to a bare socket; a script says what it does. The reactor stops when the
/// connection has ended.
struct Fixture {
    Fixture() {
        server->on.connection_lost = [this](auto&, const Failure& why) {
            reason = name_of(why);
            reactor.stop();
        };
    }
    void run_until_lost() { run(reactor); }
    /// Nothing reads the socket by itself: sent data waits in the kernel's buffers.
    void peer_has_little_room() const {
        const int little = 4096;
        ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    }

    Reports reports;
    Reactor reactor;
    Diary diary;
    std::shared_ptr<Server> server = std::make_shared<Server>(diary, "server");
    std::shared_ptr<Port> port = listen_anywhere(reactor, server);
    FileDescriptor peer = connect_bare(port->get_host());
    std::string reason;
};

/// Reads all data from `socket`, and sends whenever it can.
class Talker {
  public:
    Talker(Reactor& reactor, FileDescriptor& socket) : descriptor_(socket.get()) {
        socket.set_nonblocking();
        descriptor_.on_write = [&socket]() -> std::optional<Failure> {
            const std::string words(1000, 'w');
            ::send(socket.get(), words.data(), words.size(), MSG_NOSIGNAL);
            return {};
        };
        descriptor_.on_read = [this, &socket]() -> std::optional<Failure> {
            const std::string some = read_now(socket);
            received += some.size();
            return some.empty() ? std::optional(connection_done()) : std::nullopt;
        };
        descriptor_.on_lost = [this, &socket](const Failure&) {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
            was_reset = error != 0;
            socket.close();
            call_if_set(on_end);
        };
        reactor.add_reader(descriptor_);
        reactor.add_writer(descriptor_);
    }

    std::size_t received = 0;
    bool was_reset = false;
    std::function<void()> on_end;

  private:
    TestDescriptor descriptor_;
};

} // namespace twist
