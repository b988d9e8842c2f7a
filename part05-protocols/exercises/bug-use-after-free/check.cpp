// A timer that comes too late: the check destroys the protocol, as a connection does, and the
// clock runs on.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/loop/fake_clock.hpp"
#include "twist/net/protocol.hpp"

using namespace check;
using namespace std::chrono_literals;

using Say = std::function<void(std::size_t bytes)>;
using Finished = std::function<void(std::optional<std::string> poem)>;

std::unique_ptr<twist::Protocol> poetry_protocol(twist::Clock& clock, const Say& say,
                                                 const Finished& finished);

namespace {

// A connection that sends 10 bytes every second.
struct Connected {
    Connected() {
        act({"a connection is made", "连接建立"});
        protocol->make_connection(nullptr);
    }

    void seconds(int count) {
        for (int i = 0; i < count; ++i) {
            act({"10 bytes come, and 1 second passes", "来了 10 个字节，过去 1 秒"});
            protocol->data_received("ten bytes.");
            clock.advance(1s);
        }
    }

    void lost(const twist::Failure& reason) {
        act({"the connection is lost, and the protocol is destroyed", "连接断开，协议被销毁"});
        protocol->connection_lost(reason);
        protocol.reset();
        act({"3 more seconds pass", "再过去 3 秒"});
        const bool pending = !clock.delayed_calls().empty();
        for (int i = 0; i < 3; ++i)
            clock.advance(1s);
        expect(!pending, {"A call was still pending when the connection was lost.",
                          "连接断开时还有等待中的延迟调用。"});
    }

    void expect_heard(const std::vector<std::size_t>& expected_said,
                      const std::string& expected_finished) const {
        expect_equal({"what say was called with", "say 得到的内容"}, said, expected_said);
        expect_equal({"what finished was called with", "finished 得到的内容"}, finished,
                     expected_finished);
    }

    twist::FakeClock clock;
    std::vector<std::size_t> said;
    std::string finished;
    std::unique_ptr<twist::Protocol> protocol = poetry_protocol(
        clock, [this](std::size_t bytes) { said.push_back(bytes); },
        [this](const std::optional<std::string>& poem) { finished += poem ? *poem : "nothing"; });
};

} // namespace

CHECK(Text{"a poem that arrives at once", "立刻到齐的诗"}) {
    Connected with;
    with.lost(twist::connection_done());
    with.expect_heard({}, "");
}

CHECK(Text{"a poem that takes three seconds", "用时三秒的诗"}) {
    Connected with;
    with.seconds(3);
    with.lost(twist::connection_done());
    with.expect_heard({10, 20, 30}, "ten bytes.ten bytes.ten bytes.");
}

CHECK(Text{"a poem that is cut in its second second", "在第二秒被中断的诗"}) {
    Connected with;
    with.seconds(2);
    with.lost(twist::Failure(twist::ConnectionLost()));
    with.expect_heard({10, 20}, "nothing");
}

CHECK(Text{"two connections on the same clock", "同一个时钟上的两个连接"}) {
    twist::FakeClock clock;
    std::vector<std::size_t> said;
    const Finished nothing = [](const std::optional<std::string>&) {};
    auto first = poetry_protocol(
        clock, [](std::size_t) {}, nothing);
    auto second = poetry_protocol(
        clock, [&](std::size_t bytes) { said.push_back(bytes); }, nothing);
    act({"two connections are made, and 1 second passes", "建立两个连接，过去 1 秒"});
    first->make_connection(nullptr);
    second->make_connection(nullptr);
    clock.advance(1s);
    act({"the first one is lost, and 1 more second passes", "第一个断开，再过去 1 秒"});
    first->connection_lost(twist::connection_done());
    first.reset();
    clock.advance(1s);
    expect_equal({"what the second one called say with", "第二个连接的 say 得到的内容"}, said,
                 std::vector<std::size_t>{0, 0});
    second->connection_lost(twist::connection_done());
    expect(clock.delayed_calls().empty(), {"A call was still pending when the connection was lost.",
                                           "连接断开时还有等待中的延迟调用。"});
}
