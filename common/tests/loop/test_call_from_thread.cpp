// R15: calls from other threads; and one reactor for each of two threads.
#include <array>
#include <csignal>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("R15: call_from_thread calls in the loop's thread, and wakes the loop") {
    Reactor reactor;
    std::thread::id called_in;
    std::thread other;
    reactor.call_when_running([&] {
        other = std::thread([&] {
            reactor.call_from_thread([&] {
                called_in = std::this_thread::get_id();
                reactor.stop();
            });
        });
    });
    run(reactor);
    other.join();
    CHECK(called_in == std::this_thread::get_id());
}

TEST_CASE("R15: the function, and everything it holds, is destroyed in the loop's thread") {
    Reactor reactor;
    const auto loop = std::this_thread::get_id();
    int went = 0; // used only in the loop's thread, so not atomic
    std::thread other([&] {
        for (int i = 0; i < 1000; ++i)
            reactor.call_from_thread([last = std::make_shared<LastWords>([&] {
                                          CHECK(std::this_thread::get_id() == loop);
                                          ++went;
                                      })] {});
        reactor.call_from_thread([&] { reactor.stop(); });
    });
    run(reactor);
    other.join();
    CHECK(went == 1000);
}

TEST_CASE("R15: every call arrives, those of one thread in their order") {
    Reactor reactor;
    constexpr int threads = 4, calls = 5000;
    std::vector<int> last(threads, -1);
    int left = threads * calls;
    std::vector<std::thread> others;
    for (std::size_t t = 0; t < threads; ++t)
        others.emplace_back([&, t] {
            for (int i = 0; i < calls; ++i)
                reactor.call_from_thread([&, t, i] {
                    if (last[t] != i - 1)
                        FAIL_CHECK("call " << i << " came after " << last[t]);
                    last[t] = i;
                    if (--left == 0)
                        reactor.stop();
                });
        });
    run(reactor);
    for (std::thread& other : others)
        other.join();
    CHECK(left == 0);
}

TEST_CASE("R15: a call may be made before run(), and from the loop's own thread") {
    Reactor reactor;
    std::string seen;
    reactor.call_from_thread([&] {
        seen += "first ";
        reactor.call_from_thread([&] {
            seen += "later";
            reactor.stop();
        });
        seen += "not inside ";
    });
    run(reactor);
    CHECK(seen == "first not inside later");
}

TEST_CASE("R15: an exception from such a call is reported; the other calls still run") {
    Reports reports;
    Reactor reactor;
    reactor.call_from_thread([] { throw Exception("boom"); });
    reactor.call_from_thread([&] { reactor.stop(); });
    run(reactor);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
}

TEST_CASE("R15: an endless series of calls starves nothing else") {
    Reactor reactor;
    std::function<void()> again = [&] { reactor.call_from_thread(again); };
    again();
    reactor.call_later(1ms, [&] { reactor.stop(); });
    run(reactor);
}

TEST_CASE("R15: calls that arrive too late are dropped with the reactor") {
    const auto witness = std::make_shared<int>(0);
    {
        Reactor reactor;
        reactor.call_when_running([&] { reactor.stop(); });
        run(reactor);
        reactor.call_from_thread([witness] { FAIL_CHECK("called after the end of the loop"); });
        CHECK(witness.use_count() == 2);
    }
    CHECK(witness.use_count() == 1);
}

TEST_CASE("R15: each call wakes a loop that has nothing else to do") {
    Reactor reactor;
    constexpr int calls = 1000;
    std::binary_semaphore called{0};
    std::thread other([&] {
        for (int i = 0; i < calls; ++i) {
            reactor.call_from_thread([&] { called.release(); });
            if (!called.try_acquire_for(30s)) // and so the loop begins to sleep
                return;
        }
        reactor.call_from_thread([&] { reactor.stop(); });
    });
    run(reactor);
    other.join();
}

TEST_CASE("R15: a Deferred is fired in the loop's thread with another thread's result") {
    Reactor reactor;
    Deferred<std::string> found; // stays here: a handle must not be copied in two threads
    std::string seen;
    std::thread::id went_on_in;
    found.add_callback([&](const std::string& text) {
        seen = text;
        went_on_in = std::this_thread::get_id();
        reactor.stop();
    });
    std::thread other([&] {
        const std::string text(1000, 'x');
        reactor.call_from_thread([&found, text] { found.callback(text); });
    });
    run(reactor);
    other.join();
    CHECK(seen.size() == 1000);
    CHECK(went_on_in == std::this_thread::get_id());
}

TEST_CASE("R15: while the reactor shuts down, a trigger may wait for another thread's call") {
    Reactor reactor;
    std::thread other;
    bool finished = false;
    reactor.add_system_event_trigger(Reactor::Shutdown::before, [&] {
        auto delay = reactor.delay_shutdown();
        other = std::thread([&, delay = std::move(delay)]() mutable {
            reactor.call_from_thread([&, delay = std::move(delay)] { finished = true; });
        });
    });
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    other.join();
    CHECK(finished);
}

TEST_CASE("R4, R15: if two threads both stop the reactor, the second stop() is reported") {
    Reports reports;
    Reactor reactor;
    const auto stop = [&] { reactor.stop(); };
    std::thread one([&] { reactor.call_from_thread(stop); });
    std::thread two([&] { reactor.call_from_thread(stop); });
    one.join();
    two.join();
    run(reactor);
    CHECK(reports.take() ==
          "Unhandled Error: [Failure: ReactorNotRunning: Can't stop reactor that isn't running.]");
}

TEST_CASE("two threads can each have a reactor, and talk over TCP") {
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    const auto port = listen_anywhere(reactor, server);
    const Address address = port->get_host();
    server->on.data_received = [](auto& transport, std::string_view data) {
        transport->write(data);
        transport->lose_connection();
    };
    std::string echo;
    std::thread other([&] {
        Reactor mine;
        const auto client = std::make_shared<Client>();
        client->on.connection_made = [](auto& transport) { transport->write("hello"); };
        client->on.data_received = [&](auto&, std::string_view data) { echo += data; };
        client->on.client_connection_lost = [&](Connector&, const Failure&) { mine.stop(); };
        connect_tcp(mine, address, client);
        run(mine);
        reactor.call_from_thread([&] { reactor.stop(); });
    });
    run(reactor);
    other.join();
    CHECK(echo == "hello");
}

TEST_CASE("reactors can be made and destroyed in many threads at once") {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([] {
            for (int i = 0; i < 50; ++i) {
                Reactor reactor;
                reactor.call_later(0s, [&] { reactor.stop(); });
                reactor.run();
            }
        });
    for (std::thread& thread : threads)
        thread.join();
}

TEST_CASE("each thread has its own Deferreds, coroutines and reports") {
    const auto turns = [](Reactor& reactor, int count) -> Deferred<int> {
        for (int i = 0; i < count; ++i) {
            Deferred<void> later;
            reactor.call_later(0s, [later] { later.callback(); });
            co_await later;
        }
        co_return count;
    };
    std::array<std::string, 4> seen;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < seen.size(); ++t)
        threads.emplace_back([&, t] {
            Reports reports;
            Reactor reactor;
            const int count = 100 + static_cast<int>(t);
            turns(reactor, count).add_callback([&](int value) {
                seen[t] = std::to_string(value);
                reactor.stop();
            });
            run(reactor);
            fail<int>(count);
            seen[t] += reports.take();
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(seen[0] == "100Unhandled error in Deferred: [Failure: int: 100]");
    CHECK(seen[3] == "103Unhandled error in Deferred: [Failure: int: 103]");
}

TEST_CASE("R3: of two reactors in two threads, one gets the signals, in whatever thread") {
    for (const int signal : {SIGINT, SIGTERM}) {
        CAPTURE(signal);
        Reactor first, second;
        std::thread other;
        bool runs_still = false;
        first.call_when_running([&] {
            other = std::thread([&] {
                second.call_when_running([signal] { std::raise(signal); });
                run(second);
            });
        });
        run(first); // this reactor gets the signal, though it sleeps in another thread
        second.call_from_thread([&] {
            runs_still = true;
            second.stop();
        });
        other.join();
        CHECK(runs_still);
    }
}

TEST_CASE("R3: when the reactor with the signals has ended, a new one can get them") {
    Reactor first, second, third;
    std::binary_semaphore second_runs{0};
    std::thread other;
    first.call_when_running([&] {
        other = std::thread([&] {
            second.call_when_running([&] { second_runs.release(); });
            run(second);
        });
        second_runs.acquire();
        first.stop();
    });
    run(first);
    third.call_when_running([] { std::raise(SIGINT); });
    run(third); // the second one still runs
    second.call_from_thread([&] { second.stop(); });
    other.join();
}

TEST_CASE("R4, R5: a reactor that a signal ended can neither be stopped nor run again") {
    Reactor reactor;
    reactor.call_when_running([] { std::raise(SIGTERM); });
    run(reactor);
    CHECK_THROWS_AS(reactor.stop(), ReactorNotRunning);
    CHECK_THROWS_AS(reactor.run(), ReactorNotRestartable);
}

TEST_CASE("R5: a run() that is refused changes nothing about the signals") {
    Reactor ended, reactor;
    ended.call_when_running([&] { ended.stop(); });
    run(ended);
    reactor.call_when_running([&] {
        CHECK_THROWS_AS(ended.run(), ReactorNotRestartable);
        CHECK_THROWS_AS(reactor.run(), ReactorAlreadyRunning);
        std::raise(SIGINT);
    });
    run(reactor);
}

TEST_CASE("R3: after run() a signal's action is restored, with its flags and mask") {
    struct sigaction own {};
    struct sigaction before {};
    struct sigaction after {};
    own.sa_handler = [](int) {};
    own.sa_flags = SA_RESTART;
    ::sigaddset(&own.sa_mask, SIGUSR1);
    ::sigaction(SIGINT, &own, &before);
    Reactor reactor;
    reactor.call_when_running([] { std::raise(SIGINT); });
    run(reactor);
    ::sigaction(SIGINT, &before, &after);
    CHECK((after.sa_handler == own.sa_handler));
    CHECK((after.sa_flags & SA_RESTART) != 0);
    CHECK(::sigismember(&after.sa_mask, SIGUSR1) == 1);
}
