// R23, R24, R31, R33, R34: a connection from connection_made on, and what it receives and sends.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/bare_peer.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(Fixture, "R23: build_protocol, connection_made, data_received, connection_lost") {
    send_to(peer, "hello");
    server->on.data_received = [&](auto&, std::string_view) { peer.close(); };
    server->on.protocol_destroyed = [&] { diary.note("protocol destroyed"); };
    run_until_lost();
    CHECK(diary.take() ==
          "server start_factory, server build_protocol, server connection_made, "
          "server data_received hello, server connection_lost ConnectionDone, protocol destroyed, "
          "server stop_factory");
}

TEST_CASE_FIXTURE(Fixture, "R23: data comes in pieces of at most 65,536 bytes, one a turn") {
    std::string sent(300'000, '\0'), got;
    for (std::size_t i = 0; i < sent.size(); ++i)
        sent[i] = static_cast<char>(i * 7);
    std::size_t greatest = 0;
    int pieces_this_turn = 0;
    server->on.data_received = [&](auto&, std::string_view data) {
        if (++pieces_this_turn == 1)
            reactor.call_at_end_of_turn([&] { pieces_this_turn = 0; });
        CHECK(pieces_this_turn == 1);
        greatest = std::max(greatest, data.size());
        got += data;
    };
    // Sends like a server in the same loop, but on a bare socket.
    std::size_t written = 0;
    TestDescriptor writer(peer.get());
    peer.set_nonblocking();
    writer.on_write = [&]() -> std::optional<Failure> {
        const ssize_t size =
            ::send(peer.get(), sent.data() + written, sent.size() - written, MSG_NOSIGNAL);
        if (size > 0)
            written += static_cast<std::size_t>(size);
        return written == sent.size() ? std::optional(connection_done()) : std::nullopt;
    };
    writer.on_lost = [&](const Failure&) { peer.close(); };
    reactor.add_writer(writer);
    run_until_lost();
    CHECK(got == sent);
    CHECK(greatest <= 65536);
}

TEST_CASE_FIXTURE(Fixture, "R23: connection_lost comes once, whatever calls it makes") {
    int losses = 0;
    server->on.connection_made = [](auto& transport) {
        transport->write("x");
        transport->abort_connection();
    };
    server->on.connection_lost = [&](auto& transport, const Failure&) {
        ++losses;
        transport->lose_connection();
        transport->abort_connection();
        transport->resume_producing();
        reactor.call_later(2ms, [&] { reactor.stop(); });
    };
    run_until_lost();
    CHECK(losses == 1);
}

TEST_CASE_FIXTURE(Fixture, "R24: write sends nothing inside the call") {
    server->on.connection_made = [&](auto& transport) {
        transport->write("hello ");
        transport->write("");
        transport->write("world");
        CHECK(read_now(peer) == "");
        transport->lose_connection();
        CHECK(read_now(peer) == "");
    };
    run_until_lost();
    CHECK(read_to_end(peer) == "hello world");
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R24: written data is sent at the end of the turn") {
    server->on.connection_made = [&](auto& transport) {
        transport->write("hello");
        reactor.call_at_end_of_turn([&] {
            CHECK(read_now(peer) == "hello"); // added after the first write
            peer.close();
        });
    };
    run_until_lost();
}

TEST_CASE_FIXTURE(Fixture, "R31: an exception from a server's connection_made is only reported") {
    server->on.connection_made = [&](auto&) {
        send_to(peer, "hello");
        throw Exception("boom");
    };
    server->on.data_received = [&](auto& transport, std::string_view) {
        transport->write("still here");
        transport->lose_connection();
    };
    run_until_lost();
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(read_to_end(peer) == "still here");
    CHECK(reason == "ConnectionDone");
}

TEST_CASE("R31: an exception from a client's connection_made is reported, and is the reason") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const auto port = listen_anywhere(reactor, std::make_shared<Server>());
    const auto client = std::make_shared<Client>(diary, "client");
    client->on.connection_made = [](auto&) { throw Exception("boom"); };
    client->on.stop_factory = [&] { reactor.stop(); };
    connect_tcp(reactor, port->get_host(), client);
    run(reactor);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(diary.text() == "client start_factory, client started_connecting, client build_protocol, "
                          "client connection_made, client connection_lost Exception, "
                          "client client_connection_lost Exception, client stop_factory");
}

TEST_CASE_FIXTURE(Fixture, "R33: get_host and get_peer return our address and the peer's") {
    const Address there = SocketAddress::local(peer.get()).address();
    CHECK(port->get_host().port != 0);
    server->on.build_protocol = [&](const Address& address) { CHECK(address == there); };
    server->on.connection_made = [&](auto& transport) {
        CHECK(transport->get_host() == port->get_host());
        CHECK(transport->get_peer() == there);
        CHECK(to_string(transport->get_peer()) == "127.0.0.1:" + std::to_string(there.port));
        peer.close();
    };
    run_until_lost();
}

TEST_CASE_FIXTURE(Fixture,
                  "R34: between pause_producing and resume_producing nothing is received") {
    bool paused = false;
    server->on.connection_made = [&](auto&) { send_to(peer, "one"); };
    server->on.data_received = [&](const TransportPtr& transport, std::string_view data) {
        CHECK_FALSE(paused);
        if (data != "one")
            return peer.close();
        paused = true;
        transport->pause_producing();
        transport->pause_producing();
        send_to(peer, "two");
        reactor.call_later(3ms, [&, transport] {
            paused = false;
            transport->resume_producing();
            transport->resume_producing();
        });
    };
    run_until_lost();
    CHECK(diary.has("server data_received one, server data_received two"));
}

TEST_CASE_FIXTURE(Fixture, "R34: a connection paused in its first turn reads nothing") {
    bool paused = true;
    server->on.connection_made = [&](const TransportPtr& transport) {
        send_to(peer, "one");
        transport->pause_producing();
        transport->write("it can be written");
        reactor.call_later(3ms, [&, transport] {
            CHECK(read_now(peer) == "it can be written");
            paused = false;
            transport->resume_producing();
        });
    };
    server->on.data_received = [&](auto&, std::string_view) {
        CHECK_FALSE(paused);
        peer.close();
    };
    run_until_lost();
}

TEST_CASE_FIXTURE(Fixture, "R34: resume_producing after lose_connection reads nothing") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write(std::string(10'000'000, 'x'));
        transport->pause_producing();
        transport->lose_connection();
        transport->resume_producing();
        send_to(peer, "not to be read");
        reactor.call_later(3ms, [&] { peer.close(); });
    };
    run_until_lost();
    CHECK_FALSE(diary.has("data_received"));
}

TEST_CASE_FIXTURE(Fixture, "a connection may be answered and closed in its first turn") {
    std::vector<FileDescriptor> peers;
    for (int i = 0; i < 200; ++i)
        peers.push_back(connect_bare(port->get_host()));
    server->on.connection_made = [](auto& transport) {
        transport->write("poem");
        transport->lose_connection();
    };
    int losses = 0;
    server->on.connection_lost = [&](auto&, const Failure& why) {
        CHECK(why.check<ConnectionDone>());
        if (++losses == 201)
            reactor.stop();
    };
    run_until_lost();
    for (const FileDescriptor& one : peers)
        CHECK(read_to_end(one) == "poem");
}

TEST_CASE_FIXTURE(Fixture, "an idle connection, paused or not, costs no processor time") {
    bool pause = false;
    SUBCASE("reading") {}
    SUBCASE("paused, with something to read") {
        pause = true;
    }
    server->on.connection_made = [&](auto& transport) {
        if (pause) {
            transport->pause_producing();
            send_to(peer, "x");
        }
        reactor.call_later(a_while, [&] { reactor.stop(); });
    };
    server->on.connection_lost = nullptr;
    const Seconds before = processor_time();
    run_until_lost();
    CHECK(processor_time() - before < hardly_any_time);
}
