// R13, R14: the shutdown of a reactor, and its destruction.
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/shutdown.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;
using When = Reactor::Shutdown;

namespace {

/// Sets a flag when it is destroyed.
class Witness {
  public:
    explicit Witness(bool& gone) : gone_(&gone) {}
    Witness(Witness&& other) noexcept : gone_(std::exchange(other.gone_, nullptr)) {}
    Witness& operator=(Witness&&) = delete;
    ~Witness() {
        if (gone_ != nullptr)
            *gone_ = true;
    }

  private:
    bool* gone_;
};

Deferred<void> wait(Reactor& reactor, Seconds delay) {
    Deferred<void> done;
    reactor.call_later(delay, [done] { done.callback(); });
    return done;
}

Deferred<void> wait_with([[maybe_unused]] Witness witness, Reactor& reactor) {
    co_await wait(reactor, 20s);
    FAIL_CHECK("nothing waits this long");
}

} // namespace

TEST_CASE("R13: the triggers run before, during and after the connections are told") {
    Reactor reactor;
    Diary diary;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_lost = [&](const Failure&) { diary.note("lost"); };
    reactor.add_reader(reader);
    const auto note = [&](const char* phase) {
        return [&diary, &reactor, phase] {
            diary.note(phase + std::string(reactor.running() ? " (running)" : ""));
        };
    };
    reactor.add_system_event_trigger(When::after, note("after"));
    reactor.add_system_event_trigger(When::during, note("during"));
    reactor.add_system_event_trigger(When::before, note("before"));
    reactor.add_system_event_trigger(When::before, note("before, too"));
    reactor.call_later(0s, [&] {
        reactor.stop();
        diary.note("stop");
    });
    run(reactor);
    CHECK(diary.text() == "stop, before (running), before, too (running), during, lost, after");
}

TEST_CASE("R13: a trigger that another trigger of its moment adds is called, too") {
    Reactor reactor;
    Diary diary;
    for (const auto& [moment, word] :
         {std::pair(When::before, "before"), std::pair(When::during, "during"),
          std::pair(When::after, "after")})
        reactor.add_system_event_trigger(moment, [&reactor, &diary, when = moment, name = word] {
            diary.note(name);
            reactor.add_system_event_trigger(
                when, [&diary, name] { diary.note(name + std::string(" again")); });
        });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() == "before, before again, during, during again, after, after again");
}

TEST_CASE("R13: while a `before` trigger waits for its Deferred, timers and sockets still work") {
    Reactor reactor;
    Diary diary;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    Deferred<void> has_read;
    reader.on_read = [&]() -> std::optional<Failure> {
        diary.note(read_now(pair.here));
        has_read.callback();
        return {};
    };
    reactor.add_reader(reader);
    before_shutdown(reactor, [&] {
        reactor.call_later(1ms, [&] { send_to(pair.there, "read"); });
        return has_read;
    });
    before_shutdown(reactor, [&] { return wait(reactor, 3ms); });
    reactor.add_system_event_trigger(When::during, [&] { diary.note("during"); });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() == "read, during");
}

TEST_CASE("R13: a delay ends with the last copy of what delay_shutdown() returned") {
    Reactor reactor;
    Diary diary;
    reactor.add_system_event_trigger(When::before, [&] {
        const auto delay = reactor.delay_shutdown();
        reactor.call_later(1ms, [copy = delay] {});
        reactor.call_later(3ms, [&diary, copy = delay] { diary.note("last copy"); });
        reactor.call_later(20s, [] { FAIL_CHECK("nobody waits so long"); });
    });
    reactor.add_system_event_trigger(When::during, [&] { diary.note("during"); });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() == "last copy, during");
}

TEST_CASE("R13: a Deferred that is dropped without a result delays nothing any more") {
    Reactor reactor;
    auto never = std::make_shared<Deferred<void>>();
    before_shutdown(reactor, [&] {
        reactor.call_later(1ms, [&] { never.reset(); });
        return *never;
    });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(never == nullptr);
}

TEST_CASE("R13: the loop does not spin meanwhile") {
    Reactor reactor;
    before_shutdown(reactor, [&] { return wait(reactor, a_while); });
    reactor.call_when_running([&] { reactor.stop(); });
    const Seconds before = processor_time();
    reactor.run();
    CHECK(processor_time() - before < hardly_any_time);
}

TEST_CASE("R13: a trigger's exception or failed Deferred is reported; the shutdown continues") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    reactor.add_system_event_trigger(When::before, [] { throw Exception("one"); });
    before_shutdown(reactor, [] { return fail<void>(Exception("two")); });
    before_shutdown(
        reactor, [&] { return wait(reactor, 1ms).add_callback([] { throw Exception("five"); }); });
    reactor.add_system_event_trigger(When::during, [] { throw Exception("three"); });
    reactor.add_system_event_trigger(When::after, [] { throw Exception("four"); });
    reactor.add_system_event_trigger(When::after, [&] { diary.note("after"); });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(diary.text() == "after");
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: one]\n"
                            "Unhandled Error: [Failure: Exception: two]\n"
                            "Unhandled Error: [Failure: Exception: five]\n"
                            "Unhandled Error: [Failure: Exception: three]\n"
                            "Unhandled Error: [Failure: Exception: four]");
}

TEST_CASE("R14: connections get ConnectionLost; the reactor is then no longer running") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto port = listen_anywhere(reactor, server);
    const auto client = std::make_shared<Client>();
    server->on.connection_made = [&](auto&) {
        diary.take();
        reactor.stop();
    };
    server->on.connection_lost = [&](auto& transport, const Failure&) {
        CHECK_FALSE(reactor.running());
        transport->write("it is too late");
        transport->lose_connection();
    };
    int client_told = 0;
    client->on.connection_lost = [&](auto&, const Failure& reason) {
        ++client_told;
        CHECK(reason.check<ConnectionLost>());
        throw Exception("boom");
    };
    connect_tcp(reactor, port->get_host(), client);
    run(reactor);
    CHECK(diary.has("server connection_lost ConnectionLost"));
    CHECK(diary.has("server stop_factory"));
    CHECK(client_told == 1);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(reactor.descriptors().empty());
}

TEST_CASE("R14: timers that are not due yet are dropped silently") {
    bool gone = false;
    Reactor reactor;
    const auto witness = std::make_shared<Witness>(gone);
    reactor.call_later(20s, [witness] { FAIL_CHECK("it is not due"); });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(reactor.seconds() > 0s);
    CHECK_FALSE(gone);
}

TEST_CASE("a reactor that is destroyed tells every connection, then drops everything that waits") {
    Reports reports;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto client = std::make_shared<Client>(diary, "client");
    TransportPtr kept;
    bool timer_gone = false, coroutine_gone = false, protocol_gone = false;
    {
        Reactor reactor;
        const auto port = listen_anywhere(reactor, server);
        client->on.connection_made = [&](const TransportPtr& transport) {
            kept = transport;
            reactor.stop();
        };
        client->on.connection_lost = [&](auto&, const Failure&) {
            CHECK_FALSE(timer_gone);
            CHECK_FALSE(coroutine_gone);
        };
        client->on.protocol_destroyed = [&] { protocol_gone = true; };
        const auto timer = std::make_shared<Witness>(timer_gone);
        reactor.call_later(20s, [timer] {});
        wait_with(Witness(coroutine_gone), reactor);
        SUBCASE("after a run") {
            connect_tcp(reactor, port->get_host(), client);
            run(reactor);
        }
        SUBCASE("without a run") {}
        diary.take();
    }
    CHECK(coroutine_gone);
    if (kept) {
        CHECK(protocol_gone);
        kept->write("ignored");
        kept->lose_connection();
        kept->abort_connection();
        kept->pause_producing();
        kept->resume_producing();
    } else {
        CHECK(diary.text() == "server stop_factory");
    }
}

TEST_CASE("a reactor that never ran may be destroyed with an open port, connections and attempts") {
    Reports reports;
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto client = std::make_shared<Client>(diary, "client");
    const BareServer bare;
    {
        Reactor reactor;
        listen_anywhere(reactor, server);
        connect_tcp(reactor, bare.address(), client);
        connect_tcp(reactor, bare.address(), client);
        diary.take();
    }
    CHECK(diary.has("server stop_factory"));
    CHECK(diary.has("client client_connection_failed ConnectError, client client_connection_failed "
                    "ConnectError, client stop_factory"));
}

TEST_CASE("R40: factories that reconnect do not keep a reactor running or alive") {
    Reports reports;
    int attempts = 0, losses = 0;
    const auto again = [&](Connector& connector, const Failure&) {
        ++losses;
        connector.connect();
    };
    const auto server = std::make_shared<Server>();
    const auto client = std::make_shared<Client>();
    client->on.started_connecting = [&](Connector&) { ++attempts; };
    client->on.client_connection_lost = client->on.client_connection_failed = again;
    const BareServer refuses(BareServer::Does::refuse);
    {
        Reactor reactor;
        const auto port = listen_anywhere(reactor, server);
        SUBCASE("the connection was made") {
            client->on.connection_made = [&](auto&) { reactor.stop(); };
            connect_tcp(reactor, port->get_host(), client);
            run(reactor);
            CHECK(losses == 1);
        }
        SUBCASE("it was never made") {
            client->on.client_connection_failed = [&](Connector& connector, const Failure& reason) {
                again(connector, reason);
                if (losses == 5)
                    reactor.stop();
            };
            connect_tcp(reactor, refuses.address(), client);
            run(reactor);
            CHECK(losses == 6); // the last is from the end of the reactor
        }
        SUBCASE("the reactor never ran") {
            connect_tcp(reactor, port->get_host(), client);
            connect_tcp(reactor, refuses.address(), client);
        }
        CHECK(attempts > losses);
    }
    CHECK(attempts >= 2);
}

TEST_CASE("destructors may use the reactor while it is being destroyed") {
    Reports reports;
    /// Calls `f` when it is destroyed.
    struct LastWords {
        std::function<void()> f;
        ~LastWords() { f(); }
    };
    bool said = false;
    SocketPair pair;
    auto owner = std::make_unique<Reactor>();
    Reactor* const reactor = owner.get(); // still valid while it is being destroyed
    const auto words = std::make_shared<LastWords>([&] {
        said = true;
        reactor->call_later(0s, [] { FAIL_CHECK("the reactor is gone"); });
        reactor->call_at_end_of_turn([] {});
        reactor->call_when_running([] { FAIL_CHECK("the reactor is gone"); });
        const auto late = std::make_shared<TestDescriptor>(pair.here.get());
        reactor->keep_alive(late);
        reactor->add_reader(*late);
    });
    SUBCASE("of a timer's closure") {
        reactor->call_later(20s, [words] {});
    }
    SUBCASE("of an end-of-turn function") {
        reactor->call_at_end_of_turn([words, reactor] {
            reactor->call_at_end_of_turn([words] { FAIL_CHECK("the reactor is gone"); });
        });
    }
    SUBCASE("of a descriptor") {
        auto descriptor = std::make_shared<TestDescriptor>(pair.there.get());
        descriptor->on_lost = [words](const Failure&) {};
        reactor->keep_alive(std::move(descriptor));
    }
    const_cast<std::shared_ptr<LastWords>&>(words).reset();
    CHECK_FALSE(said);
    owner.reset();
    CHECK(said);
}

TEST_CASE("calls made while a reactor is being destroyed start nothing") {
    Reports reports;
    Diary diary;
    const BareServer bare;
    const auto client = std::make_shared<Client>(diary, "client");
    SocketPair pair;
    {
        Reactor reactor;
        auto descriptor = std::make_shared<TestDescriptor>(pair.here.get());
        descriptor->on_lost = [&](const Failure&) {
            connect_tcp(reactor, bare.address(), client);
            CHECK_THROWS_AS(reactor.stop(), ReactorNotRunning);
        };
        reactor.keep_alive(std::move(descriptor));
    }
    CHECK_FALSE(diary.has("connection_made"));
}

TEST_CASE("no descriptor stays open after all destructors have run") {
    Reports reports;
    const auto open_descriptors = [] {
        using Directory = std::filesystem::directory_iterator;
        return std::distance(Directory("/proc/self/fd"), Directory());
    };
    const auto before = open_descriptors();
    {
        const BareServer silent, refuses(BareServer::Does::refuse);
        const auto server = std::make_shared<Server>();
        const auto client = std::make_shared<Client>();
        Reactor reactor;
        const auto port = listen_anywhere(reactor, server);
        int connections = 0;
        server->on.builds = false;
        client->on.connection_made = [&](auto&) {
            if (++connections == 20)
                reactor.stop();
        };
        for (int i = 0; i < 20; ++i) {
            connect_tcp(reactor, port->get_host(), client); // is turned away
            connect_tcp(reactor, refuses.address(), client);
            connect_tcp(reactor, silent.address(), client)->disconnect();
            connect_tcp(reactor, port->get_host(), client)->disconnect();
        }
        run(reactor);
    }
    CHECK(open_descriptors() == before);
}
