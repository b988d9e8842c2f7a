// R25: a connection that we close waits for the other side, and gives it all that was written.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "common/tests/bare_peer.hpp"
#include "common/tests/door.hpp"
#include "common/tests/network.hpp"

using namespace twist;

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
