// A time-out in a protocol, with the check's own transport and clock.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/loop/fake_clock.hpp"
#include "twist/net/error.hpp"
#include "twist/net/protocol.hpp"

using namespace check;
using namespace std::chrono_literals;

using Finished = std::function<void(std::optional<std::string> poem)>;

std::unique_ptr<twist::Protocol> poetry_protocol(twist::Clock& clock, twist::Seconds timeout,
                                                 const Finished& finished);

namespace {

// Notes whether the protocol wants to close, and sends nothing.
struct NotingTransport : twist::Transport {
    void write(std::string_view) override {}
    void write(std::shared_ptr<const std::string>) override {}
    void lose_connection() override { closing = true; }
    void lose_write_connection() override {}
    void abort_connection() override { closing = aborted = true; }
    void pause_producing() override {}
    void resume_producing() override {}
    void register_producer(std::shared_ptr<twist::Producer>, bool) override {}
    void unregister_producer() override {}
    twist::Address get_host() const override { return {"127.0.0.1", 10000}; }
    twist::Address get_peer() const override { return {"127.0.0.1", 10001}; }

    // The reason that the protocol gets after it has closed the connection.
    twist::Failure reason() const {
        return aborted ? twist::Failure(twist::ConnectionAborted()) : twist::connection_done();
    }

    bool closing = false;
    bool aborted = false;
};

// One connection, with a time-out of 5 seconds.
struct Connected {
    Connected() {
        act({"a connection is made; the time-out is 5 seconds", "连接建立，超时为 5 秒"});
        protocol->make_connection(transport);
    }

    // Like a connection, destroys the protocol after it has learned of the end.
    void lost(const twist::Failure& reason) {
        protocol->connection_lost(reason);
        protocol.reset();
        expect(clock.delayed_calls().empty(),
               {"The timer is still pending, though the connection is lost.",
                "连接已经断开，定时器却还在等待。"});
        clock.advance(10s);
    }

    // The end that the protocol asked for.
    void closed() {
        const twist::Failure why = transport->reason();
        act({"the connection is lost, with " + twist::type_name(why.type()),
             "连接断开，原因是 " + twist::type_name(why.type())});
        lost(why);
    }

    void expect_finished(const std::string& poem) const {
        expect_equal({"what finished was called with", "finished 得到的内容"}, finished,
                     std::vector<std::string>{poem});
    }

    void expect_closing(bool closing) const {
        expect_equal({"whether it has closed the connection", "它是否关闭了连接"},
                     transport->closing, closing);
    }

    twist::FakeClock clock;
    std::vector<std::string> finished; // "nothing" if there is no poem
    std::shared_ptr<NotingTransport> transport = std::make_shared<NotingTransport>();
    std::unique_ptr<twist::Protocol> protocol =
        poetry_protocol(clock, 5s, [this](const std::optional<std::string>& poem) {
            finished.push_back(poem ? "the poem: " + *poem : "nothing");
        });
};

} // namespace

CHECK(Text{"a silent server", "什么也不说的服务器"}) {
    Connected with;
    act({"4 seconds pass", "过去 4 秒"});
    with.clock.advance(4s);
    with.expect_closing(false);
    act({"1 more second passes", "再过去 1 秒"});
    with.clock.advance(1s);
    with.expect_closing(true);
    with.closed();
    with.expect_finished("nothing");
}

CHECK(Text{"a server that sends a little every 2 seconds", "每 2 秒发送一点点的服务器"}) {
    Connected with;
    for (int i = 0; i < 2; ++i) {
        act({"2 seconds pass; a piece comes", "过去 2 秒；来了一段"});
        with.clock.advance(2s);
        with.protocol->data_received("a piece of a poem\n");
    }
    act({"1 more second passes", "再过去 1 秒"});
    with.clock.advance(1s);
    with.expect_closing(true);
    with.closed();
    with.expect_finished("nothing");
}

CHECK(Text{"a poem that comes in time", "及时到达的诗"}) {
    Connected with;
    act({"2 seconds pass; the poem comes, and its end", "过去 2 秒；诗来了，并且结束"});
    with.clock.advance(2s);
    with.protocol->data_received("a poem");
    with.lost(twist::connection_done());
    with.expect_closing(false);
    with.expect_finished("the poem: a poem");
}

CHECK(Text{"an empty poem that ends in time", "及时结束的空诗"}) {
    Connected with;
    act({"2 seconds pass; the connection ends without a byte",
         "过去 2 秒；连接结束，没有一个字节"});
    with.clock.advance(2s);
    with.lost(twist::connection_done());
    with.expect_finished("the poem: ");
}

CHECK(Text{"a poem that is given up, and then cut by a reset", "被放弃之后又被重置中断的诗"}) {
    Connected with;
    with.protocol->data_received("a po");
    act({"5 seconds pass", "过去 5 秒"});
    with.clock.advance(5s);
    with.expect_closing(true);
    act({"one more piece comes, then a reset", "又来了一段，然后是重置"});
    with.protocol->data_received("em");
    with.lost(twist::Failure(twist::ConnectionLost()));
    with.expect_finished("nothing");
}

CHECK(Text{"two connections on the same clock", "同一个时钟上的两个连接"}) {
    twist::FakeClock clock;
    std::vector<std::string> finished;
    const auto make = [&](const std::string& name) {
        return poetry_protocol(clock, 5s, [&, name](const std::optional<std::string>& poem) {
            finished.push_back(name + ": " + poem.value_or("nothing"));
        });
    };
    auto first = make("first"), second = make("second");
    const auto transport = std::make_shared<NotingTransport>();
    act({"two connections are made; the first one gets its poem, and ends",
         "建立两个连接；第一个得到诗，然后结束"});
    first->make_connection(std::make_shared<NotingTransport>());
    second->make_connection(transport);
    first->data_received("a poem");
    first->connection_lost(twist::connection_done());
    first.reset();
    act({"5 seconds pass", "过去 5 秒"});
    clock.advance(5s);
    expect_equal({"whether the second one has closed its connection", "第二个是否关闭了它的连接"},
                 transport->closing, true);
    second->connection_lost(transport->reason());
    expect_equal({"what finished was called with", "finished 得到的内容"}, finished,
                 std::vector<std::string>{"first: a poem", "second: nothing"});
}

CHECK(Text{"a poem that is cut by a reset, in time", "在时限内被重置中断的诗"}) {
    Connected with;
    act({"2 seconds pass; a part comes, then a reset", "过去 2 秒；来了一部分，然后是重置"});
    with.clock.advance(2s);
    with.protocol->data_received("a po");
    with.lost(twist::Failure(twist::ConnectionLost()));
    with.expect_finished("nothing");
}
