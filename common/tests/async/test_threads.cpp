// R49 to R52: functions that block, in threads of their own: defer_to_thread.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/child.hpp"
#include "common/tests/door.hpp"
#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/threads.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;

// R49 -----------------------------------------------------------------------------------------

TEST_CASE("R49: the function runs in another thread; its result arrives in the loop's thread") {
    Reports reports;
    Reactor reactor;
    const auto loop = std::this_thread::get_id();
    reactor.call_when_running([&] {
        const auto deferred = defer_to_thread(reactor, [] { return std::this_thread::get_id(); });
        CHECK_FALSE(deferred.called());
        deferred.add_callback([&](std::thread::id other) {
            CHECK(other != loop);
            CHECK(std::this_thread::get_id() == loop);
            reactor.stop();
        });
    });
    run(reactor);
}

TEST_CASE("R49: a value, nothing, a Result, a move-only value, an exception, a bare value") {
    Reports reports;
    Reactor reactor;
    std::string seen;
    const auto all = [&]() -> Deferred<void> {
        co_await defer_to_thread(reactor, [] {});
        auto number = defer_to_thread(reactor, [] { return 7; });
        auto result = defer_to_thread(
            reactor, []() -> Result<std::string> { return std::string(" result"); });
        auto moved =
            defer_to_thread(reactor, [poem = std::make_unique<std::string>(" moved ")]() mutable {
                return std::move(poem);
            });
        seen += std::to_string(co_await number);
        seen += co_await result;
        seen += *co_await moved;
        try {
            co_await defer_to_thread(reactor, [] { throw Exception("boom"); });
        } catch (const Exception& error) {
            seen += error.what();
        }
        try {
            co_await defer_to_thread(reactor, []() -> int { throw 5; });
        } catch (int five) {
            seen += " " + std::to_string(five);
        }
        try {
            co_await defer_to_thread(reactor, []() -> Result<int> { return Failure(6); });
        } catch (int six) {
            seen += " " + std::to_string(six);
        }
        reactor.stop();
    };
    reactor.call_when_running([&] { all(); });
    run(reactor);
    CHECK(seen == "7 result moved boom 5 6");
}

TEST_CASE("R49: the function waits for the reactor to run") {
    Reports reports;
    Reactor reactor;
    bool runs = false;
    defer_to_thread(reactor, [&] { return runs; }).add_callback([&](bool ran) {
        CHECK(ran);
        reactor.stop();
    });
    CHECK(thread_pool(reactor).running() == 0);
    CHECK(thread_pool(reactor).waiting() == 1);
    runs = true;
    run(reactor);
}

TEST_CASE("R49: an unhandled failure is reported, like any other") {
    Reports reports;
    Reactor reactor;
    reactor.call_when_running([&] {
        defer_to_thread(reactor, [] { throw Exception("boom"); });
        when(
            reactor, [&] { return thread_pool(reactor).running() == 0; }, [&] { reactor.stop(); });
    });
    run(reactor);
    CHECK(reports.take() == "Unhandled error in Deferred: [Failure: Exception: boom]");
}

TEST_CASE("R49: the loop turns while the functions block") {
    Reports reports;
    Reactor reactor;
    Door door;
    int ended = 0;
    reactor.call_when_running([&] {
        for (int i = 0; i < 3; ++i)
            defer_to_thread(reactor, [&] { door.wait(); }).add_callback([&] {
                if (++ended == 3)
                    reactor.stop();
            });
        when(
            reactor, [&] { return door.came() == 3; },
            [&] {
                CHECK(ended == 0);
                door.open();
            });
    });
    run(reactor);
    CHECK(ended == 3);
}

TEST_CASE("R49: the function, and everything it holds, is destroyed in the loop's thread") {
    Reports reports;
    Reactor reactor;
    const auto loop = std::this_thread::get_id();
    int went = 0; // used only in the loop's thread, so not atomic
    int ended = 0;
    constexpr int all = 200;
    reactor.call_when_running([&] {
        for (int i = 0; i < all; ++i)
            defer_to_thread(reactor, [last = std::make_shared<LastWords>([&] {
                                          CHECK(std::this_thread::get_id() == loop);
                                          ++went;
                                      })] {
            }).add_callback([&] {
                if (++ended == all)
                    reactor.stop();
            });
    });
    run(reactor);
    CHECK(went == all);
}

TEST_CASE("R49: a pool thread gets no signals: they go to the loop") {
    Reports reports;
    Reactor reactor;
    reactor.call_when_running([&] {
        defer_to_thread(reactor, [] {
            sigset_t blocked;
            ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
            return ::sigismember(&blocked, SIGTERM) == 1 && ::sigismember(&blocked, SIGUSR1) == 1;
        }).add_callback([&](bool all) {
            CHECK(all);
            sigset_t blocked;
            ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
            CHECK(::sigismember(&blocked, SIGTERM) == 0);
            reactor.stop();
        });
    });
    run(reactor);
}

// R50 -----------------------------------------------------------------------------------------

TEST_CASE("R50: ten run at once, the others wait; each gets its turn") {
    Reports reports;
    Reactor reactor;
    Door door;
    std::vector<int> ended;
    constexpr int all = 25;
    reactor.call_when_running([&] {
        for (int i = 0; i < all; ++i)
            defer_to_thread(reactor, [&, i] {
                door.wait();
                return i;
            }).add_callback([&](int number) {
                ended.push_back(number);
                if (ended.size() == all)
                    reactor.stop();
            });
        CHECK(thread_pool(reactor).running() == 10);
        CHECK(thread_pool(reactor).waiting() == all - 10);
        when(
            reactor, [&] { return door.came() == 10; },
            [&] {
                after_turns(reactor, 3, [&] {
                    CHECK(door.came() == 10);
                    door.open();
                });
            });
    });
    run(reactor);
    CHECK(thread_pool(reactor).running() == 0);
    std::ranges::sort(ended);
    for (std::size_t i = 0; i < ended.size(); ++i)
        CHECK(ended[i] == static_cast<int>(i));
}

TEST_CASE("R50: cancel() fires the Deferred at once; the function continues or gets its turn") {
    Reports reports;
    Reactor reactor;
    Door door;
    std::atomic<int> called = 0;
    std::string seen;
    reactor.call_when_running([&] {
        std::vector<Deferred<int>> results;
        for (int i = 0; i < 11; ++i)
            results.push_back(defer_to_thread(reactor, [&] {
                                  door.wait();
                                  return ++called;
                              }).add_both([&](const Result<int>& result) {
                seen += result.is_failure() ? name_of(result.failure()) + " " : "";
                return 0;
            }));
        when(
            reactor, [&] { return door.came() == 10; },
            [&, results] {
                results.front().cancel(); // it is running
                results.back().cancel();  // it is waiting
                CHECK(seen == "CancelledError CancelledError ");
                door.open();
                when(
                    reactor, [&] { return called == 11; }, [&] { reactor.stop(); });
            });
    });
    run(reactor);
    CHECK(seen == "CancelledError CancelledError ");
}

// R51 -----------------------------------------------------------------------------------------

TEST_CASE("R51: at its end the reactor waits for all functions, and fires no Deferred") {
    Reports reports;
    Reactor reactor;
    Door door;
    std::atomic<int> called = 0;
    std::string order;
    reactor.call_when_running([&] {
        for (int i = 0; i < 25; ++i)
            defer_to_thread(reactor, [&] {
                door.wait();
                ++called;
            }).add_both([&](const Result<void>&) { FAIL_CHECK("it was called"); });
        when(
            reactor, [&] { return door.came() == 10; }, [&] { reactor.stop(); });
    });
    reactor.add_system_event_trigger(Reactor::Shutdown::before, [&] {
        order += "before " + std::to_string(called) + " ";
        door.open();
        // From now on some may end in this very turn.
    });
    reactor.add_system_event_trigger(Reactor::Shutdown::after,
                                     [&] { order += "after " + std::to_string(called); });
    run(reactor);
    CHECK(order == "before 0 after 25");
    CHECK(thread_pool(reactor).waiting() == 0);
}

TEST_CASE("R51: a function whose reactor never runs is never called, and is destroyed with it") {
    Reports reports;
    const auto held = std::make_shared<int>();
    {
        Reactor reactor;
        defer_to_thread(reactor, [held] { FAIL_CHECK("it was called"); }).add_both([held](auto) {
            FAIL_CHECK("it was called");
        });
        CHECK(held.use_count() == 3);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("R51: a destructor may ask for a thread while the reactor is destroyed") {
    Reports reports;
    int gone = 0;
    {
        Reactor reactor;
        defer_to_thread(reactor, [last = std::make_shared<LastWords>([&] {
                                      ++gone;
                                      defer_to_thread(reactor, never_called([&] { ++gone; }));
                                  })] {});
    }
    CHECK(gone == 2);
}

// R52 -----------------------------------------------------------------------------------------

TEST_CASE("R52: if the system has no thread, the Deferred fails") {
    const int result = in_a_child([] { // the limit does not hold for root
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_NPROC, &none);
        if (::getuid() == 0 && ::setuid(65534) == -1)
            return 3;
        Reactor reactor;
        std::string reason;
        reactor.call_when_running([&] {
            defer_to_thread(reactor, [] {}).add_both([&](const Result<void>& outcome) {
                reason = outcome.is_failure() ? outcome.failure().message() : "it was called";
                reactor.stop();
            });
        });
        reactor.run();
        return reason == "The system has no thread for this: 11: Resource temporarily unavailable."
                   ? 0
                   : 1;
    });
    CHECK(result == 0);
}
