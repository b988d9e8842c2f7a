// Ask again: the check's get_poetry fails when the check decides.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using GetPoetry = std::function<twist::Deferred<std::string>()>;
twist::Deferred<std::string> get_poetry_again(const GetPoetry& get_poetry, int retries);

namespace {

const Text calls{"how often get_poetry was called", "get_poetry 被调用的次数"};
const Text what_came{"the result", "得到的结果"};

// The calls of get_poetry, and the result.
struct Asked {
    std::vector<twist::Deferred<std::string>> poems;
    std::string seen;

    explicit Asked(int retries) {
        // Destroyed before the poems come: get_poetry_again must have kept a copy.
        auto get_poetry = std::make_unique<GetPoetry>(
            [this, padding = std::string(100, ' ')] { return poems.emplace_back(); });
        const auto d = get_poetry_again(*get_poetry, retries);
        get_poetry.reset();
        d.add_callbacks([this](const std::string& poem) { seen = poem; },
                        [this](const twist::Failure& reason) { seen = reason.text(); });
    }
    void fail(const std::string& why) {
        const auto last = poems.back();
        last.errback(twist::Exception(why));
    }
};

} // namespace

CHECK(Text{"it works at once", "立即成功"}) {
    act({"get_poetry_again, with 2 retries", "get_poetry_again，可重试 2 次"});
    Asked asked(2);
    expect_equal(calls, asked.poems.size(), 1U);
    act({"the poem comes", "诗到达"});
    asked.poems.back().callback("a poem");
    expect_equal(what_came, asked.seen, std::string("a poem"));
    expect_equal(calls, asked.poems.size(), 1U);
}

CHECK(Text{"it fails once", "失败一次"}) {
    act({"get_poetry_again, with 2 retries", "get_poetry_again，可重试 2 次"});
    Asked asked(2);
    expect_equal(calls, asked.poems.size(), 1U);
    act({"the first one fails", "第一次失败"});
    asked.fail("first");
    expect_equal(calls, asked.poems.size(), 2U);
    expect_equal(what_came, asked.seen, std::string());
    act({"the second one brings a poem", "第二次得到一首诗"});
    const auto second = asked.poems.back();
    second.callback("a poem");
    expect_equal(what_came, asked.seen, std::string("a poem"));
}

CHECK(Text{"it fails every time", "每次都失败"}) {
    act({"get_poetry_again, with 2 retries", "get_poetry_again，可重试 2 次"});
    Asked asked(2);
    std::size_t asks = 0;
    for (const std::string why : {"first", "second", "third"}) {
        expect_equal(calls, asked.poems.size(), ++asks);
        act({"the " + why + " one fails", why + " 失败"});
        asked.fail(why);
    }
    expect_equal(calls, asked.poems.size(), 3U);
    expect_equal(what_came, asked.seen, std::string("[Failure: Exception: third]"));
}

CHECK(Text{"no retries", "不重试"}) {
    act({"get_poetry_again, with 0 retries", "get_poetry_again，可重试 0 次"});
    Asked asked(0);
    act({"it fails", "失败"});
    asked.fail("only");
    expect_equal(calls, asked.poems.size(), 1U);
    expect_equal(what_came, asked.seen, std::string("[Failure: Exception: only]"));
}

CHECK(Text{"it fails before it returns", "还没有返回就失败"}) {
    std::size_t asked = 0;
    std::string seen;
    const auto get_poetry = [&asked] {
        return ++asked < 3 ? twist::fail<std::string>(twist::Exception("not now"))
                           : twist::succeed(std::string("a poem"));
    };
    act({"get_poetry_again, with 2 retries; two calls fail at once, the third brings a poem at "
         "once",
         "get_poetry_again，可重试 2 次；两次调用立即失败，第三次立即得到一首诗"});
    get_poetry_again(get_poetry, 2)
        .add_callbacks([&seen](const std::string& poem) { seen = poem; },
                       [&seen](const twist::Failure& reason) { seen = reason.text(); });
    expect_equal(calls, asked, 3U);
    expect_equal(what_came, seen, std::string("a poem"));
}
