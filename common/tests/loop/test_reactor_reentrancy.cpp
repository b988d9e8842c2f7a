// Cases in which a descriptor or a Deferred is destroyed or replaced while it is being called.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/shutdown.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;

TEST_CASE("R18: a reader that is replaced in its own do_read takes its end with it") {
    Reports reports;
    Reactor reactor;
    const SocketPair pair;
    send_to(pair.there, "x");
    int told = 0;
    bool throws = false;
    SUBCASE("it returns a reason to end") {}
    SUBCASE("it throws") {
        throws = true;
    }
    auto reader = std::make_unique<TestDescriptor>(pair.here.get());
    const auto replace = [&] { // of the same size, maybe at the same address
        const bool throws_now = throws;
        reader.reset();
        reader = std::make_unique<TestDescriptor>(pair.here.get());
        reader->on_read = [&] {
            reactor.stop();
            return std::optional<Failure>();
        };
        reader->on_lost = [&](auto&) { told += reactor.running() ? 1 : 0; };
        reactor.add_reader(*reader);
        if (throws_now)
            throw Exception("boom");
        return std::optional(connection_done());
    };
    reader->on_read = [&replace] { return replace(); };
    reactor.add_reader(*reader);
    twist::run(reactor);
    CHECK(told == 0);
    CHECK(reports.take() == (throws ? "Unhandled Error: [Failure: Exception: boom]" : ""));
}

TEST_CASE("R13: a trigger whose Deferred is spent is reported; the shutdown continues") {
    Reports reports;
    Reactor reactor;
    const Deferred<void> given;
    int after = 0;
    before_shutdown(reactor, [given] { return given; });
    reactor.add_system_event_trigger(Reactor::Shutdown::after, [&] { ++after; });
    const auto outer = succeed().add_callback([given] { return given; });
    reactor.call_when_running([&] { reactor.stop(); });
    twist::run(reactor);
    CHECK(after == 1);
    CHECK(reports.take().find("was given away") != std::string::npos);
}
