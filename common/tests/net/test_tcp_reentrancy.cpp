// Calls made inside a callback of TCP take effect, and exceptions stay inside: the cases that the
// table of test_reentrancy.cpp has found, one by one.
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/base/error.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;

namespace {

/// Answers when the test wants; each look-up calls `on_look_up` first.
struct TestResolver final : DeferredResolver {
    Deferred<Addresses> answer(const Address&) override {
        call_if_set(on_look_up);
        answers.emplace_back(canceller);
        return answers.back();
    }
    std::function<void()> on_look_up;
    Deferred<Addresses>::Canceller canceller;
    std::vector<Deferred<Addresses>> answers;
};

struct Fixture {
    Fixture() { install_resolver(reactor, resolver); }
    std::shared_ptr<Connector> connect(const Address& address) {
        return connect_tcp(reactor, address, client);
    }
    /// The look-up finds the server's address: a connection follows, and ends.
    void answer_and_run(const Deferred<Addresses>& look_up) {
        diary.take();
        client->on.connection_made = [](auto& transport) { transport->lose_connection(); };
        client->on.stop_factory = [this] { reactor.stop(); };
        look_up.callback(numeric(port->get_host()));
        twist::run(reactor);
        CHECK(diary.text() == "client build_protocol, client connection_made, "
                              "client connection_lost ConnectionDone, "
                              "client client_connection_lost ConnectionDone, client stop_factory");
    }

    Reports reports;
    Reactor reactor;
    Diary diary;
    std::shared_ptr<TestResolver> resolver = std::make_shared<TestResolver>();
    std::shared_ptr<Server> server = std::make_shared<Server>();
    std::shared_ptr<Client> client = std::make_shared<Client>(diary, "client");
    std::shared_ptr<Port> port = listen_anywhere(reactor, server);
    const Address name{"a.name", 1};
};

} // namespace

TEST_CASE_FIXTURE(Fixture,
                  "R39, R40: disconnect() in build_protocol, and another connection after it") {
    const auto connector = connect(port->get_host());
    client->on.build_protocol = [&](auto&) {
        connector->disconnect();
        CHECK_THROWS_AS(connector->connect(), std::logic_error);
        client->on.build_protocol = nullptr; // must come last: this destroys the captures
    };
    client->on.client_connection_lost = [&](auto&, auto&) {
        client->on.connection_made = [](auto& transport) { transport->lose_connection(); };
        connector->connect();
        client->on.client_connection_lost = [&](auto&, auto&) { reactor.stop(); };
    };
    const std::string one_connection = "client started_connecting, client build_protocol, "
                                       "client connection_made, "
                                       "client connection_lost ConnectionDone, "
                                       "client client_connection_lost ConnectionDone, ";
    twist::run(reactor);
    CHECK(diary.text() ==
          "client start_factory, " + one_connection + one_connection + "client stop_factory");
}

TEST_CASE_FIXTURE(Fixture, "R39: disconnect() in the resolver cancels the look-up") {
    client->on.started_connecting = [&](Connector& connector) {
        resolver->on_look_up = [&] { connector.disconnect(); };
    };
    connect(name);
    CHECK(diary.has("client client_connection_failed UserError, client stop_factory"));
    REQUIRE(resolver->answers.size() == 1);
    CHECK(resolver->answers.front().called());
    CHECK(reactor.delayed_calls().empty());
}

TEST_CASE_FIXTURE(Fixture, "R39, R40: a second attempt in its place has its own look-up") {
    client->on.started_connecting = [&](Connector& connector) {
        client->on.started_connecting = nullptr;
        resolver->on_look_up = [&] {
            resolver->on_look_up = nullptr;
            connector.disconnect();
            connector.connect();
        };
    };
    connect(name);
    REQUIRE(resolver->answers.size() == 2);
    CHECK_FALSE(resolver->answers.front().called()); // the second attempt's look-up began first
    CHECK(resolver->answers.back().called());
    answer_and_run(resolver->answers.front());
}

TEST_CASE_FIXTURE(Fixture, "R39, R40: an exception from a look-up's canceller is only reported") {
    resolver->canceller = [](auto&) { throw Exception("boom"); };
    const auto connector = connect(name);
    connector->disconnect();
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(diary.has("client client_connection_failed UserError, client stop_factory"));
    connector->connect();
    REQUIRE(resolver->answers.size() == 2);
    resolver->answers.front().callback(Addresses()); // too late: it belongs to the first attempt
    answer_and_run(resolver->answers.back());
}

TEST_CASE_FIXTURE(Fixture, "a connection that can't be watched is reported, and ends") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        for (const ReadDescriptor* descriptor : reactor.descriptors())
            if (descriptor->log_prefix() ==
                "the connection with " + to_string(transport->get_peer()))
                ::close(descriptor->fileno());
    };
    std::string reason;
    server->on.connection_lost = [&](auto&, const Failure& why) { reason = name_of(why); };
    client->on.stop_factory = [&] { reactor.stop(); };
    connect(port->get_host());
    twist::run(reactor);
    CHECK(reason == "SystemError");
    CHECK(reports.take().find("can't be watched") != std::string::npos);
}
