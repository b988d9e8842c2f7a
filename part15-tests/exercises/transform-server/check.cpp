// A test for the transform server: it gets two correct servers, and then incorrect ones.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/error.hpp"
#include "twist/loop/fake_clock.hpp"
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

// A server that treats the first `end` as the end of the poem.
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

// The test's verdict on a server: "right", or the failure.
std::string verdict(const Answer& answer) {
    std::string said;
    twist::FakeClock clock;
    const TransformServer server = later(clock, answer);
    twist::maybe_deferred(test_transform, server)
        .add_callbacks([&said] { said = "right"; },
                       [&said](const twist::Failure& reason) { said = reason.text(); });
    expect(said != "right",
           {"The test ends before the first reply is there.", "第一个应答还没到，测试就结束了。"});
    while (said.empty() && !clock.delayed_calls().empty())
        clock.advance(1s);
    expect(!said.empty(), {"The test has all its replies but does not end.",
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
        {{"makes only the first letter lower case", "只把第一个字母变成小写"},
         [](const std::string& name, const std::string& poem) {
             return name == "cummingsify" ? Reply(twist::lower_case(poem.substr(0, 1)) +
                                                  poem.substr(poem.empty() ? 0 : 1))
                                          : no_reply();
         }},
        {{"never replies", "对谁都不应答"},
         [](const std::string&, const std::string&) { return no_reply(); }},
        {{"sends every client the same poem", "给所有人同一首诗"},
         [](const std::string& name, const std::string&) {
             return right(name, "HERE IS MY POEM");
         }},
        {{"treats a dot as the end of the poem", "以为诗到句点为止"}, ends_at('.')},
        {{"treats a line end as the end of the poem", "以为诗到换行为止"}, ends_at('\n')},
        {{"sends the poem back if it does not know the name", "不认识名字时把诗送回"},
         [](const std::string& name, const std::string& poem) {
             return name == "cummingsify" ? right(name, poem) : Reply(poem);
         }},
    };
    return all;
}

} // namespace

CHECK(Text{"a correct server", "正确的服务器"}) {
    act({"test_transform; the replies arrive later", "调用 test_transform；应答稍后到达"});
    expect_right(verdict(right));
}

CHECK(Text{"a correct, fast server", "正确而且很快的服务器"}) {
    std::string said;
    act({"test_transform; the replies arrive at once, or the connection is closed",
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
