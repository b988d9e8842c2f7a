// R3: SIGINT and SIGTERM end run(); afterwards their actions are restored. SIGPIPE ends nothing.
// Also the signals that a program asks for.
#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

volatile std::sig_atomic_t own_handler_called = 0;

/// While it lives, a signal has our handler.
class OwnHandler {
  public:
    explicit OwnHandler(int signal) : signal_(signal) {
        own_handler_called = 0;
        before_ = std::signal(signal, handle);
    }
    ~OwnHandler() { std::signal(signal_, before_); }
    OwnHandler(const OwnHandler&) = delete;
    OwnHandler& operator=(const OwnHandler&) = delete;

    static void handle(int) { own_handler_called = own_handler_called + 1; }

  private:
    int signal_;
    void (*before_)(int);
};

bool has_own_handler(int signal) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler == OwnHandler::handle;
}

} // namespace

TEST_CASE("R3: SIGINT and SIGTERM end run(), which returns as it does after stop()") {
    for (const int signal : {SIGINT, SIGTERM}) {
        CAPTURE(signal);
        const OwnHandler own(signal);
        Reactor reactor;
        Diary diary;
        reactor.add_system_event_trigger(Reactor::Shutdown::before, [&] { diary.note("before"); });
        reactor.add_system_event_trigger(Reactor::Shutdown::after, [&] { diary.note("after"); });
        reactor.call_later(1ms, [&] { ::kill(::getpid(), signal); });
        run(reactor);
        CHECK(diary.text() == "before, after");
        CHECK(own_handler_called == 0);
    }
}

TEST_CASE("R3: after run() the signals' actions are restored") {
    for (const int signal : {SIGINT, SIGTERM}) {
        CAPTURE(signal);
        const OwnHandler own(signal);
        Reactor reactor;
        reactor.call_when_running([&] {
            CHECK_FALSE(has_own_handler(signal));
            std::raise(signal);
        });
        run(reactor);
        CHECK(has_own_handler(signal));
        std::raise(signal);
        CHECK(own_handler_called == 1);
    }
}

TEST_CASE("R3: a reactor that is not running handles no signals") {
    const OwnHandler own(SIGINT);
    const Reactor reactor;
    std::raise(SIGINT);
    CHECK(own_handler_called == 1);
}

TEST_CASE("R3: a second signal while the reactor is stopping has no effect") {
    Reports reports;
    const OwnHandler own(SIGINT);
    Reactor reactor;
    reactor.add_system_event_trigger(Reactor::Shutdown::before, [&] {
        std::raise(SIGINT);
        reactor.call_later(3ms, [delay = reactor.delay_shutdown()] {});
    });
    reactor.call_later(0s, [] { std::raise(SIGINT); });
    run(reactor);
    CHECK(own_handler_called == 0);
}

TEST_CASE("R3: signals that come together, or in a callback, end run() once") {
    Reports reports;
    const OwnHandler own_int(SIGINT), own_term(SIGTERM);
    Reactor reactor;
    reactor.call_later(1ms, [&] {
        std::raise(SIGINT);
        std::raise(SIGTERM);
        std::raise(SIGINT);
        reactor.stop();
    });
    run(reactor);
    CHECK(own_handler_called == 0);
}

TEST_CASE("one reactor of the process has the signals, and passes them on to the next") {
    const OwnHandler own(SIGINT);
    Reactor first;
    bool second_stopped_by_itself = false;
    first.call_when_running([&] {
        Reactor second;
        second.call_when_running([&] { std::raise(SIGINT); });
        second.call_later(5ms, [&] {
            second_stopped_by_itself = true;
            second.stop();
        });
        run(second);
    });
    run(first); // the signal went to this one
    CHECK(second_stopped_by_itself);
    Reactor third;
    third.call_when_running([] { std::raise(SIGINT); });
    run(third);
    CHECK(own_handler_called == 0);
    CHECK(has_own_handler(SIGINT));
}

TEST_CASE("on_signal: a function is called in the loop, each time the signal comes") {
    const OwnHandler own(SIGHUP);
    Reactor reactor;
    Diary diary;
    bool in_callback = false;
    reactor.on_signal(SIGHUP, [&] {
        CHECK_FALSE(in_callback);
        diary.note("SIGHUP");
        if (diary.text() == "SIGHUP, SIGHUP")
            reactor.stop();
        else
            std::raise(SIGHUP);
    });
    reactor.call_later(1ms, [&] {
        in_callback = true;
        std::raise(SIGHUP);
        std::raise(SIGHUP); // two at once count as one
        CHECK(diary.text() == "");
        in_callback = false;
    });
    run(reactor);
    CHECK(diary.text() == "SIGHUP, SIGHUP");
    CHECK(own_handler_called == 0);
}

TEST_CASE("on_signal: outside run() the signal has its earlier action") {
    const OwnHandler own(SIGUSR1);
    Reactor reactor;
    int calls = 0;
    reactor.on_signal(SIGUSR1, [&] { ++calls; });
    std::raise(SIGUSR1);
    CHECK(own_handler_called == 1);
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(has_own_handler(SIGUSR1));
    std::raise(SIGUSR1);
    CHECK(own_handler_called == 2);
    CHECK(calls == 0);
}

TEST_CASE("on_signal in the running loop takes effect at once, and the newest function counts") {
    Reports reports;
    const OwnHandler own(SIGUSR1);
    Reactor reactor;
    Diary diary;
    reactor.on_signal(SIGTERM, [&] {
        diary.note("SIGTERM, but not yet");
        reactor.on_signal(SIGUSR1, [&] { diary.note("first"); });
        reactor.on_signal(SIGUSR1, [&] {
            diary.note("second");
            reactor.stop();
        });
        std::raise(SIGUSR1);
    });
    reactor.call_later(0s, [] { std::raise(SIGTERM); });
    run(reactor);
    CHECK(diary.text() == "SIGTERM, but not yet, second");
    CHECK(has_own_handler(SIGUSR1));
}

TEST_CASE("on_signal: an exception from the function is reported; a needless stop() is not") {
    Reports reports;
    Reactor reactor;
    reactor.on_signal(SIGUSR1, [&] {
        reactor.stop();
        throw Exception("boom");
    });
    reactor.add_system_event_trigger(Reactor::Shutdown::before, [&] {
        std::raise(SIGINT); // would stop the reactor again
        reactor.call_later(3ms, [delay = reactor.delay_shutdown()] {});
    });
    reactor.call_later(0s, [] { std::raise(SIGUSR1); });
    run(reactor);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
}

TEST_CASE("on_signal: the signals of a process go to its first reactor") {
    const OwnHandler own(SIGUSR1);
    Reactor first, second;
    Diary diary;
    first.on_signal(SIGUSR1, [&] { diary.note("first"); });
    second.on_signal(SIGUSR1, [&] { diary.note("second"); });
    first.call_when_running([&] {
        second.call_when_running([&] {
            std::raise(SIGUSR1);
            second.stop();
        });
        run(second);
        CHECK_FALSE(has_own_handler(SIGUSR1));
        first.call_later(3ms, [&] { first.stop(); });
    });
    run(first);
    CHECK(diary.text() == "first");
    CHECK(has_own_handler(SIGUSR1));
}

TEST_CASE("on_signal: a signal that can't wait for the loop, or an empty function, is an error") {
    Reactor reactor;
    for (const int number : {SIGKILL, SIGSTOP, SIGSEGV, SIGABRT, 32, 0, -1, NSIG, 1000}) {
        CAPTURE(number);
        CHECK_THROWS_AS(reactor.on_signal(number, [] {}), std::invalid_argument);
    }
    CHECK_THROWS_AS(reactor.on_signal(SIGHUP, nullptr), std::invalid_argument);
}

TEST_CASE("on_signal: a signal wakes a loop that sleeps, and does not count as a connection") {
    const OwnHandler own(SIGUSR1);
    Reactor reactor;
    CHECK(reactor.descriptors().empty());
    std::thread other;
    reactor.on_signal(SIGUSR1, [&] {
        CHECK(reactor.descriptors().empty());
        reactor.stop();
    });
    reactor.call_when_running(
        [&] { other = std::thread([pid = ::getpid()] { ::kill(pid, SIGUSR1); }); });
    run(reactor);
    other.join();
    CHECK(own_handler_called == 0);
}

TEST_CASE("signals work with poll and select, too") {
    for (const std::string backend : {"poll", "select"}) {
        CAPTURE(backend);
        const OwnHandler own(SIGTERM);
        Reactor reactor(backend);
        reactor.call_later(1ms, [] { ::kill(::getpid(), SIGTERM); });
        run(reactor);
        CHECK(has_own_handler(SIGTERM));
    }
}

TEST_CASE("writing to a closed pipe or socket does not kill the process") {
    const Reactor reactor;
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    ::close(pipe[0]);
    CHECK(::write(pipe[1], "x", 1) == -1);
    CHECK(errno == EPIPE);
    ::close(pipe[1]);
}
