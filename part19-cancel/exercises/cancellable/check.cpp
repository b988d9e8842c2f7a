// A get_poetry that can be cancelled: the check plays the server, in the same reactor.
#include <functional>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"

using namespace check;

twist::Deferred<std::string> get_poetry(twist::Reactor& reactor, const twist::Address& address);

namespace {

using Moment = std::function<bool()>;

const Text called{"get_poetry", "调用 get_poetry"};
const Text cancelled{"cancel()", "调用 cancel()"};
const Text what_came{"the result", "得到的结果"};

void note(const twist::Deferred<std::string>& d, std::string& seen) {
    d.add_callbacks(
        [&seen](const std::string& poem) { seen += "poem: " + poem + "; "; },
        [&seen](const twist::Failure& reason) { seen += twist::type_name(reason.type()) + "; "; });
}

// Calls `then` a few turns after `moment` first holds: by then all objects have been told.
void when(twist::Reactor& reactor, const Moment& moment, const std::function<void()>& then,
          int turns = 5) {
    reactor.call_later(twist::Seconds(0), [&reactor, moment, then, turns] {
        if (moment() && turns == 0)
            then();
        else
            when(reactor, moment, then, moment() ? turns - 1 : turns);
    });
}

void cancel(const twist::Deferred<std::string>& d) {
    act(cancelled);
    std::string said = "nothing thrown";
    try {
        d.cancel();
    } catch (...) {
        said = twist::Failure().text();
    }
    expect_equal({"the call of cancel()", "cancel() 的调用"}, said, std::string("nothing thrown"));
}

// Runs the reactor until it is `over` and no client is connected to the server.
void run_to_the_end(twist::Reactor& reactor, Poet& poet, const bool& over) {
    const auto nobody_left = [&] {
        return over && poet.present() == 0 && reactor.descriptors().size() == 1;
    };
    auto limit = reactor.call_later(twist::Seconds(4), [&] {
        fail(over ? Text{"The download has ended, but the connection is still there.",
                         "一切都结束了，连接却还在。"}
                  : Text{"There is no result.", "没有任何结果。"});
    });
    when(reactor, nobody_left, [&] {
        limit.cancel();
        poet.stop();
        when(
            reactor, [&] { return reactor.descriptors().empty(); }, [&] { reactor.stop(); });
    });
    reactor.run();
    expect_nothing_left(reactor);
}

} // namespace

CHECK(Text{"cancelled in the middle", "在中途取消"}) {
    twist::Reactor reactor;
    Poet poet(reactor, {"a part of a poem"}, Poet::Then::stays);
    std::string seen;
    bool over = false;
    act(called);
    const auto d = get_poetry(reactor, poet.address());
    note(d, seen);
    when(
        reactor, [&] { return poet.clients() == 1; },
        [&] {
            act({"the server sends a part of the poem", "服务器发送诗的一部分"});
            cancel(d);
            expect_equal(what_came, seen, std::string("CancelledError; "));
            over = true;
        });
    run_to_the_end(reactor, poet, over);
    expect_equal(what_came, seen, std::string("CancelledError; "));
}

CHECK(Text{"cancelled at once, before it is connected", "还没有连接就立刻取消"}) {
    twist::Reactor reactor;
    Poet poet(reactor, {"a part of a poem"}, Poet::Then::stays);
    std::string seen;
    act(called);
    const auto d = get_poetry(reactor, poet.address());
    note(d, seen);
    cancel(d);
    expect_equal(what_came, seen, std::string("CancelledError; "));
    run_to_the_end(reactor, poet, true);
    expect_equal(what_came, seen, std::string("CancelledError; "));
}

CHECK(Text{"cancelled only after the poem has arrived", "诗到达之前没有取消"}) {
    twist::Reactor reactor;
    Poet poet(reactor, {"a poem, ", "all of it"});
    std::string seen;
    bool over = false;
    act(called);
    const auto d = get_poetry(reactor, poet.address());
    note(d, seen);
    when(
        reactor, [&] { return !seen.empty(); },
        [&] {
            expect_equal(what_came, seen, std::string("poem: a poem, all of it; "));
            cancel(d); // too late: nothing happens
            over = true;
        });
    run_to_the_end(reactor, poet, over);
    expect_equal(what_came, seen, std::string("poem: a poem, all of it; "));
}

CHECK(Text{"the poem is cut short", "诗被截断"}) {
    twist::Reactor reactor;
    Poet poet(reactor, {"a part of a poem"}, Poet::Then::resets);
    std::string seen;
    bool over = false;
    act(called);
    note(get_poetry(reactor, poet.address()), seen);
    when(
        reactor, [&] { return !seen.empty(); }, [&] { over = true; });
    run_to_the_end(reactor, poet, over);
    expect_equal(what_came, seen, std::string("ConnectionLost; "));
}
