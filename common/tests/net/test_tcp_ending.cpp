// R25 to R29: a connection ends, because we close or abort it or because the peer does.
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <doctest/doctest.h>

#include "common/tests/bare_peer.hpp"
#include "common/tests/network.hpp"

using namespace twist;
using namespace std::chrono_literals;

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
