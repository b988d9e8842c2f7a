// The lost errback.
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

twist::Deferred<std::string> signed_poem(const twist::Deferred<std::string>& poem);

namespace {

void note(const twist::Deferred<std::string>& d, std::string& seen) {
    d.add_callbacks([&](const std::string& poem) { seen = poem; },
                    [&](const twist::Failure& reason) { seen = reason.text(); });
}

std::string result_of(const twist::Deferred<std::string>& d) {
    std::string seen = "nothing";
    note(d, seen);
    return seen;
}

} // namespace

CHECK(Text{"a poem with an author", "有作者的诗"}) {
    act({"signed_poem of 'a poem, A. Poet'", "对 'a poem, A. Poet' 调用 signed_poem"});
    expect_equal({"the result for a poem with an author", "有作者的诗的结果"},
                 result_of(signed_poem(twist::succeed(std::string("a poem, A. Poet")))),
                 std::string("a poem\n  by A. Poet"));
}

CHECK(Text{"a poem without an author", "没有作者的诗"}) {
    act({"signed_poem of 'a poem'", "对 'a poem' 调用 signed_poem"});
    expect_equal({"the result for a poem without an author", "没有作者的诗的结果"},
                 result_of(signed_poem(twist::succeed(std::string("a poem")))),
                 std::string("(an excuse: this poem has no author)"));
}

CHECK(Text{"no poem at all", "根本没有诗"}) {
    act({"signed_poem of a download that failed", "对失败的下载调用 signed_poem"});
    expect_equal(
        {"the result for a download that failed", "失败的下载的结果"},
        result_of(signed_poem(twist::fail<std::string>(twist::Exception("no connection")))),
        std::string("(an excuse: no connection)"));
}

CHECK(Text{"a poem that comes later", "以后才到的诗"}) {
    const Text what_came{"the result for a poem that comes later", "以后才到的诗的结果"};
    const twist::Deferred<std::string> poem;
    std::string seen = "nothing yet";
    act({"signed_poem of a download that is not over", "对还没有结束的下载调用 signed_poem"});
    note(signed_poem(poem), seen);
    expect_equal(what_came, seen, std::string("nothing yet"));
    act({"'a poem, A. Poet' comes", "'a poem, A. Poet' 到达"});
    poem.callback("a poem, A. Poet");
    expect_equal(what_came, seen, std::string("a poem\n  by A. Poet"));
}
