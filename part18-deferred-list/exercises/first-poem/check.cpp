// The first poem wins: the check fires the poems, and counts the cancels.
#include <memory>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using Poem = twist::Deferred<std::string>;

Poem first_poem(const std::vector<Poem>& poems);

namespace {

const Text what_came{"the result", "得到的结果"};
const Text called{"first_poem is called with three poems", "对三首诗调用 first_poem"};
const Text second_comes{"the second one arrives", "第二首到达"};

// Three poems, and the number of cancels for each.
struct Three {
    std::vector<Poem> poems;
    std::vector<int> cancelled = {0, 0, 0};
    std::string seen;

    Three() {
        for (int& count : cancelled)
            poems.push_back(Poem([&count](Poem&) { ++count; }));
    }

    void start() {
        act(called);
        const auto list = std::make_unique<std::vector<Poem>>(poems); // goes when this returns
        first_poem(*list).add_callbacks(
            [this](const std::string& poem) { seen += "poem: " + poem + "; "; },
            [this](const twist::Failure& reason) {
                const bool known = reason.check<twist::Exception>() != nullptr;
                seen += (known ? "Exception" : reason.text()) + "; ";
            });
    }

    void expect_cancelled(const std::vector<int>& expected) const {
        for (std::size_t i = 0; i < expected.size(); ++i)
            expect(cancelled[i] >= expected[i],
                   {"A poem that is no longer wanted was not cancelled.",
                    "有一首诗已经没有人要了，却没有被取消。"});
        expect_equal({"the number of cancels for each poem", "每首诗被取消的次数"}, cancelled,
                     expected);
    }
};

} // namespace

CHECK(Text{"the second one is the first to arrive", "第二首最先到达"}) {
    Three three;
    three.start();
    act(second_comes);
    three.poems[1].callback("two");
    expect_equal(what_came, three.seen, std::string("poem: two; "));
    three.expect_cancelled({1, 0, 1});
}

CHECK(Text{"one fails before the first poem arrives", "第一首诗到达之前有一首失败"}) {
    Three three;
    three.start();
    act({"the first one fails", "第一首失败"});
    three.poems[0].errback(twist::Exception("no poem"));
    expect_equal(what_came, three.seen, std::string());
    three.expect_cancelled({0, 0, 0});
    act(second_comes);
    three.poems[1].callback("two");
    expect_equal(what_came, three.seen, std::string("poem: two; "));
    three.expect_cancelled({0, 0, 1});
}

CHECK(Text{"all fail", "全部失败"}) {
    Three three;
    three.start();
    act({"all three fail, one after another", "三首依次失败"});
    for (const Poem& poem : three.poems)
        poem.errback(twist::Exception("no poem"));
    expect_equal(what_came, three.seen, std::string("Exception; "));
    three.expect_cancelled({0, 0, 0});
}

CHECK(Text{"one has already fired", "有一首早已到达"}) {
    Three three;
    act({"the third one arrives", "第三首到达"});
    three.poems[2].callback("three");
    three.start();
    expect_equal(what_came, three.seen, std::string("poem: three; "));
    three.expect_cancelled({1, 1, 0});
}

CHECK(Text{"two have already fired", "有两首早已到达"}) {
    Three three;
    act({"the first one arrives, and then the third", "第一首到达，然后第三首到达"});
    three.poems[0].callback("one");
    three.poems[2].callback("three");
    three.start();
    expect_equal(what_came, three.seen, std::string("poem: one; "));
    three.expect_cancelled({0, 1, 0});
}
