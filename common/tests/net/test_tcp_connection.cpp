// R23 to R34: a connection, from connection_made to connection_lost.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// A server that talks to a bare socket; a script says what it does. The reactor stops when the
/// connection has ended.
struct Fixture {
    Fixture() {
        server->on.connection_lost = [this](auto&, const Failure& why) {
            reason = name_of(why);
            reactor.stop();
        };
    }
    void run_until_lost() { twist::run(reactor); }

    Reports reports;
    Reactor reactor;
    Diary diary;
    std::shared_ptr<Server> server = std::make_shared<Server>(diary, "server");
    std::shared_ptr<Port> port = listen_anywhere(reactor, server);
    FileDescriptor peer = connect_bare(port->get_host());
    std::string reason;
};

} // namespace

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

TEST_CASE_FIXTURE(Fixture,
                  "R25: lose_connection: connection_lost comes later, once; nothing is read") {
    send_to(peer, "not to be read");
    server->on.connection_made = [&](auto& transport) {
        transport->write("sent");
        transport->lose_connection();
        transport->lose_connection();
        CHECK(reason == "");
        diary.take();
    };
    run_until_lost();
    CHECK(diary.text() == "server connection_lost ConnectionDone, server stop_factory");
    CHECK(read_to_end(peer) == "sent"); // and no reset, though we have not read everything
}

TEST_CASE_FIXTURE(Fixture, "R25: data that arrives after lose_connection is not read") {
    server->on.connection_made = [&](auto&) { send_to(peer, "one"); };
    server->on.data_received = [&](auto& transport, std::string_view) {
        transport->write(std::string(10'000'000, 'x')); // closing takes some time
        transport->lose_connection();
        send_to(peer, "two");
        reactor.call_later(2ms, [&] { peer.close(); });
    };
    run_until_lost();
    CHECK_FALSE(diary.has("two"));
}

TEST_CASE_FIXTURE(Fixture, "R25: lose_write_connection ends one half; the other side still talks") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write("sent");
        transport->lose_write_connection();
        transport->lose_write_connection();
        transport->write(" and this, too");
        CHECK(read_now(peer) == "");
        reactor.call_later(1ms, [&] {
            CHECK(read_to_end(peer) == "sent and this, too");
            send_to(peer, "hello");
        });
    };
    server->on.data_received = [&](auto& transport, std::string_view) {
        transport->write("ignored");
        transport->write(std::make_shared<const std::string>("ignored"));
        peer.close();
    };
    run_until_lost();
    CHECK(diary.has("server data_received hello, server connection_lost ConnectionDone"));
}

TEST_CASE_FIXTURE(Fixture,
                  "R25: after lose_write_connection a connection can be closed or aborted") {
    std::string end;
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write("sent");
        transport->lose_write_connection();
        reactor.call_later(1ms, [&, transport] {
            CHECK(reason == "");
            end == "closed" ? transport->lose_connection() : transport->abort_connection();
        });
    };
    SUBCASE("closed") {
        end = "closed";
        run_until_lost();
        CHECK(reason == "ConnectionDone");
    }
    SUBCASE("aborted") {
        run_until_lost();
        CHECK(reason == "ConnectionAborted");
    }
    CHECK(read_to_end(peer) == "sent");
}

TEST_CASE_FIXTURE(Fixture, "R26: data written after lose_connection is sent, too") {
    server->on.connection_made = [](auto& transport) {
        transport->write("A");
        transport->lose_connection();
        transport->write("B");
    };
    run_until_lost();
    CHECK(read_to_end(peer) == "AB");
}

TEST_CASE_FIXTURE(Fixture, "R27: after connection_lost every call is ignored") {
    TransportPtr kept;
    server->on.connection_made = [&](const TransportPtr& transport) {
        kept = transport;
        peer.close();
    };
    run_until_lost();
    kept->write("x");
    kept->write(std::make_shared<const std::string>("y"));
    kept->lose_connection();
    kept->lose_write_connection();
    kept->abort_connection();
    kept->pause_producing();
    kept->resume_producing();
    kept->unregister_producer();
    CHECK(kept->get_peer().host == "127.0.0.1");
    CHECK(to_string(kept->get_host()) == "0.0.0.0:0");
}

TEST_CASE_FIXTURE(Fixture, "R28: abort_connection discards unsent data, and resets") {
    server->on.connection_made = [&](auto& transport) {
        transport->write("never sent");
        transport->lose_connection();
        transport->abort_connection();
        transport->abort_connection();
        transport->lose_connection();
        transport->write("nor this");
        CHECK(reason == "");
    };
    run_until_lost();
    CHECK(reason == "ConnectionAborted");
    CHECK(read_to_end(peer) == "(reset)");
}

TEST_CASE_FIXTURE(Fixture, "R28: the same in the middle of sending") {
    TransportPtr kept;
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write(std::string(10'000'000, 'x'));
        transport->lose_connection();
        reactor.call_later(2ms, [transport] { transport->abort_connection(); });
    };
    run_until_lost();
    CHECK(reason == "ConnectionAborted");
    const std::string got = read_to_end(peer);
    CHECK(got.ends_with("(reset)"));
    CHECK(got.size() < 10'000'000);
}

TEST_CASE_FIXTURE(Fixture, "R28: the same if the kernel has room again in that turn") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->write(std::string(10'000'000, 'x'));
        reactor.call_later(2ms, [&, transport] {
            while (read_now(peer) != "") {
            }
            transport->abort_connection();
        });
    };
    run_until_lost();
    CHECK(reason == "ConnectionAborted");
    CHECK(read_to_end(peer).size() < 100'000);
}

TEST_CASE_FIXTURE(Fixture, "R29: if the peer closes, the reason is ConnectionDone") {
    server->on.connection_made = [&](auto&) { peer.close(); };
    run_until_lost();
    CHECK(reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture,
                  "R29: after a reset the reason is ConnectionLost, with the error number") {
    server->on.connection_made = [&](auto&) { reset(peer); };
    std::error_code code;
    server->on.connection_lost = [&](auto&, const Failure& why) {
        reason = name_of(why);
        try {
            why.raise();
        } catch (const ConnectionLost& lost) {
            code = lost.code();
        }
        reactor.stop();
    };
    run_until_lost();
    CHECK(reason == "ConnectionLost");
    CHECK(code == std::errc::connection_reset);
}

TEST_CASE_FIXTURE(Fixture, "R29: the same for a reset while we send, or wait to close") {
    bool closing = false;
    SUBCASE("sending") {}
    SUBCASE("closing") {
        closing = true;
    }
    server->on.connection_made = [&](auto& transport) {
        transport->write(std::string(10'000'000, 'x'));
        if (closing)
            transport->lose_connection();
        reactor.call_later(2ms, [&] { reset(peer); });
    };
    run_until_lost();
    CHECK(reason == "ConnectionLost");
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
