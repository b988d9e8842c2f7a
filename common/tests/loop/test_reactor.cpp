// R1 to R6: the loop runs, and stops.
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/child.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("R1: call_when_running calls in order when the loop starts; later, at once") {
    Reports reports;
    Reactor reactor;
    std::string seen;
    reactor.call_when_running([&] { seen += reactor.running() ? "running " : "not running "; });
    reactor.call_when_running([&] {
        reactor.call_when_running([&] { seen += "at once "; });
        seen += "second ";
    });
    reactor.call_when_running([&] { reactor.stop(); });
    CHECK(seen == "");
    run(reactor);
    CHECK(seen == "running at once second ");
    CHECK_FALSE(reactor.running());
}

TEST_CASE("R2: an exception from such a function or a timer is reported, and the loop continues") {
    Reports reports;
    Reactor reactor;
    std::string seen;
    reactor.call_when_running([] { throw Exception("first"); });
    reactor.call_when_running([&] {
        reactor.call_when_running([] { throw Exception("at once"); });
        seen += "second ";
    });
    reactor.call_later(0s, [] { throw 3; });
    reactor.call_later(0s, [&] { seen += "fourth "; });
    reactor.call_at_end_of_turn([] { throw std::string("fifth"); });
    reactor.call_at_end_of_turn([&] { reactor.call_later(1ms, [&] { reactor.stop(); }); });
    run(reactor);
    CHECK(seen == "second fourth ");
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: first]\n"
                            "Unhandled Error: [Failure: Exception: at once]\n"
                            "Unhandled Error: [Failure: int: 3]\n"
                            "Unhandled Error: [Failure: std::string: fifth]");
}

TEST_CASE("R3: without events the loop sleeps, and stop() ends it") {
    Reactor reactor;
    bool stopped = false;
    const Seconds before = processor_time();
    reactor.call_later(a_while, [&] {
        reactor.stop();
        stopped = true;
    });
    reactor.run();
    CHECK(stopped);
    CHECK(processor_time() - before < hardly_any_time);
}

TEST_CASE("R3: a timer that is cancelled, far in the future or never due keeps nothing awake") {
    Reactor reactor;
    for (int i = 1; i < 100; ++i)
        reactor.call_later(i * 1ms, [] {}).cancel();
    reactor.call_later(24h * 365, [] { FAIL_CHECK("called before a year has passed"); });
    reactor.call_later(Seconds::max(), [] { FAIL_CHECK("called before the end of time"); });
    const Seconds before = processor_time();
    reactor.call_later(a_while, [&] { reactor.stop(); });
    reactor.run();
    CHECK(processor_time() - before < hardly_any_time);
}

TEST_CASE("R4: stop() throws before run(), during a stop, and after the end") {
    Reactor reactor;
    CHECK_THROWS_WITH_AS(reactor.stop(), "Can't stop reactor that isn't running.",
                         ReactorNotRunning);
    std::vector<bool> refused;
    const auto stop = [&] {
        try {
            reactor.stop();
            refused.push_back(false);
        } catch (const ReactorNotRunning&) {
            refused.push_back(true);
        }
    };
    reactor.call_when_running([&] {
        stop();
        stop();
    });
    for (const auto when :
         {Reactor::Shutdown::before, Reactor::Shutdown::during, Reactor::Shutdown::after})
        reactor.add_system_event_trigger(when, stop);
    run(reactor);
    stop();
    CHECK(refused == std::vector{false, true, true, true, true, true});
}

TEST_CASE("R5: a reactor runs once, and not inside itself") {
    Reactor reactor;
    reactor.call_when_running([&] {
        CHECK_THROWS_AS(reactor.run(), ReactorAlreadyRunning);
        reactor.stop();
    });
    run(reactor);
    CHECK_THROWS_AS(reactor.run(), ReactorNotRestartable);
}

TEST_CASE("R6: timers that are due when stop() is called still run; timers that they make do not") {
    Reports reports;
    Reactor reactor;
    Diary diary;
    const auto note = [&](const char* what) { return [&diary, what] { diary.note(what); }; };
    reactor.add_system_event_trigger(Reactor::Shutdown::before, note("before"));
    const auto stop = [&] {
        reactor.call_later(0s, [&] {
            diary.note("first");
            reactor.call_later(0s, [] { FAIL_CHECK("called after the end of the loop"); });
        });
        reactor.call_from_thread(note("from a thread"));
        reactor.stop();
        reactor.call_later(0s, [&] {
            diary.note("second");
            reactor.call_at_end_of_turn(note("end of the turn"));
        });
        reactor.call_later(20s, [] { FAIL_CHECK("it is not due"); });
    };
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_lost = [](const Failure&) {};
    SUBCASE("by a function that is called at the start") {
        reactor.call_when_running(stop);
    }
    SUBCASE("by do_read") {
        reader.on_read = [&]() -> std::optional<Failure> {
            CHECK(reactor.running());
            stop();
            return {}; // it is not read again
        };
        send_to(pair.there, "x");
        reactor.add_reader(reader);
    }
    SUBCASE("by connection_lost") {
        reader.on_read = [] { return connection_done(); };
        reader.on_lost = [&](const Failure&) { stop(); };
        send_to(pair.there, "x");
        reactor.add_reader(reader);
    }
    SUBCASE("at the end of a turn") {
        reactor.call_at_end_of_turn(stop);
    }
    reactor.run();
    CHECK(diary.text() == "first, second, from a thread, end of the turn, before");
}

TEST_CASE("R6: if a timer calls stop(), those due with it run, and no others") {
    Reactor reactor;
    Diary diary;
    reactor.call_later(0s, [&] {
        reactor.stop();
        reactor.call_from_thread([&] { diary.note("from a thread"); });
        reactor.call_later(0s, [] { FAIL_CHECK("called after the end of the loop"); });
    });
    reactor.call_later(0s, [&] { diary.note("with it"); });
    run(reactor);
    CHECK(diary.text() == "with it, from a thread");
}

TEST_CASE("stop() works in every place, even if nothing else happens") {
    for (const std::string place : {"when running", "timer", "descriptor", "end of turn"}) {
        CAPTURE(place);
        Reactor reactor;
        SocketPair pair;
        TestDescriptor reader(pair.here.get());
        const auto stop = [&] { reactor.stop(); };
        reader.on_read = [&]() -> std::optional<Failure> {
            reactor.remove_reader(reader);
            stop();
            return {};
        };
        if (place == "when running")
            reactor.call_when_running(stop);
        else if (place == "timer")
            reactor.call_later(0s, stop);
        else if (place == "descriptor")
            reactor.add_reader(reader);
        else
            reactor.call_at_end_of_turn(stop);
        send_to(pair.there, "x");
        run(reactor);
    }
}

TEST_CASE("an extension is made once for each reactor, and is destroyed with it") {
    struct Counted {
        explicit Counted(Reactor&) { ++alive(); }
        ~Counted() { --alive(); }
        static int& alive() {
            static int number = 0;
            return number;
        }
    };
    {
        Reactor first, second;
        CHECK(&first.extension<Counted>() == &first.extension<Counted>());
        CHECK(&first.extension<Counted>() != &second.extension<Counted>());
        CHECK(Counted::alive() == 2);
    }
    CHECK(Counted::alive() == 0);
}

TEST_CASE("the back end can be chosen; an unknown one is refused") {
    for (const std::string name : {"epoll", "poll", "select"}) {
        CAPTURE(name);
        Reactor reactor(name);
        CHECK(reactor.backend() == name);
        std::string seen;
        SocketPair pair;
        TestDescriptor reader(pair.here.get());
        reader.on_read = [&]() -> std::optional<Failure> {
            seen += read_now(pair.here);
            reactor.call_later(1ms, [&] { reactor.stop(); });
            return connection_done();
        };
        reactor.add_reader(reader);
        reactor.call_later(1ms, [&] { send_to(pair.there, "hello"); });
        run(reactor);
        CHECK(seen == "hello");
    }
    CHECK_THROWS_WITH_AS(Reactor("no such thing"),
                         "There is no reactor back end 'no such thing', only epoll poll select",
                         std::invalid_argument);
}

TEST_CASE("if no descriptor is free for a reactor, libevent ends the process, and says why") {
    SocketPair pair;
    const int status = in_a_child([&] {
        ::dup2(pair.there.get(), STDERR_FILENO);
        rlimit none{};
        ::getrlimit(RLIMIT_NOFILE, &none);
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
        const Reactor reactor;
        return 0;
    });
    CHECK(status != 0);
    pair.there.close();
    CHECK(read_to_end(pair.here).starts_with("libevent: "));
}

TEST_CASE("a process can have several reactors, one after the other or at the same time") {
    for (int i = 0; i < 3; ++i) {
        Reactor reactor, other;
        reactor.call_later(0s, [&] {
            other.call_later(0s, [&] { other.stop(); });
            run(other); // inside a callback of the first: that is allowed
            reactor.stop();
        });
        run(reactor);
    }
}
