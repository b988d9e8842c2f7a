// The destructor of an object may use the object's owner. It finds the owner empty, or with the
// replacement. If it found what the standard library leaves in the middle of a reset(), these tests
// would fail with one library or the other.
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/base/error.hpp"
#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/fake_clock.hpp"
#include "twist/net/resolver.hpp"
#include "twist/net/send_queue.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<LastWords> words(std::function<void()> f) {
    return std::make_shared<LastWords>(std::move(f));
}

/// Bytes for Transport::write that call `last_words` when they are destroyed.
std::shared_ptr<const std::string> piece(std::string bytes, std::function<void()> last_words) {
    struct Piece {
        std::string bytes;
        LastWords last;
    };
    const auto whole = std::make_shared<Piece>(Piece{std::move(bytes), LastWords(last_words)});
    return {whole, &whole->bytes};
}

} // namespace

TEST_CASE("an object that is being destroyed finds its container empty") {
    int said = 0;
    SUBCASE("an optional") {
        std::optional<std::shared_ptr<LastWords>> held = words([&] { said += held ? 0 : 1; });
        let_go(held);
    }
    SUBCASE("a function") {
        std::function<void()> held = [last = words([&] { said += held ? 0 : 1; })] {};
        let_go(held);
    }
    SUBCASE("a vector") {
        std::vector<std::shared_ptr<LastWords>> held{words([&] { said += held.empty() ? 1 : 0; })};
        let_go(held);
    }
    CHECK(said == 1);
}

// Clocks ------------------------------------------------------------------------------------------

TEST_CASE("a delayed call's closure may use its clock's calls in its destructor") {
    Reports reports;
    std::string seen;
    DelayedCall call, other;
    FakeClock clock;
    other = clock.call_later(2s, [&] { seen += "other "; });
    call = clock.call_later(1s, [&, last = words([&] {
                                        CHECK_FALSE(call.active());
                                        if (other.active())
                                            other.cancel();
                                        call = clock.call_later(0s, [&] { seen += "new "; });
                                        seen += "last words ";
                                    })] { seen += "call "; });
    SUBCASE("after its run") {
        clock.advance(1s);
        CHECK(seen == "call last words ");
    }
    SUBCASE("when it is cancelled") {
        call.cancel();
        CHECK(seen == "last words ");
    }
    seen = "";
    clock.advance(5s);
    CHECK(seen == "new ");
    CHECK(clock.delayed_calls().empty());
}

TEST_CASE("a closure destroyed with its clock finds the queue intact") {
    Reports reports;
    int said = 0;
    DelayedCall call;
    {
        FakeClock clock;
        call = clock.call_later(
            1s, never_called([&] {
                ++said;
                CHECK_FALSE(call.active());
                CHECK_THROWS_AS(call.cancel(), AlreadyCancelled);
                clock.call_later(0s, never_called([&] { said += clock.delayed_calls().empty(); }));
            }));
    }
    CHECK(said == 2);
}

// Deferreds ---------------------------------------------------------------------------------------

TEST_CASE("when a handle is destroyed, the destructors of its closures find it empty") {
    Reports reports;
    int said = 0;
    auto owner = std::make_unique<Deferred<int>>();
    const Deferred<int>* const handle = owner.get();
    const auto last_words = [&said, handle] {
        ++said;
        CHECK_THROWS_AS(handle->callback(1), std::logic_error);
    };
    SUBCASE("a callback") {
        owner->add_callback([last = words(last_words)](int) {});
    }
    SUBCASE("a canceller") {
        *owner = Deferred<int>([last = words(last_words)](auto&) {});
    }
    owner.reset();
    CHECK(said == 1);
}

TEST_CASE("a canceller that is destroyed when the Deferred fires finds it fired") {
    Reports reports;
    std::string seen;
    std::optional<Deferred<int>> d;
    d.emplace([last = words([&] {
                   CHECK(d->called());
                   d->cancel();
                   CHECK_THROWS_AS(d->callback(2), AlreadyCalledError);
                   d->add_callback([&](int value) { seen = std::to_string(value); });
               })](auto&) {});
    d->callback(1);
    CHECK(seen == "1");
}

TEST_CASE("a canceller's destructor may fire the Deferred after the call, as the call may") {
    Reports reports;
    std::string seen;
    std::optional<Deferred<int>> d;
    d.emplace([last = words([&] {
                   d->cancel();
                   d->callback(2);
               })](auto&) {});
    d->add_callback([&](int value) { seen = std::to_string(value); });
    d->cancel();
    CHECK(seen == "2");
}

TEST_CASE("a closure is destroyed after its run, and then its chain continues") {
    Reports reports;
    std::string seen;
    const Deferred<int> d, other;
    other.add_callback([&](int value) { seen += "other " + std::to_string(value) + " "; });
    const auto last_words = [&] {
        seen += "last words ";
        d.add_callback([&](int value) {
            seen += "added " + std::to_string(value) + " ";
            return value;
        });
        other.callback(7);
    };
    d.add_callback([&seen, last = words(last_words)](int value) {
        seen += "callback ";
        return value + 1;
    });
    d.add_callback([&seen](int value) {
        seen += "next ";
        return value + 1;
    });
    d.callback(1);
    CHECK(seen == "callback last words other 7 next added 3 ");
}

TEST_CASE("a consumed value is destroyed with the step that took it") {
    Reports reports;
    std::string seen;
    using Value = std::function<void()>; // from which some libraries copy instead of moving
    const Deferred<Value> d;
    d.add_callback([](const Value& value) { value(); }).add_callback([&] { seen += "next "; });
    const auto fire = [&] {
        d.callback([&seen, last = words([&] { seen += "gone "; })] { seen += "called "; });
    };
    SUBCASE("fired at once") {
        fire();
        CHECK(seen.starts_with("called "));
    }
    SUBCASE("fired while it was paused") {
        d.pause();
        fire();
        d.unpause();
        CHECK(seen == "called gone next ");
    }
    CHECK(seen.find("gone") != seen.npos);
}

TEST_CASE("a member's result may cancel the list in its destructor") {
    Reports reports;
    int said = 0;
    using Value = std::shared_ptr<LastWords>;
    const std::vector<Deferred<Value>> members(2);
    std::optional<Deferred<FirstSuccessOrAll<Value>>> list = first_success(members);
    list->add_callback([](const FirstSuccessOrAll<Value>&) {});
    for (const Deferred<Value>& member : members) {
        member.add_callback([](const Value&) {});
        member.callback(words([&] {
            ++said;
            list->cancel();
        }));
    }
    CHECK(said == 2);
}

// The log -----------------------------------------------------------------------------------------

TEST_CASE("an observer may report in its destructor: the previous observer gets the report") {
    Reports reports;
    {
        const log::Redirect redirect(
            [last = words([] { log::err(Failure(Exception("last"))); })](const log::Report&) {
                FAIL_CHECK("it is being destroyed");
            });
    }
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: last]");
}

// The reactor -------------------------------------------------------------------------------------

TEST_CASE("a signal's function that is replaced may, in its destructor, replace its successor") {
    Reports reports;
    std::string seen;
    Reactor reactor;
    reactor.on_signal(SIGUSR1, [last = words([&] {
                                    reactor.on_signal(SIGUSR1, [&] {
                                        seen += "third ";
                                        reactor.stop();
                                    });
                                })] {});
    reactor.on_signal(SIGUSR1, [&] {
        seen += "second ";
        reactor.stop();
    });
    reactor.call_when_running([] { std::raise(SIGUSR1); });
    run(reactor);
    CHECK(seen == "third ");
}

TEST_CASE("a reactor that is destroyed destroys signals' functions, and the calls that they add") {
    Reports reports;
    int said = 0;
    {
        Reactor reactor;
        reactor.on_signal(SIGUSR1, never_called([&] {
                              ++said;
                              reactor.call_from_thread(never_called([&] {
                                  ++said;
                                  reactor.call_later(1s, never_called([&] { ++said; }));
                              }));
                          }));
    }
    CHECK(said == 3);
}

// Connections -------------------------------------------------------------------------------------

TEST_CASE("written bytes may write in their destructor, whether they were sent or not") {
    Reports reports;
    Reactor reactor;
    SocketPair pair;
    const auto server = std::make_shared<Server>();
    const auto transport = connect_now(reactor, pair, server);
    const auto writes = [&](const char* more) {
        return [&transport, more] { transport->write(std::string_view(more)); };
    };
    transport->write(piece("one ", writes("three ")));
    transport->write(piece("two ", [&] { transport->write(piece("four ", writes("five "))); }));
    SUBCASE("sent") {
        after_turns(reactor, 5, [&] { transport->lose_connection(); });
        after_turns(reactor, 8, [&] { reactor.stop(); });
        run(reactor);
        CHECK(read_to_end(pair.there) == "one two three four five ");
    }
    SUBCASE("discarded") {
        transport->abort_connection();
        after_turns(reactor, 2, [&] { reactor.stop(); });
        run(reactor);
        CHECK(read_to_end(pair.there) == "");
    }
}

TEST_CASE("destructors may add to a queue that is being cleared") {
    const SocketPair pair;
    SendQueue queue;
    for (int i = 0; i < 2; ++i)
        queue.add(piece("old", [&] { queue.add("new"); }));
    queue.clear();
    CHECK(queue.size() == 6);
    CHECK_FALSE(queue.send(pair.here.get()));
    CHECK(read_now(pair.there) == "newnew");
}

TEST_CASE("a producer may register the next one in its destructor") {
    class WithLastWords final : public Producer {
      public:
        explicit WithLastWords(std::function<void()> last) : last_(std::move(last)) {}
        void pause_producing() override {}
        void resume_producing() override {}
        void stop_producing() override {}

      private:
        LastWords last_;
    };
    Reports reports;
    int said = 0;
    Reactor reactor;
    SocketPair pair;
    const auto transport = connect_now(reactor, pair, std::make_shared<Server>());
    transport->register_producer(std::make_shared<WithLastWords>([&] {
                                     transport->register_producer(
                                         std::make_shared<WithLastWords>([&] { ++said; }), true);
                                 }),
                                 true);
    transport->unregister_producer();
    CHECK(said == 0);
    transport->unregister_producer();
    CHECK(said == 1);
}

TEST_CASE("a look-up's canceller may reconnect in its destructor") {
    struct TestResolver final : DeferredResolver {
        Deferred<Addresses> answer(const Address&) override {
            const Deferred<std::vector<SocketAddress>> never([last = words(last_words)](auto&) {});
            last_words = nullptr;
            return never;
        }
        std::function<void()> last_words;
    };
    Reports reports;
    Diary diary;
    const auto client = std::make_shared<Client>(diary, "client");
    const auto resolver = std::make_shared<TestResolver>();
    Reactor reactor;
    install_resolver(reactor, resolver);
    std::shared_ptr<Connector> connector;
    resolver->last_words = [&] { connector->connect(); };
    connector = connect_tcp(reactor, {"poems.test", 80}, client);
    diary.take();
    connector->disconnect();
    CHECK(diary.text() == "client started_connecting, client client_connection_failed UserError");
    diary.take();
    connector->disconnect();
    CHECK(diary.text() == "client client_connection_failed UserError, client stop_factory");
    CHECK(reactor.delayed_calls().empty());
}

TEST_CASE("a port's factory that is destroyed finds the port closed") {
    class Ephemeral final : public ServerFactory {
      public:
        explicit Ephemeral(std::function<void()> last) : last_(std::move(last)) {}
        std::unique_ptr<Protocol> build_protocol(const Address&) override { return nullptr; }

      private:
        LastWords last_;
    };
    Reports reports;
    int said = 0;
    Reactor reactor;
    std::shared_ptr<Port> port;
    port = listen_anywhere(reactor, std::make_shared<Ephemeral>([&] {
                               CHECK(stop_listening(*port).called());
                               ++said;
                           }));
    stop_listening(*port).add_callback([&] { reactor.stop(); });
    run(reactor);
    CHECK(said == 1);
}
