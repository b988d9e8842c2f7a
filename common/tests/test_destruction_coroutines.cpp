// Coroutines that wait for a reactor are destroyed with it, and so are their local variables.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

Deferred<void> after(Reactor& reactor, Seconds delay) {
    const Deferred<void> done;
    reactor.call_later(delay, [done] { done.callback(); });
    return done;
}

Deferred<void> wait_for_timer(Reactor& reactor, Diary& diary) {
    const LastWords last([&] { diary.note("inner goes"); });
    co_await after(reactor, 1h);
    diary.note("went on");
}

Deferred<int> wait_for_coroutine(Reactor& reactor, Diary& diary, Token token) {
    const LastWords last([&] { diary.note("outer goes"); });
    try {
        co_await wait_for_timer(reactor, diary);
    } catch (...) { // destruction is not an exception
        diary.note("caught");
    }
    co_return token.use_count() > 0;
}

} // namespace

TEST_CASE("coroutines that wait for a timer, or for each other, are destroyed with their locals") {
    Reports reports;
    Diary diary;
    const Token token = make_token();
    std::optional<Deferred<int>> kept;
    {
        Reactor reactor;
        SUBCASE("without a handle on the result") {
            wait_for_coroutine(reactor, diary, token);
        }
        SUBCASE("with a callback on the result") {
            wait_for_coroutine(reactor, diary, token).add_both([token](const Result<int>&) {
                FAIL_CHECK("it was called");
            });
        }
        SUBCASE("with a handle on the result") {
            kept = wait_for_coroutine(reactor, diary, token);
        }
        SUBCASE("stopped") {
            after_turns(reactor, 1, [&] { reactor.stop(); });
            wait_for_coroutine(reactor, diary, token);
            run(reactor);
        }
        CHECK(diary.text() == "");
    }
    CHECK(diary.has("inner goes"));
    CHECK(diary.has("outer goes"));
    CHECK_FALSE(diary.has("went on"));
    CHECK_FALSE(diary.has("caught"));
    CHECK(token.use_count() == 1);
    if (kept) {
        std::string seen;
        kept->add_both([&](const Result<int>& result) { seen = name_of(result.failure()); });
        kept->cancel();
        CHECK(seen == "CancelledError");
    }
}

TEST_CASE("a coroutine that is being destroyed may start another one that waits") {
    Reports reports;
    Diary diary;
    const Token token = make_token();
    {
        Reactor reactor;
        const auto waits = [](Reactor& r, Diary& d, Token t) -> Deferred<void> {
            const LastWords last([&r, &d, t] { wait_for_coroutine(r, d, t); });
            co_await after(r, 1h);
        };
        waits(reactor, diary, token);
        CHECK(token.use_count() > 1);
    }
    CHECK(diary.has("inner goes"));
    CHECK(diary.has("outer goes"));
    CHECK(token.use_count() == 1);
}

TEST_CASE("a thousand coroutines, each waiting for the next, are destroyed one after the other") {
    Reports reports;
    const Token token = make_token();
    {
        Reactor reactor;
        Deferred<void> waiting = after(reactor, 1h);
        const auto wait = [](Deferred<void> other, Token) -> Deferred<void> { co_await other; };
        for (int i = 0; i < 1000; ++i)
            waiting = wait(std::move(waiting), token);
        CHECK(token.use_count() == 1001);
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("a coroutine that waits for a protocol's Deferred is destroyed with it") {
    Reports reports;
    const Token token = make_token();
    SocketPair pair;
    std::string seen;
    {
        Reactor reactor;
        const auto server = std::make_shared<Server>();
        const Deferred<void> closed;
        server->on.connection_lost = [closed](const TransportPtr&, const Failure& reason) {
            closed.errback(reason);
        };
        const auto waits = [](Deferred<void> other, std::string& text, Token) -> Deferred<void> {
            try {
                co_await other;
            } catch (const ConnectionLost&) {
                text = "told";
            }
        };
        waits(closed, seen, token);
        connect_now(reactor, pair, server);
    }
    CHECK(seen == "told");
    CHECK(token.use_count() == 1);
}
