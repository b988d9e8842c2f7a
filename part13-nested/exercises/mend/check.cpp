// The maker fires it: two servers that answer when the check says so.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using Answer = std::function<void(const twist::Result<std::string>&)>;
using Server = std::function<void(const std::string& request, Answer answer)>;

twist::Deferred<std::string> get_poetry(const Server& poems, const Server& transforms);

namespace {

const Text what_came{"the result", "得到的结果"};
const Text what_was_asked{"the list of requests to the transform server", "转换服务器收到的请求"};

// Keeps its requests, and answers by hand.
struct Asked {
    Server server() {
        return [this](const std::string& request, const Answer& answer) {
            requests.push_back(request);
            answers.push_back(answer);
        };
    }
    void answer(const twist::Result<std::string>& result) {
        std::exchange(answers.at(0), nullptr)(result);
    }
    std::vector<std::string> requests;
    std::vector<Answer> answers;
};

// get_poetry has been called; no answer has arrived yet.
struct Called {
    Called() {
        act({"get_poetry", "调用 get_poetry"});
        get_poetry(poems.server(), transforms.server())
            .add_callbacks([this](const std::string& poem) { seen += "poem: " + poem + "; "; },
                           [this](const twist::Failure& reason) { seen += reason.text() + "; "; });
        expect_equal({"the number of requests to the poetry server", "诗歌服务器被请求的次数"},
                     poems.requests.size(), 1U);
    }
    void poem_comes() {
        act({"the poem arrives: \"Alla Sera\"", "诗到了：\"Alla Sera\""});
        poems.answer(std::string("Alla Sera"));
        expect_equal(what_was_asked, transforms.requests,
                     std::vector<std::string>{"cummingsify.Alla Sera"});
    }
    Asked poems, transforms;
    std::string seen;
};

// Reports an unhandled error as such, not as a missing result.
void expect_seen(const std::string& seen, const std::string& expected) {
    if (const std::string lost = take_reports(); !lost.empty())
        fail({"An error was reported that nobody handled.", "有错误没有人处理，被报告了出来。"},
             lost);
    expect_equal(what_came, seen, expected);
}

} // namespace

CHECK(Text{"both servers answer", "两个服务器都作出应答"}) {
    Called it;
    it.poem_comes();
    expect_seen(it.seen, "");
    act({"the transform server answers: \"alla sera\"", "转换服务器应答：\"alla sera\""});
    it.transforms.answer(std::string("alla sera"));
    expect_seen(it.seen, "poem: alla sera; ");
}

CHECK(Text{"the download fails", "下载失败"}) {
    Called it;
    act({"the poetry server fails", "诗歌服务器失败"});
    it.poems.answer(twist::Failure(twist::Exception("no poem")));
    expect_seen(it.seen, "[Failure: Exception: no poem]; ");
    expect_equal(what_was_asked, it.transforms.requests, std::vector<std::string>());
}

CHECK(Text{"the transformation fails", "转换失败"}) {
    Called it;
    it.poem_comes();
    act({"the transform server fails", "转换服务器失败"});
    it.transforms.answer(twist::Failure(twist::Exception("no transformation")));
    expect_seen(it.seen, "[Failure: Exception: no transformation]; ");
}

CHECK(Text{"the servers answer at once", "服务器立刻应答"}) {
    std::string seen;
    const auto says = [](const std::string& word) {
        return [word](const std::string&, const Answer& answer) { answer(word); };
    };
    act({"get_poetry, with servers that answer before it returns",
         "调用 get_poetry，服务器在它返回之前就应答"});
    get_poetry(says("Alla Sera"), says("alla sera")).add_callback([&seen](const std::string& poem) {
        seen = "poem: " + poem + "; ";
    });
    expect_seen(seen, "poem: alla sera; ");
}
