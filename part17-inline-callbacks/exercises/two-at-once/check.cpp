// Two downloads inside one coroutine: the check supplies the downloads and fires them.
#include <functional>
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using Download = std::function<twist::Deferred<std::string>()>;

twist::Deferred<std::string> two_poems(Download begin_first, Download begin_second);

namespace {

const Text what_came{"the result", "得到的结果"};
const Text first_comes{"the first poem arrives", "第一首诗到达"};
const Text second_comes{"the second poem arrives", "第二首诗到达"};

// Two downloads, and the result of both.
struct Two {
    twist::Deferred<std::string> first, second;
    int begun = 0;
    std::string seen;

    void start() {
        act({"two_poems is called", "调用 two_poems"});
        const auto begin = [this](const twist::Deferred<std::string>& d) {
            return [this, d] {
                ++begun;
                return d;
            };
        };
        two_poems(begin(first), begin(second))
            .add_callbacks([this](const std::string& poems) { seen += poems + ';'; },
                           [this](const twist::Failure& reason) { seen += reason.text() + ';'; });
        expect(begun >= 2, {"Only one download has started.", "只有一个下载已经开始。"});
        expect_equal({"the number of downloads that have started", "已经开始的下载数目"}, begun, 2);
        expect_equal(what_came, seen, std::string());
    }
};

} // namespace

CHECK(Text{"the first poem arrives first", "第一首先到"}) {
    Two two;
    two.start();
    act(first_comes);
    two.first.callback("one");
    expect_equal(what_came, two.seen, std::string());
    act(second_comes);
    two.second.callback("two");
    expect_equal(what_came, two.seen, std::string("one\ntwo;"));
}

CHECK(Text{"the second poem arrives first", "第二首先到"}) {
    Two two;
    two.start();
    act(second_comes);
    two.second.callback("two");
    expect_equal(what_came, two.seen, std::string());
    act(first_comes);
    two.first.callback("one");
    expect_equal(what_came, two.seen, std::string("one\ntwo;"));
}

CHECK(Text{"the first one fails", "第一首失败"}) {
    Two two;
    two.start();
    act({"the first download fails", "第一个下载失败"});
    two.first.errback(twist::Exception("no poem"));
    act(second_comes);
    two.second.callback("two");
    expect_equal(what_came, two.seen, std::string("[Failure: Exception: no poem];"));
}

CHECK(Text{"the second one fails first", "第二首失败，而且先于第一首"}) {
    Two two;
    two.start();
    act({"the second download fails", "第二个下载失败"});
    two.second.errback(twist::Exception("no poem"));
    act(first_comes);
    two.first.callback("one");
    expect_equal(what_came, two.seen, std::string("[Failure: Exception: no poem];"));
}
