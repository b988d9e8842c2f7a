// R25, R30: closing a connection, and each half of it separately.
#include <algorithm>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/door.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

const std::string long_poem(8'000'000, 'p');

/// A server that talks to a bare socket. The reactor stops when the connection has ended.
struct Fixture {
    Fixture() {
        server->on.connection_lost = [this](auto&, const Failure& why) {
            reason = name_of(why);
            reactor.stop();
        };
    }
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

} // namespace

// R25 ---------------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Fixture,
                  "R25: a peer that talks during a long poem gets all of it, and a clean end") {
    server->on.connection_made = [](const TransportPtr& transport) {
        transport->write(long_poem);
        transport->lose_connection();
    };
    Talker talker(reactor, peer);
    run(reactor);
    CHECK(talker.received == long_poem.size());
    CHECK_FALSE(talker.was_reset);
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture,
                  "R25: a peer in the middle of a long message gets the answer, and the end") {
    server->on.data_received = [](const TransportPtr& transport, std::string_view) {
        transport->write("A");
        transport->lose_connection();
    };
    std::size_t left = 300'000;
    std::string answer;
    peer.set_nonblocking();
    TestDescriptor writer(peer.get());
    writer.on_write = [&]() -> std::optional<Failure> {
        const std::string words(left, 'w');
        const ssize_t size = ::send(peer.get(), words.data(), words.size(), MSG_NOSIGNAL);
        left -= static_cast<std::size_t>(std::max(size, ssize_t{0}));
        if (left > 0)
            return {};
        return connection_done(); // now it reads
    };
    writer.on_lost = [&](const Failure&) {
        when(
            reactor, [&] { return !(answer += read_now(peer)).empty(); }, [&] { peer.close(); });
    };
    reactor.add_writer(writer);
    run(reactor);
    CHECK(left == 0);
    CHECK(answer == "A");
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture,
                  "R25: a peer that sends everything before it reads still gets everything") {
    server->on.connection_made = [](const TransportPtr& transport) {
        transport->write(long_poem);
        transport->lose_connection();
    };
    std::size_t left = 30'000'000; // more than the kernel's buffers hold
    std::size_t received = 0;
    peer.set_nonblocking();
    TestDescriptor other(peer.get());
    other.on_write = [&]() -> std::optional<Failure> {
        const std::string words(std::min<std::size_t>(left, 100'000), 'w');
        const ssize_t size = ::send(peer.get(), words.data(), words.size(), MSG_NOSIGNAL);
        left -= static_cast<std::size_t>(std::max(size, ssize_t{0}));
        if (left == 0) {
            reactor.remove_writer(other);
            reactor.add_reader(other); // now it reads
        }
        return {};
    };
    other.on_read = [&]() -> std::optional<Failure> {
        const std::string some = read_now(peer);
        received += some.size();
        return some.empty() ? std::optional(connection_done()) : std::nullopt;
    };
    other.on_lost = [&](const Failure&) { peer.close(); };
    reactor.add_writer(other);
    run(reactor);
    CHECK(received == long_poem.size());
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R25: if data has arrived, connection_lost waits for the other side") {
    send_to(peer, "hello");
    server->on.data_received = [&](const TransportPtr& transport, std::string_view) {
        transport->write("bye");
        transport->lose_connection();
        send_to(peer, "one word more");
        after_turns(reactor, 10, [&, transport] {
            CHECK(read_to_end(peer) == "bye"); // our half has ended at once
            CHECK(reason.empty());
            CHECK_FALSE(transport->get_host() == Address{"0.0.0.0", 0});
            transport->write("nobody gets this");
            transport->lose_connection();
            transport->lose_write_connection();
            transport->resume_producing();
            send_to(peer, "and one more");
            after_turns(reactor, 10, [&] {
                CHECK(reason.empty());
                peer.close();
            });
        });
    };
    run(reactor);
    CHECK(reason == "ConnectionDone");
    CHECK(diary.text() == "server start_factory, server build_protocol, server connection_made, "
                          "server data_received hello, server connection_lost ConnectionDone, "
                          "server stop_factory");
}

TEST_CASE_FIXTURE(Fixture,
                  "R25: a peer that begins to talk when all is written gets all of it, too") {
    peer_has_little_room();
    const std::string poem(500'000, 'p');
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write(poem);
        transport->lose_connection();
        after_turns(reactor, 3, [&] {
            CHECK(reason.empty()); // some of it is still unsent
            send_to(peer, "hello");
            CHECK(read_to_end(peer) == poem);
            peer.close();
        });
    };
    run(reactor);
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R25: a paused connection is closed like any other") {
    send_to(peer, "hello");
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->pause_producing();
        transport->write("bye");
        after_turns(reactor, 3, [&, transport] {
            transport->lose_connection();
            after_turns(reactor, 3, [&] {
                CHECK(read_to_end(peer) == "bye");
                peer.close();
            });
        });
    };
    run(reactor);
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture,
                  "R25: a peer that talks once and never closes is abandoned after some silence") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        send_to(peer, "hello");
        transport->lose_connection();
    };
    run(reactor); // for at most half a minute
    CHECK(reason == "ConnectionDone");
    CHECK(read_to_end(peer).empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "R25: after a reset that cuts off sent data the reason is ConnectionLost") {
    peer_has_little_room();
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write(std::string(500'000, 'p'));
        transport->lose_connection();
        SUBCASE("by a peer that has sent data") {
            send_to(peer, "hello");
        }
        SUBCASE("by a silent peer") {}
        after_turns(reactor, 3, [&] {
            CHECK(reason.empty());
            reset(peer);
        });
    };
    run(reactor);
    CHECK(reason == "ConnectionLost");
}

TEST_CASE_FIXTURE(Fixture, "R25: after a reset when all has arrived the reason is ConnectionDone") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        send_to(peer, "hello");
        transport->write("bye");
        transport->lose_connection();
        after_turns(reactor, 3, [&] {
            CHECK(read_now(peer) == "bye");
            reset(peer);
        });
    };
    run(reactor);
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R25: a peer that closes only its half gets all of a long poem") {
    ::shutdown(peer.get(), SHUT_WR);
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write(long_poem);
        transport->lose_connection();
    };
    Talker reader(reactor, peer); // its own data is not sent
    server->on.connection_lost = [&](auto&, const Failure& why) { reason = name_of(why); };
    reader.on_end = [&] {
        when(
            reactor, [&] { return !reason.empty(); }, [&] { reactor.stop(); });
    };
    run(reactor);
    CHECK(reader.received == long_poem.size());
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R28: abort_connection works while we wait for the other side") {
    send_to(peer, "hello");
    server->on.data_received = [&](const TransportPtr& transport, std::string_view) {
        send_to(peer, "one word more");
        transport->lose_connection();
        after_turns(reactor, 3, [&, transport] {
            CHECK(reason.empty());
            transport->abort_connection();
        });
    };
    run(reactor);
    CHECK(reason == "ConnectionAborted");
    CHECK(::send(peer.get(), "x", 1, MSG_NOSIGNAL) == -1); // the reset has arrived
}

TEST_CASE_FIXTURE(Fixture, "R14: the loop may end while we wait for the other side") {
    server->on.connection_lost = [&](auto&, const Failure& why) { reason = name_of(why); };
    send_to(peer, "hello");
    server->on.data_received = [&](const TransportPtr& transport, std::string_view) {
        send_to(peer, "one word more");
        transport->lose_connection();
        after_turns(reactor, 3, [&] { reactor.stop(); });
    };
    run(reactor);
    CHECK(reason == "ConnectionLost");
}

// R30 ---------------------------------------------------------------------------------------------

namespace {

/// A server whose protocol is told the end of each half.
struct Halves {
    struct Half final : Protocol, HalfCloseable {
        explicit Half(Halves& fixture) : test(fixture) {}
        void connection_made() override { call_if_set(test.made, transport()); }
        void data_received(std::string_view data) override {
            test.diary.note("received " + std::string(data));
        }
        void read_connection_lost() override {
            test.diary.note("read_connection_lost");
            call_if_set(test.read_lost, transport());
        }
        void write_connection_lost() override {
            test.diary.note("write_connection_lost");
            call_if_set(test.write_lost, transport());
        }
        void connection_lost(const Failure& why) override {
            test.diary.note("connection_lost " + name_of(why));
            test.lost();
        }
        Halves& test;
    };
    struct Makes final : ServerFactory {
        explicit Makes(Halves& fixture) : test(fixture) {}
        std::unique_ptr<Protocol> build_protocol(const Address&) override {
            return std::make_unique<Half>(test);
        }
        Halves& test;
    };

    void peer_ends() const { ::shutdown(peer.get(), SHUT_WR); }

    std::function<void(const TransportPtr&)> made, read_lost, write_lost;
    std::function<void()> lost = [this] { reactor.stop(); };
    Reports reports;
    Diary diary;
    Reactor reactor;
    std::shared_ptr<Port> port = listen_anywhere(reactor, std::make_shared<Makes>(*this));
    FileDescriptor peer = connect_bare(port->get_host());
};

} // namespace

TEST_CASE_FIXTURE(Halves, "R30: a peer that has ended its half still gets its answer") {
    send_to(peer, "question");
    peer_ends();
    read_lost = [&](const TransportPtr& transport) {
        after_turns(reactor, 5, [&, transport] {
            CHECK(diary.take() == "received question, read_connection_lost");
            transport->write("answer");
            transport->lose_connection();
        });
    };
    run(reactor);
    CHECK(diary.text() == "connection_lost ConnectionDone");
    CHECK(read_to_end(peer) == "answer");
}

TEST_CASE_FIXTURE(Halves, "R30: a peer that ends its half at once gets all of a long poem") {
    peer_ends();
    made = [&](const TransportPtr& transport) { transport->write(long_poem); };
    read_lost = [](const TransportPtr& transport) { transport->lose_connection(); };
    lost = [] {};
    Talker reader(reactor, peer); // its own data is not sent
    reader.on_end = [&] { reactor.stop(); };
    run(reactor);
    CHECK(reader.received == long_poem.size());
    CHECK(diary.text() == "read_connection_lost, connection_lost ConnectionDone");
}

TEST_CASE_FIXTURE(Halves,
                  "R30: read_connection_lost comes once, even if reading is paused and resumed") {
    peer_ends();
    read_lost = [&](const TransportPtr& transport) {
        transport->pause_producing();
        transport->resume_producing();
        transport->write("answer");
        after_turns(reactor, 5, [&, transport] {
            transport->resume_producing();
            after_turns(reactor, 5, [&, transport] { transport->lose_connection(); });
        });
    };
    run(reactor);
    CHECK(diary.text() == "read_connection_lost, connection_lost ConnectionDone");
}

TEST_CASE_FIXTURE(Halves, "R30: our half ends when all is sent; the other side still talks") {
    made = [&](const TransportPtr& transport) {
        transport->write("all that there is");
        transport->lose_write_connection();
        CHECK(diary.text().empty());
    };
    write_lost = [&](const TransportPtr&) {
        CHECK(read_to_end(peer) == "all that there is");
        send_to(peer, "thanks");
        after_turns(reactor, 3, [&] { peer.close(); });
    };
    run(reactor);
    CHECK(diary.text() == "write_connection_lost, received thanks, read_connection_lost, "
                          "connection_lost ConnectionDone");
}

TEST_CASE_FIXTURE(Halves, "R30: the connection ends with its second half, ours or the other") {
    peer_ends();
    read_lost = [&](const TransportPtr& transport) {
        transport->write("the rest");
        transport->lose_write_connection();
    };
    run(reactor);
    CHECK(diary.text() ==
          "read_connection_lost, write_connection_lost, connection_lost ConnectionDone");
    CHECK(read_to_end(peer) == "the rest");
}

TEST_CASE_FIXTURE(Halves, "R30: an exception from either function is reported, and is the reason") {
    const auto boom = [](const TransportPtr&) { throw Exception("boom"); };
    SUBCASE("read_connection_lost") {
        peer_ends();
        read_lost = boom;
    }
    SUBCASE("write_connection_lost") {
        made = [](const TransportPtr& transport) { transport->lose_write_connection(); };
        write_lost = boom;
    }
    run(reactor);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(diary.text().ends_with("connection_lost Exception"));
}

TEST_CASE_FIXTURE(Fixture, "R30: for any other protocol the end of one half ends the connection") {
    ::shutdown(peer.get(), SHUT_WR);
    run(reactor);
    CHECK(reason == "ConnectionDone");
}
