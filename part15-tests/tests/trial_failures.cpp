// Tests that fail, one for each kind of failure that trial notices. test_trial.py runs them.
#include <memory>
#include <string_view>

#include <doctest/doctest.h>

#include "common/tests/door.hpp"
#include "trial.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/async/threads.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

struct Listens : ServerFactory {
    struct Demanding : Protocol {
        void data_received(std::string_view data) override { REQUIRE(data == "poetry"); }
    };
    std::unique_ptr<Protocol> build_protocol(const Address&) override {
        return std::make_unique<Demanding>();
    }
};

struct Talks : ClientFactory {
    struct Prosaic : Protocol {
        void connection_made() override { transport()->write("prose"); }
    };
    std::unique_ptr<Protocol> build_protocol(const Address&) override {
        return std::make_unique<Prosaic>();
    }
};

struct Tidy : trial::TestCase {
    std::shared_ptr<Port> port = listen_tcp(reactor, {"localhost", 0}, std::make_shared<Listens>());
    Deferred<void> tear_down() override { return stop_listening(*port); }

    Deferred<int> later(int value) {
        Deferred<int> d;
        reactor.call_later(1ms, [d, value] { d.callback(value); });
        return d;
    }
};

struct Untidy : Tidy {
    Deferred<void> tear_down() override { return succeed(); }
};

struct NeverDone : Tidy {
    Deferred<void> tear_down() override {
        port->stop_listening();
        return Deferred<void>();
    }
};

TEST_CASE_FIXTURE(Tidy, "a REQUIRE in the chain") {
    run([&] { return later(3).add_callback([](int v) { REQUIRE(v == 4); }); });
    MESSAGE("not reached");
}

TEST_CASE_FIXTURE(Tidy, "a REQUIRE in a protocol") {
    run([&] {
        connect_tcp(reactor, port->get_host(), std::make_shared<Talks>());
        return Deferred<void>();
    });
    MESSAGE("not reached");
}

TEST_CASE_FIXTURE(Tidy, "a failure") {
    run([] { return fail<int>(Exception("no poem")); });
}

TEST_CASE_FIXTURE(Tidy, "never fired") {
    run([] { return Deferred<void>(); }, 50ms);
}

TEST_CASE_FIXTURE(NeverDone, "never torn down") {
    run([] {}, 50ms);
}

TEST_CASE_FIXTURE(Untidy, "left behind") {
    run([&] { reactor.call_later(1h, [] {}); });
}

TEST_CASE_FIXTURE(Tidy, "left in a thread") {
    Door door;
    reactor.add_system_event_trigger(Reactor::Shutdown::before, [&] { door.open(); });
    run([&] { defer_to_thread(reactor, [&] { door.wait(); }); });
}

TEST_CASE_FIXTURE(Tidy, "a report that nobody took") {
    run([&] {
        reactor.call_later(0s, [] { throw Exception("from a timer"); });
        return later(1);
    });
}

TEST_CASE_FIXTURE(Tidy, "a forgotten failure") {
    run([&] {
        fail<int>(Exception("forgotten"));
        return later(1);
    });
}

TEST_CASE_FIXTURE(Tidy, "no failure where one is expected") {
    run([&] { return trial::assert_failure<Exception>(later(1)); });
}

TEST_CASE_FIXTURE(Tidy, "another failure than expected") {
    run([] { return trial::assert_failure<ConnectError>(fail<int>(Exception("no poem"))); });
}

} // namespace
