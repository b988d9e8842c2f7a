// A test for the transform server: it is given two servers that are right, and then wrong ones.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/clock.hpp"
#include "twist/loop/descriptor.hpp"
#include "twist/program/lower_case.hpp"

using namespace check;
using namespace std::chrono_literals;

using TransformServer =
    std::function<twist::Deferred<std::string>(const std::string& name, const std::string& poem)>;

twist::Deferred<void> test_transform(const TransformServer& server);

namespace {

using Reply = twist::Result<std::string>;
using Answer = std::function<Reply(const std::string& name, const std::string& poem)>;

Reply no_reply() {
    return twist::Failure(twist::Exception("No reply."));
}

Reply right(const std::string& name, const std::string& poem) {
    return name == "cummingsify" ? Reply(twist::lower_case(poem)) : no_reply();
}

// One that takes the poem to end at the first `end`.
Answer ends_at(char end) {
    return [end](const std::string& name, const std::string& poem) {
        return right(name, poem.substr(0, poem.find(end)));
    };
}

// A server whose replies come a second later.
TransformServer later(twist::Clock& clock, const Answer& answer) {
    return [&clock, answer](const std::string& name, const std::string& poem) {
        const twist::Deferred<std::string> d;
        clock.call_later(1s, [d, reply = answer(name, poem)] { d.callback(reply); });
        return d;
    };
}

// What the test says of a server: "right", or the failure.
std::string verdict(const Answer& answer) {
    std::string said;
    twist::FakeClock clock;
    const TransformServer server = later(clock, answer);
    twist::maybe_deferred(test_transform, server)
        .add_callbacks([&said] { said = "right"; },
                       [&said](const twist::Failure& reason) { said = reason.text(); });
    expect(said != "right", {"The test is over before the first reply is there.",
                             "第一个应答还没到，测试就结束了。"});
    while (said.empty() && !clock.delayed_calls().empty())
        clock.advance(1s);
    expect(!said.empty(), {"The test has all its replies, and is not over.",
                           "测试已经得到全部应答，却没有结束。"});
    return said;
}

void expect_right(const std::string& said) {
    if (said != "right")
        fail({"The test finds something wrong with a server that keeps all its promises.",
              "服务器遵守了全部承诺，测试却说它有错。"},
             said);
}

struct Wrong {
    Text what; // it is a server that …
    Answer answer;
};

const std::vector<Wrong>& wrong_servers() {
    static const std::vector<Wrong> all{
        {{"sends the poem back as it came", "把诗原样送回"},
         [](const std::string& name, const std::string& poem) {
             return name == "cummingsify" ? Reply(poem) : no_reply();
         }},
        {{"makes only the first letter small", "只把第一个字母变成小写"},
         [](const std::string& name, const std::string& poem) {
             return name == "cummingsify" ? Reply(twist::lower_case(poem.substr(0, 1)) +
                                                  poem.substr(poem.empty() ? 0 : 1))
                                          : no_reply();
         }},
        {{"replies to nobody", "对谁都不应答"},
         [](const std::string&, const std::string&) { return no_reply(); }},
        {{"sends everybody the same poem", "给所有人同一首诗"},
         [](const std::string& name, const std::string&) {
             return right(name, "HERE IS MY POEM");
         }},
        {{"takes the poem to end at a dot", "以为诗到句点为止"}, ends_at('.')},
        {{"takes the poem to end at the end of a line", "以为诗到换行为止"}, ends_at('\n')},
        {{"sends the poem back if it does not know the name", "不认识名字时把诗送回"},
         [](const std::string& name, const std::string& poem) {
             return name == "cummingsify" ? right(name, poem) : Reply(poem);
         }},
    };
    return all;
}

} // namespace

CHECK(Text{"a server that is right", "正确的服务器"}) {
    act({"test_transform; the replies come later", "调用 test_transform；应答稍后到达"});
    expect_right(verdict(right));
}

CHECK(Text{"a server that is right, and quick", "正确而且很快的服务器"}) {
    std::string said;
    act({"test_transform; the replies come at once, and for no reply the connection is closed",
         "调用 test_transform；应答立即到达，没有应答时连接被关闭"});
    const TransformServer server = [](const std::string& name, const std::string& poem) {
        const twist::Deferred<std::string> d;
        d.callback(name == "cummingsify" ? right(name, poem) : Reply(twist::connection_done()));
        return d;
    };
    test_transform(server).add_callbacks(
        [&said] { said = "right"; },
        [&said](const twist::Failure& reason) { said = reason.text(); });
    expect_right(said);
}

CHECK(Text{"servers that break one promise each", "各违反一条承诺的服务器"}) {
    for (const auto& [what, answer] : wrong_servers()) {
        act({"test_transform with a server that " + what.en, "测试这样的服务器：" + what.zh});
        expect(verdict(answer) != "right",
               {"The test finds nothing wrong with a server that " + what.en + ".",
                "测试没有发现服务器的错误：它" + what.zh + "。"});
    }
}
