// R38: the calls that a client's factory gets, and what its exceptions do.
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/connecting.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;

TEST_CASE("R38: the end reaches the protocol, then the factory, then stop_factory") {
    Net net;
    const auto server = std::make_shared<Server>();
    std::string reason = "ConnectionDone";
    SUBCASE("the server closes") {
        server->on.connection_made = [](const TransportPtr& t) { t->lose_connection(); };
    }
    SUBCASE("the server aborts") {
        server->on.connection_made = [](const TransportPtr& t) { t->abort_connection(); };
        reason = "ConnectionLost";
    }
    SUBCASE("the client closes") {
        net.client->on.connection_made = [](const TransportPtr& t) { t->lose_connection(); };
    }
    SUBCASE("the client aborts") {
        net.client->on.connection_made = [](const TransportPtr& t) { t->abort_connection(); };
        reason = "ConnectionAborted";
    }
    const auto port = listen_anywhere(net.reactor, server);
    const auto kept = net.connect(port->get_host());
    net.client->on.client_connection_lost = [&](Connector& connector, const Failure&) {
        CHECK(&connector == kept.get());
        CHECK_THROWS_AS(connector.stop_connecting(), NotConnectingError);
        connector.disconnect();
    };
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, client connection_made, "
                              "client connection_lost " +
                                  reason + ", client client_connection_lost " + reason +
                                  ", client stop_factory");
}

TEST_CASE("R38: if build_protocol returns none, the connection is lost at once") {
    Net net;
    const BareServer server;
    net.client->on.builds = false;
    net.connect(server.address());
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
    CHECK(read_to_end(server.accept()) == "");
}

TEST_CASE("R38: an exception from build_protocol is reported, and the attempt fails") {
    Net net;
    const BareServer server;
    net.client->on.build_protocol = [](const Address&) { throw Exception("no"); };
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure& reason) {
        CHECK(reason.message() == "An error occurred while connecting: [Failure: Exception: no].");
        CHECK_THROWS_AS(connector.stop_connecting(), NotConnectingError);
        CHECK(read_to_end(server.accept()) == ""); // it is already closed
    };
    net.connect(server.address());
    run(net.reactor);
    CHECK(net.reports.take() == "Unhandled Error: [Failure: Exception: no]");
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client build_protocol, "
                              "client client_connection_failed ConnectError, client stop_factory");
}

TEST_CASE("R38: connect() throws start_factory's exception; the factory is not stopped") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    std::shared_ptr<Connector> kept;
    int starts = 0;
    net.client->on.start_factory = [&] {
        if (++starts < 4 && starts != 2)
            throw Exception("oh");
    };
    const auto stop = std::exchange(net.client->on.stop_factory, nullptr);
    CHECK_THROWS_WITH_AS(net.connect(port->get_host()), "oh", Exception);
    CHECK(net.reactor.delayed_calls().empty());
    CHECK(net.client.use_count() == 1);
    CHECK(net.diary.take() == "client start_factory");

    const auto connector = net.connect(port->get_host());
    connector->stop_connecting();
    CHECK(net.diary.take() == "client start_factory, client started_connecting, "
                              "client client_connection_failed UserError, client stop_factory");
    CHECK_THROWS_WITH_AS(connector->connect(), "oh", Exception); // again
    CHECK_THROWS_AS(connector->stop_connecting(), NotConnectingError);
    CHECK(net.diary.take() == "client start_factory");

    net.client->on.stop_factory = stop;
    connector->connect();
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R38: start_factory may give up; then it is stopped, unless it throws") {
    Net net;
    const BareServer server;
    bool throws = false;
    SUBCASE("throws") {
        throws = true;
    }
    SUBCASE("does not") {}
    const auto connector = net.connect(server.address());
    net.client->on.stop_factory = nullptr;
    connector->stop_connecting();
    net.diary.take();
    net.client->on.start_factory = [&] {
        connector->stop_connecting();
        if (throws)
            throw Exception("oh");
    };
    const std::string given_up = "client start_factory, client client_connection_failed UserError";
    if (throws) {
        CHECK_THROWS_WITH_AS(connector->connect(), "oh", Exception);
        CHECK(net.diary.text() == given_up);
    } else {
        connector->connect();
        CHECK(net.diary.text() == given_up + ", client stop_factory");
    }
    CHECK(net.reactor.delayed_calls().empty());
}

TEST_CASE("R38: a factory that two connectors use starts once, and stops after the second") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    const BareServer refusing(BareServer::Does::refuse);
    int ended = 0;
    const auto end = [&](Connector&, const Failure&) { ++ended; };
    net.client->on.client_connection_lost = net.client->on.client_connection_failed = end;
    net.client->on.stop_factory = [&] {
        CHECK(ended == 2);
        net.reactor.stop();
    };
    net.connect(port->get_host());
    net.connect(refusing.address());
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client started_connecting");
    run(net.reactor);
}

TEST_CASE("R38: two hundred attempts at once, with every back end, end separately") {
    for (const std::string backend : {"epoll", "poll", "select"}) {
        CAPTURE(backend);
        Reports reports;
        Reactor reactor(backend);
        const auto port = listen_and_close(reactor);
        const BareServer refusing(BareServer::Does::refuse);
        const auto client = std::make_shared<Client>();
        int made = 0, lost = 0, failed = 0;
        client->on.connection_made = [&](const TransportPtr&) { ++made; };
        client->on.client_connection_lost = [&](Connector&, const Failure&) { ++lost; };
        client->on.client_connection_failed = [&](Connector&, const Failure&) { ++failed; };
        client->on.stop_factory = [&] { reactor.stop(); };
        for (int i = 0; i < 200; ++i)
            connect_tcp(reactor, i % 4 == 0 ? refusing.address() : port->get_host(), client);
        run(reactor);
        CHECK(made == 150);
        CHECK(lost == 150);
        CHECK(failed == 50);
    }
}

TEST_CASE("a connector without a handle is destroyed when its connection or attempt has ended") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    const auto port = listen_and_close(net.reactor);
    const std::weak_ptr<Connector> failing = net.connect(refusing.address());
    const std::weak_ptr<Connector> connecting = net.connect(port->get_host());
    CHECK_FALSE(failing.expired());
    CHECK_FALSE(connecting.expired());
    run(net.reactor);
    CHECK(failing.expired());
    CHECK(connecting.expired());
    CHECK(net.client.use_count() == 1);
    CHECK(net.reactor.delayed_calls().empty());
}

// Factories that throw ----------------------------------------------------------------------------

TEST_CASE("an exception from a factory is reported, and everything else happens as usual") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    const BareServer refusing(BareServer::Does::refuse);
    auto& on = net.client->on;
    Address address = port->get_host();
    std::string expected = a_whole_connection;
    SUBCASE("started_connecting") {
        on.started_connecting = [](Connector&) { throw Exception("oh"); };
    }
    SUBCASE("client_connection_failed") {
        on.client_connection_failed = [](Connector&, const Failure&) { throw Exception("oh"); };
        address = refusing.address();
        expected = "client start_factory, client started_connecting, "
                   "client client_connection_failed ConnectionRefusedError, client "
                   "stop_factory";
    }
    SUBCASE("client_connection_lost") {
        on.client_connection_lost = [](Connector&, const Failure&) { throw Exception("oh"); };
    }
    SUBCASE("stop_factory") {
        on.stop_factory = [&] {
            net.reactor.stop();
            throw Exception("oh");
        };
    }
    net.connect(address);
    run(net.reactor);
    CHECK(net.reports.take() == "Unhandled Error: [Failure: Exception: oh]");
    CHECK(net.diary.text() == expected);
}
