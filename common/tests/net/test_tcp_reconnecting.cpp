// R39, R40: a connector gives up, and connects again.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/connecting.hpp"
#include "common/tests/network.hpp"
#include "common/tests/resolving.hpp"
#include "twist/base/error.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;
using namespace std::chrono_literals;

// R39 ---------------------------------------------------------------------------------------------

TEST_CASE("R39: disconnect() while connecting fails with UserError, inside the call") {
    Net net;
    const FullServer full;
    const auto resolver = install_resolver(net.reactor);
    net.client->on.stop_factory = nullptr;
    Address address = by_name;
    SUBCASE("on the way to an address") {
        address = full.address();
    }
    SUBCASE("to an unreachable address") {
        address = unreachable;
    }
    SUBCASE("during the look-up") {}
    SUBCASE("with an unknown name") {
        resolver->always = Failure(DNSLookupError("poems.test"));
    }
    const auto connector = net.connect(address);
    net.client->on.client_connection_failed = [&](Connector& c, const Failure& reason) {
        CHECK(&c == connector.get());
        CHECK(reason.check<ConnectError>());
        CHECK(reason.message() == "User aborted connection.");
    };
    net.diary.take();
    connector->disconnect();
    CHECK(net.diary.text() == "client client_connection_failed UserError, client stop_factory");
    for (const auto& look_up : resolver->look_ups)
        CHECK(look_up.called()); // with a CancelledError
    CHECK(net.reactor.delayed_calls().empty());
    CHECK(net.reactor.descriptors().empty());
    connector->disconnect(); // does nothing now
    after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    run(net.reactor);
    CHECK(net.diary.text() == "client client_connection_failed UserError, client stop_factory");
}

TEST_CASE("R39: disconnect() while connected loses the connection, later") {
    Net net;
    const BareServer server;
    const auto connector = net.connect(server.address());
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        transport->write("last words");
        connector->disconnect();
        connector->disconnect();
        CHECK_FALSE(net.diary.has("lost"));
    };
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
    CHECK(read_to_end(server.accept()) == "last words");
}

TEST_CASE("R39: in build_protocol, too; connection_made still comes, and its data is sent") {
    Net net;
    const BareServer server;
    const auto connector = net.connect(server.address());
    net.client->on.build_protocol = [&](const Address&) { connector->disconnect(); };
    net.client->on.connection_made = [](const TransportPtr& t) { t->write("last words"); };
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
    CHECK(read_to_end(server.accept()) == "last words");
}

TEST_CASE("R39: disconnect() ends this connection, not the connector's next one") {
    Net net;
    const BareServer server;
    const auto connector = net.connect(server.address());
    bool again = false;
    net.client->on.build_protocol = [&](const Address&) {
        if (!std::exchange(again, true))
            connector->disconnect();
        net.client->on.builds = !net.client->on.builds; // none first, then one
    };
    net.client->on.client_connection_lost = [&](Connector& c, const Failure&) {
        net.client->on.client_connection_lost = nullptr;
        c.disconnect(); // does nothing: there is no connection
        c.connect();
    };
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        after_turns(net.reactor, 3, [transport] { transport->abort_connection(); });
    };
    run(net.reactor);
    CHECK(net.diary.has("build_protocol, client connection_made, "
                        "client connection_lost ConnectionAborted"));
}

TEST_CASE("R39: stop_connecting() when not connecting throws NotConnectingError") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    const auto connector = net.connect(port->get_host());
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK_THROWS_AS(connector->stop_connecting(), NotConnectingError);
        transport->lose_connection();
    };
    run(net.reactor);
    CHECK_THROWS_AS(connector->stop_connecting(), NotConnectingError);
    connector->disconnect();
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R39: started_connecting may give up at once") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    net.client->on.started_connecting = [](Connector& connector) { connector.stop_connecting(); };
    net.client->on.stop_factory = nullptr;
    net.connect(port->get_host());
    const std::string all = "client start_factory, client started_connecting, "
                            "client client_connection_failed UserError, client stop_factory";
    CHECK(net.diary.text() == all);
    after_turns(net.reactor, 3, [&] { net.reactor.stop(); });
    run(net.reactor);
    CHECK(net.diary.text() == all);
}

TEST_CASE("R39, R40: giving up may begin another attempt; there is one connection") {
    Net net;
    const auto server = std::make_shared<Server>();
    int accepted = 0, attempts = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        ++accepted;
        after_turns(net.reactor, 3, [transport] { transport->lose_connection(); });
    };
    const auto port = listen_anywhere(net.reactor, server);
    net.client->on.started_connecting = [&](Connector& connector) {
        if (++attempts == 1)
            connector.stop_connecting();
    };
    net.client->on.client_connection_failed = [](Connector& connector, const Failure&) {
        connector.connect();
    };
    net.connect(port->get_host());
    run(net.reactor);
    CHECK(accepted == 1);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed UserError, "
                              "client started_connecting, client build_protocol, "
                              "client connection_made, client connection_lost ConnectionDone, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
}

// R40 ---------------------------------------------------------------------------------------------

TEST_CASE("R40: client_connection_failed may connect again; the factory is not stopped") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    int attempts = 1;
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
        if (++attempts <= 3)
            connector.connect();
    };
    net.connect(refusing.address());
    run(net.reactor);
    const std::string attempt = "client started_connecting, client client_connection_failed "
                                "ConnectionRefusedError, ";
    CHECK(net.diary.text() ==
          "client start_factory, " + attempt + attempt + attempt + "client stop_factory");
}

TEST_CASE("R40: client_connection_lost may connect again, too") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    int attempts = 1;
    net.client->on.client_connection_lost = [&](Connector& connector, const Failure&) {
        if (++attempts <= 3)
            connector.connect();
    };
    net.connect(port->get_host());
    run(net.reactor);
    const std::string attempt = "client started_connecting, client build_protocol, "
                                "client connection_made, client connection_lost ConnectionDone, "
                                "client client_connection_lost ConnectionDone, ";
    CHECK(net.diary.text() ==
          "client start_factory, " + attempt + attempt + attempt + "client stop_factory");
}

TEST_CASE("R40: the second attempt has its own time limit and its own look-up") {
    Net net;
    const auto port = listen_and_close(net.reactor);
    const auto resolver = install_resolver(net.reactor);
    const auto connector = net.connect(by_name);
    net.client->on.client_connection_failed = [](Connector& c, const Failure&) { c.connect(); };
    connector->disconnect();
    CHECK(net.reactor.delayed_calls().size() == 1);
    net.reactor.call_later(0s, [&] {
        resolver->look_ups.at(0).errback(DNSLookupError("too late"));
        resolver->look_ups.at(1).callback(numeric(port->get_host()));
    });
    run(net.reactor);
    CHECK(net.diary.text() == "client start_factory, client started_connecting, "
                              "client client_connection_failed UserError, "
                              "client started_connecting, client build_protocol, "
                              "client connection_made, client connection_lost ConnectionDone, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
}

TEST_CASE("R40: a thousand attempts that fail at once take a thousand turns, not a deep stack") {
    Net net;
    const auto resolver = install_resolver(net.reactor);
    resolver->always = Failure(DNSLookupError("poems.test"));
    int attempts = 1, depth = 0, deepest = 0;
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
        deepest = std::max(++depth, deepest);
        if (++attempts <= 1000)
            connector.connect();
        --depth;
    };
    net.connect(by_name);
    run(net.reactor);
    CHECK(resolver->look_ups.size() == 1000);
    CHECK(deepest == 1);
}

TEST_CASE("R40: connect() in any other state than disconnected throws std::logic_error") {
    Net net;
    const auto port = listen_and_hold(net.reactor);
    net.client->on.started_connecting = [](Connector& connector) {
        CHECK_THROWS_AS(connector.connect(), std::logic_error);
    };
    const auto connector = net.connect(port->get_host());
    CHECK_THROWS_AS(connector->connect(), std::logic_error);
    net.client->on.connection_made = [&](const TransportPtr& transport) {
        CHECK_THROWS_AS(connector->connect(), std::logic_error);
        transport->lose_connection();
    };
    net.client->on.connection_lost = [&](const TransportPtr&, const Failure&) {
        CHECK_THROWS_AS(connector->connect(), std::logic_error);
    };
    run(net.reactor);
    CHECK(net.diary.text() == a_whole_connection);
}

TEST_CASE("R40: a connector that is kept can be used after its factory has stopped") {
    Net net;
    const BareServer refusing(BareServer::Does::refuse);
    std::shared_ptr<Connector> kept;
    net.client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
        kept = connector.shared_from_this();
    };
    int rounds = 0;
    net.client->on.stop_factory = [&] {
        if (++rounds == 2)
            net.reactor.stop();
        else
            net.reactor.call_later(0s, [&] { kept->connect(); });
    };
    net.connect(refusing.address());
    run(net.reactor);
    const std::string round = "client start_factory, client started_connecting, "
                              "client client_connection_failed ConnectionRefusedError, "
                              "client stop_factory";
    CHECK(net.diary.text() == round + ", " + round);
}

TEST_CASE("R40: a reactor can stop though a factory always reconnects") {
    Net net;
    const auto again = [](Connector& connector, const Failure&) { connector.connect(); };
    net.client->on.client_connection_lost = net.client->on.client_connection_failed = again;
    const auto port = listen_and_hold(net.reactor);
    const BareServer refusing(BareServer::Does::refuse);
    const FullServer full;
    net.client->on.connection_made = [&](const TransportPtr&) { net.reactor.stop(); };
    net.client->on.stop_factory = [] { FAIL_CHECK("stopped, though it always reconnects"); };
    net.connect(port->get_host());
    for (const Address& address : {refusing.address(), unreachable, full.address()})
        net.connect(address);
    run(net.reactor);
    CHECK(net.diary.has("client_connection_lost ConnectionLost, client started_connecting"));
}
