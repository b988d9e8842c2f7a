// R18 and similar rules: a callback's exception is reported, and ends at most its own connection.
#include <functional>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/base/error.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

[[noreturn]] void boom() {
    throw Exception("boom");
}
const std::string one_report = "Unhandled Error: [Failure: Exception: boom]";

/// A client and a server that say hello to each other, the client first; the server closes. When
/// they have finished, another pair on the same reactor does the same: it must not be harmed.
struct Fixture {
    Fixture() {
        client->on.connection_made = [](auto& transport) { transport->write("hello"); };
        client->on.stop_factory = [this] { others_talk(); };
        server->on.data_received = other_server->on.data_received = [](auto& transport, auto) {
            transport->write("hello, too");
            transport->lose_connection();
        };
        other_client->on.connection_made = [](auto& transport) { transport->write("hello"); };
        other_client->on.data_received = [this](auto&, std::string_view data) { heard += data; };
        other_client->on.client_connection_lost = [this](auto&, auto&) { reactor.stop(); };
    }
    void others_talk() { connect_tcp(reactor, other_port->get_host(), other_client); }
    /// Runs both conversations; the diary is that of the first pair.
    void run() {
        connect_tcp(reactor, port->get_host(), client);
        twist::run(reactor);
        CHECK(heard == "hello, too");
    }

    Reports reports;
    Reactor reactor;
    Diary diary;
    std::shared_ptr<Server> server = std::make_shared<Server>(diary, "server");
    std::shared_ptr<Client> client = std::make_shared<Client>(diary, "client");
    std::shared_ptr<Port> port = listen_anywhere(reactor, server);
    std::shared_ptr<Server> other_server = std::make_shared<Server>();
    std::shared_ptr<Client> other_client = std::make_shared<Client>();
    std::shared_ptr<Port> other_port = listen_anywhere(reactor, other_server);
    std::string heard;
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "without an error the conversation is as expected") {
    run();
    CHECK(diary.has("server data_received hello"));
    CHECK(diary.has("client data_received hello, too"));
}

TEST_CASE_FIXTURE(Fixture,
                  "R18: an exception from data_received is the reason of the connection's end") {
    SUBCASE("the server's") {
        server->on.data_received = [](auto&, auto) { boom(); };
        run();
        CHECK(diary.has("server connection_lost Exception"));
        CHECK(diary.has("client connection_lost ConnectionDone"));
    }
    SUBCASE("the client's") {
        client->on.data_received = [](auto&, auto) { boom(); };
        run();
        CHECK(diary.has("client connection_lost Exception, "
                        "client client_connection_lost Exception, client stop_factory"));
    }
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "R18: the same after pause_producing or lose_connection") {
    SUBCASE("paused") {
        server->on.data_received = [](auto& transport, auto) {
            transport->pause_producing();
            boom();
        };
    }
    SUBCASE("closing") {
        server->on.data_received = [](auto& transport, auto) {
            transport->lose_connection();
            boom();
        };
    }
    run();
    CHECK(diary.has("server connection_lost Exception"));
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "if connection_lost throws, everything that follows still happens") {
    SUBCASE("the server's") {
        server->on.connection_lost = [](auto&, auto&) { boom(); };
        run();
    }
    SUBCASE("the client's") {
        client->on.connection_lost = [](auto&, auto&) { boom(); };
        run();
        CHECK(diary.has("client connection_lost ConnectionDone, "
                        "client client_connection_lost ConnectionDone, client stop_factory"));
    }
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture,
                  "if build_protocol throws, the client is turned away, or the attempt fails") {
    SUBCASE("the server's") {
        server->on.build_protocol = [](auto&) { boom(); };
        run();
        CHECK(diary.has("client client_connection_lost"));
        CHECK_FALSE(diary.has("server connection_made"));
    }
    SUBCASE("the client's") {
        client->on.build_protocol = [](auto&) { boom(); };
        run();
        CHECK(diary.has("client build_protocol, client client_connection_failed ConnectError, "
                        "client stop_factory"));
    }
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "a server's exception from connection_made is only reported") {
    server->on.connection_made = [](auto&) { boom(); };
    run();
    CHECK(diary.has("client data_received hello, too"));
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "a client's exception from connection_made ends the connection") {
    client->on.connection_made = [](auto&) { boom(); };
    run();
    CHECK(diary.has("client connection_lost Exception, client client_connection_lost Exception, "
                    "client stop_factory"));
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture,
                  "an exception from a client's factory is reported; the attempt continues") {
    SUBCASE("started_connecting") {
        client->on.started_connecting = [](auto&) { boom(); };
    }
    SUBCASE("client_connection_lost") {
        client->on.client_connection_lost = [](auto&, auto&) { boom(); };
    }
    run();
    CHECK(diary.has("client data_received hello, too"));
    CHECK(diary.has("client client_connection_lost ConnectionDone, client stop_factory"));
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "if client_connection_failed throws, the factory is still stopped") {
    const BareServer refuses(BareServer::Does::refuse);
    client->on.client_connection_failed = [](auto&, auto&) { boom(); };
    connect_tcp(reactor, refuses.address(), client);
    twist::run(reactor);
    CHECK(heard == "hello, too");
    CHECK(diary.has("client client_connection_failed ConnectionRefusedError, client stop_factory"));
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "an exception from stop_factory is reported") {
    SUBCASE("a client's") {
        client->on.stop_factory = [this] {
            others_talk();
            boom();
        };
        run();
    }
    SUBCASE("a server's") {
        bool stopped = false;
        server->on.stop_factory = [] { boom(); };
        server->on.build_protocol = [&](auto&) {
            stop_listening(*port).add_callback([&] { stopped = true; });
        };
        run();
        CHECK(stopped);
    }
    CHECK(reports.take() == one_report);
}

TEST_CASE_FIXTURE(Fixture, "if start_factory throws, so does listen_tcp, and there is no port") {
    const auto bad = std::make_shared<Server>(diary, "bad");
    bad->on.start_factory = boom;
    diary.take();
    const std::size_t before = reactor.descriptors().size();
    CHECK_THROWS_WITH_AS(listen_anywhere(reactor, bad), "boom", Exception);
    CHECK_THROWS_WITH_AS(listen_anywhere(reactor, bad), "boom", Exception);
    CHECK(reactor.descriptors().size() == before);
    CHECK(diary.take() == "bad start_factory, bad start_factory");
    CHECK(bad.use_count() == 1);
    bad->on.start_factory = nullptr;
    const auto good_now = listen_anywhere(reactor, bad);
    CHECK(diary.take() == "bad start_factory");
    run();
}

TEST_CASE_FIXTURE(Fixture,
                  "an exception from the callback of stop_listening is an unhandled error") {
    server->on.build_protocol = [&](auto&) { stop_listening(*port).add_callback(boom); };
    run();
    CHECK(diary.has("client data_received hello, too"));
    port.reset();
    CHECK(reports.take() == "Unhandled error in Deferred: [Failure: Exception: boom]");
}

TEST_CASE_FIXTURE(Fixture, "a protocol may throw in every call: each is reported, all end") {
    server->on.connection_made = [](auto&) { throw 1; };
    server->on.data_received = [](auto&, auto) { throw std::string("two"); };
    server->on.connection_lost = [](auto&, auto&) { throw 3; };
    run();
    CHECK(reports.take() == "Unhandled Error: [Failure: int: 1]\n"
                            "Unhandled Error: [Failure: std::string: two]\n"
                            "Unhandled Error: [Failure: int: 3]");
}
