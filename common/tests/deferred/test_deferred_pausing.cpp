// Items 32 to 35, 48: a paused Deferred waits until it is unpaused.
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "twist/deferred/deferred.hpp"

using namespace twist;

TEST_CASE("32: a callback that pauses its chain does not stop those that were already added") {
    std::string seen;
    const Deferred<void> d;
    d.add_callback([&] { d.pause(); });
    d.add_callback([&] { seen += "queued"; });
    d.callback();
    CHECK(seen == "queued");
    d.add_callback([&] { seen += " later"; });
    CHECK_MESSAGE(seen == "queued", "a callback added to a paused Deferred waits");
    d.unpause();
    CHECK(seen == "queued later");
}

TEST_CASE("32: such a pause does not stop a chain that already waits either") {
    std::string seen;
    const Deferred<int> d, other;
    d.add_callback([&](int value) {
        d.pause();
        return value;
    });
    SUBCASE("a chain whose callback returned it") {
        succeed(0).add_callback([&](int) { return d; }).chain_deferred(other);
    }
    SUBCASE("a Deferred that it is chained to") {
        d.chain_deferred(other);
    }
    other.add_callback([&](int value) { seen += std::to_string(value); });
    d.callback(7);
    CHECK(seen == "7");
    d.unpause();
    CHECK(seen == "7");
}

TEST_CASE("33: a paused Deferred is fired without running anything; unpause() runs it") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int value) { seen += std::to_string(value); });
    d.pause();
    d.callback(1);
    CHECK(seen == "");
    CHECK(d.called());
    d.unpause();
    CHECK(seen == "1");
}

TEST_CASE("34: callbacks added to a paused Deferred after its firing run in order as well") {
    std::string seen;
    const Deferred<int> d;
    d.add_callback([&](int value) {
        seen += "before ";
        return value + 1;
    });
    d.pause();
    d.callback(1);
    d.add_callback([&](int value) {
        seen += "after " + std::to_string(value);
        return value;
    });
    CHECK(seen == "");
    d.unpause();
    CHECK(seen == "before after 2");
}

TEST_CASE("35: each pause() needs its unpause()") {
    bool ran = false;
    const Deferred<int> d = succeed(1);
    d.pause();
    d.pause();
    d.add_callback([&](int) { ran = true; });
    d.unpause();
    CHECK_FALSE(ran);
    d.unpause();
    CHECK(ran);
}

TEST_CASE("35: an unpause() without a pause() throws") {
    const Deferred<int> d;
    CHECK_THROWS_AS(d.unpause(), std::logic_error);
}

TEST_CASE("48: the chain waits for a returned Deferred that has a value but is paused") {
    int seen = 0;
    const Deferred<int> inner = succeed(7);
    inner.pause();
    succeed(0).add_callback([&](int) { return inner; }).add_callback([&](int value) {
        seen = value;
    });
    CHECK(seen == 0);
    inner.unpause();
    CHECK(seen == 7);
}

TEST_CASE("48: the same if that Deferred paused itself before it was returned") {
    int seen = 0;
    const Deferred<int> inner;
    inner.add_callback([&](int value) {
        inner.pause();
        return value;
    });
    inner.callback(7);
    succeed(0).add_callback([&](int) { return inner; }).add_callback([&](int value) {
        seen = value;
    });
    CHECK(seen == 0);
    inner.unpause();
    CHECK(seen == 7);
}
