// ThreadPool calls functions that block in threads, for code that builds on it.
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>

#include <doctest/doctest.h>

#include "common/tests/door.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/loop/thread_pool.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("a cancelled function is not called if it waits; if it runs, `done` is not called") {
    Reports reports;
    Reactor reactor;
    ThreadPool threads(reactor, 1);
    Door door;
    std::atomic<int> called = 0;
    int done = 0;
    reactor.call_when_running([&] {
        const auto work = [&] {
            door.wait();
            ++called;
        };
        const auto first = threads.call(work, [] { FAIL_CHECK("it was cancelled"); });
        const auto second = threads.call(work, [] { FAIL_CHECK("it was cancelled"); });
        threads.call(work, [&] {
            ++done;
            reactor.stop();
        });
        when(
            reactor, [&] { return door.came() == 1; },
            [&, first, second] {
                CHECK(threads.waiting() == 2);
                first();
                second();
                second();
                CHECK(threads.running() == 1);
                CHECK(threads.waiting() == 1);
                door.open();
            });
    });
    run(reactor);
    CHECK(called == 2);
    CHECK(done == 1);
}

TEST_CASE("`done` is called when the thread has ended, with all that is local to it") {
    Reports reports;
    Reactor reactor;
    ThreadPool threads(reactor);
    struct LocalToThread {
        std::atomic<bool>& ended;
        ~LocalToThread() {
            std::this_thread::sleep_for(50ms); // so that a pool that does not wait is found out
            ended = true;
        }
    };
    std::atomic<bool> ended = false;
    const auto work = [&] { [[maybe_unused]] const thread_local LocalToThread local{ended}; };
    reactor.call_when_running([&] {
        threads.call(work, [&] {
            CHECK(ended);
            ended = false;
            threads.call(work, [] {});
            reactor.stop();
        });
    });
    run(reactor);
    threads.finish();
    CHECK(ended);
}

TEST_CASE("a ThreadPool's destructor waits for nothing, and running functions report to nobody") {
    Reports reports;
    Reactor reactor;
    const auto door = std::make_shared<Door>(); // the thread may be the last user
    const auto ended = std::make_shared<std::atomic<bool>>(false);
    reactor.call_when_running([&] {
        const auto threads = std::make_shared<std::optional<ThreadPool>>();
        threads->emplace(reactor, std::size_t{1});
        (*threads)->call(
            [door, ended] {
                door->wait();
                *ended = true;
            },
            [] { FAIL_CHECK("it was called"); });
        (*threads)->call([] { FAIL_CHECK("it waited"); }, [] { FAIL_CHECK("it waited"); });
        when(
            reactor, [=] { return door->came() == 1; },
            [&, threads, door, ended] {
                threads->reset();
                door->open();
                when(
                    reactor, [=] { return ended->load(); },
                    [&] { after_turns(reactor, 3, [&] { reactor.stop(); }); });
            });
    });
    run(reactor);
}

TEST_CASE("`done` may destroy the ThreadPool") {
    Reports reports;
    Reactor reactor;
    std::optional<ThreadPool> threads;
    threads.emplace(reactor, std::size_t{8});
    const auto door = std::make_shared<Door>(); // a thread may be the last user
    int done = 0;
    reactor.call_when_running([&] {
        for (int i = 0; i < 8; ++i)
            threads->call([door] { door->wait(); },
                          [&] {
                              ++done;
                              threads.reset();
                              after_turns(reactor, 3, [&] { reactor.stop(); });
                          });
        when(
            reactor, [=] { return door->came() == 8; }, [=] { door->open(); });
    });
    run(reactor);
    CHECK(done == 1);
}
