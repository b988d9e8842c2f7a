// R14: a reactor that stops or is destroyed tells its connections, ports and attempts to connect.
#include <memory>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connection.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;

// R14: connections --------------------------------------------------------------------------------

TEST_CASE("R14: stop() tells every connection, and then its factory, before run() returns") {
    Reports reports;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto client = std::make_shared<Client>(diary, "client");
    std::vector<TransportPtr> kept;
    {
        Reactor reactor;
        const auto not_running = [&](const TransportPtr& transport, const Failure&) {
            CHECK_FALSE(reactor.running());
            use(*transport);
        };
        server->on.connection_lost = client->on.connection_lost = not_running;
        server->on.connection_made = [&](const TransportPtr& transport) {
            kept.push_back(transport);
            transport->write("hello");
        };
        client->on.data_received = [&](const TransportPtr& transport, std::string_view) {
            kept.push_back(transport);
            reactor.stop();
        };
        const auto port = listen_anywhere(reactor, server);
        connect_tcp(reactor, port->get_host(), client);
        run(reactor);
        CHECK(diary.has("server connection_lost ConnectionLost"));
        CHECK(diary.has("server stop_factory"));
        CHECK(diary.has("client connection_lost ConnectionLost, "
                        "client client_connection_lost ConnectionLost, client stop_factory"));
        CHECK(reactor.descriptors().empty());
        diary.take();
    }
    CHECK(diary.text() == "");
    CHECK(server.use_count() == 1);
    CHECK(client.use_count() == 1);
    REQUIRE(kept.size() == 2);
    for (const auto& transport : kept)
        use(*transport);
}

TEST_CASE("R14: a reactor's destructor tells its connections, too; their transports stay valid") {
    Reports reports;
    Diary diary;
    TransportPtr kept;
    SocketPair pair;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>(diary, "server");
        server->on.connection_lost = [](const TransportPtr& transport, const Failure&) {
            use(*transport);
        };
        kept = connect_now(reactor, pair, server);
        kept->write("never sent");
        SUBCASE("as it is") {}
        SUBCASE("paused, and so not a reader") {
            kept->pause_producing();
        }
        SUBCASE("about to close") {
            kept->lose_connection();
        }
        SUBCASE("about to be aborted") {
            kept->abort_connection();
        }
        CHECK(diary.take() == "server build_protocol, server connection_made");
    }
    CHECK(diary.text() == "server connection_lost ConnectionLost");
    CHECK(read_to_end(pair.there) == "");
    use(*kept);
}

TEST_CASE("R14: a paused connection gets connection_lost when the reactor stops") {
    Reports reports;
    Diary diary;
    SocketPair pair;
    Reactor reactor;
    const auto server = std::make_shared<Server>(diary, "server");
    server->on.connection_made = [](const TransportPtr& t) { t->pause_producing(); };
    connect_now(reactor, pair, server);
    send_to(pair.there, "unread");
    after_turns(reactor, 2, [&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() ==
          "server build_protocol, server connection_made, server connection_lost ConnectionLost");
}

TEST_CASE("R14: an exception from connection_lost is reported, and the others are still told") {
    Reports reports;
    int told = 0;
    SocketPair first, second;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>();
        server->on.connection_lost = [&](const TransportPtr&, const Failure&) {
            ++told;
            throw Exception("oh");
        };
        connect_now(reactor, first, server);
        connect_now(reactor, second, server);
    }
    CHECK(told == 2);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: oh]\n"
                            "Unhandled Error: [Failure: Exception: oh]");
}

TEST_CASE("R14: the end of one connection may end another") {
    Reports reports;
    Diary diary;
    SocketPair first, second;
    std::vector<TransportPtr> both;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>(diary, "server");
        server->on.connection_lost = [&](const TransportPtr&, const Failure&) {
            for (const auto& transport : both)
                std::static_pointer_cast<Connection>(transport)->close(
                    Failure(ConnectionAborted()));
        };
        both.push_back(connect_now(reactor, first, server));
        both.push_back(connect_now(reactor, second, server));
        diary.take();
    }
    CHECK(diary.text() ==
          "server connection_lost ConnectionLost, server connection_lost ConnectionAborted");
}

TEST_CASE("a protocol may write in its destructor") {
    Reports reports;
    SocketPair pair;
    TransportPtr kept;
    int died = 0;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>();
        server->on.protocol_destroyed = [&] {
            ++died;
            use(*kept);
        };
        kept = connect_now(reactor, pair, server);
    }
    CHECK(died == 1);
}

// Ports and attempts ------------------------------------------------------------------------------

TEST_CASE("a port that listens is closed, and its factory stops") {
    Reports reports;
    Diary diary;
    Address address;
    std::shared_ptr<Port> kept;
    {
        Reactor reactor;
        kept = listen_anywhere(reactor, std::make_shared<Server>(diary, "server"));
        address = kept->get_host();
        SUBCASE("as it is") {}
        SUBCASE("while it is stopping") {
            stop_listening(*kept).add_callback([&] { diary.note("stopped"); });
        }
    }
    CHECK(diary.has("server start_factory, server stop_factory"));
    CHECK_THROWS_AS(connect_bare(address), SystemError);
    CHECK(stop_listening(*kept).called());
    Reactor next;
    listen_tcp(next, address, std::make_shared<Server>());
}

TEST_CASE("attempts in progress fail") {
    Reports reports;
    Diary diary;
    const BareServer server;
    const auto client = std::make_shared<Client>(diary, "client");
    {
        Reactor reactor;
        connect_tcp(reactor, server.address(), client);
        diary.take();
    }
    CHECK(diary.text() == "client client_connection_failed ConnectError, client stop_factory");
    CHECK(client.use_count() == 1);
}

TEST_CASE("attempts in progress fail, and do not try the next address") {
    struct TwoAddresses final : DeferredResolver {
        explicit TwoAddresses(const Address& address) : one(numeric(address).at(0)) {}
        Deferred<Addresses> answer(const Address&) override {
            return succeed(std::vector{one, one});
        }
        SocketAddress one;
    };
    Reports reports;
    Diary diary;
    const BareServer server;
    const auto client = std::make_shared<Client>(diary, "client");
    {
        Reactor reactor;
        install_resolver(reactor, std::make_shared<TwoAddresses>(server.address()));
        connect_tcp(reactor, by_name, client);
        diary.take();
    }
    CHECK(diary.text() == "client client_connection_failed ConnectError, client stop_factory");
}

TEST_CASE("an endless look-up is dropped with its connector; a late answer has no effect") {
    struct Never final : DeferredResolver {
        Deferred<Addresses> answer(const Address&) override { return waiting; }
        Deferred<std::vector<SocketAddress>> waiting;
    };
    Reports reports;
    Diary diary;
    const auto never = std::make_shared<Never>();
    const auto client = std::make_shared<Client>(diary, "client");
    {
        Reactor reactor;
        install_resolver(reactor, never);
        connect_tcp(reactor, by_name, client);
        diary.take();
    }
    CHECK(client.use_count() == 1);
    never->waiting.callback(numeric({"127.0.0.1", 80}));
    CHECK(diary.text() == "");
}

TEST_CASE("a factory that always reconnects does not keep a reactor alive") {
    Reports reports;
    const BareServer server;
    const auto client = std::make_shared<Client>();
    int failed = 0, lost = 0;
    {
        Reactor reactor;
        client->on.client_connection_failed = [&](Connector& connector, const Failure&) {
            ++failed;
            connector.connect();
        };
        client->on.client_connection_lost = [&](Connector& connector, const Failure&) {
            ++lost;
            connector.connect();
        };
        connect_tcp(reactor, server.address(), client);
        connect_tcp(reactor, {"255.255.255.255", 9}, client); // fails at the end of each turn
        SUBCASE("destroyed without a run") {}
        SUBCASE("destroyed after a run") {
            client->on.connection_made = [&](const TransportPtr&) { reactor.stop(); };
            run(reactor);
            CHECK(lost == 1);
        }
    }
    CHECK(failed >= 2);
    CHECK(client.use_count() == 1);
}

TEST_CASE("a protocol whose connection_lost connects does not keep a reactor alive") {
    Reports reports;
    SocketPair pair;
    const BareServer server;
    const auto client = std::make_shared<Client>();
    const auto factory = std::make_shared<Server>();
    {
        Reactor reactor;
        factory->on.connection_lost = [&](const TransportPtr&, const Failure&) {
            connect_tcp(reactor, server.address(), client);
            listen_anywhere(reactor, std::make_shared<Server>());
        };
        connect_now(reactor, pair, factory);
    }
    CHECK(client.use_count() == 1);
    CHECK(factory.use_count() == 1);
}
