// A dict of Deferreds: the check fires them in its own order.
#include <map>
#include <memory>
#include <string>

#include "tools/check/check.hpp"
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

using namespace check;

using Poem = twist::Deferred<std::string>;
using Results = std::map<std::string, twist::Result<std::string>>;

twist::Deferred<Results> deferred_dict(const std::map<std::string, Poem>& poems);

namespace {

const Text what_came{"the result", "得到的结果"};

// Calls deferred_dict with a map that is gone afterwards, and records the result.
void start(const std::map<std::string, Poem>& poems, std::string& seen) {
    act({"deferred_dict is called", "调用 deferred_dict"});
    const auto map = std::make_unique<std::map<std::string, Poem>>(poems);
    deferred_dict(*map).add_callbacks(
        [&seen](const Results& results) {
            for (const auto& [name, result] : results)
                seen += name + ": " + (result ? result.value() : result.failure().text()) + "; ";
            seen += "all";
        },
        [&seen](const twist::Failure& failure) { seen += failure.text(); });
}

} // namespace

CHECK(Text{"two poems, the last one first", "两首诗，后一首先到"}) {
    const std::map<std::string, Poem> poems{{"ecstasy", Poem()}, {"science", Poem()}};
    std::string seen;
    start(poems, seen);
    act({"science arrives", "science 到达"});
    poems.at("science").callback("S");
    expect_equal(what_came, seen, std::string());
    act({"ecstasy arrives", "ecstasy 到达"});
    poems.at("ecstasy").callback("E");
    expect_equal(what_came, seen, std::string("ecstasy: E; science: S; all"));
}

CHECK(Text{"one of three fails", "三首之一失败"}) {
    const std::map<std::string, Poem> poems{{"a", Poem()}, {"b", Poem()}, {"c", Poem()}};
    std::string seen;
    start(poems, seen);
    act({"b fails", "b 失败"});
    poems.at("b").errback(twist::Exception("no poem"));
    expect_equal(what_came, seen, std::string());
    act({"a arrives, then c", "a 到达，然后 c 到达"});
    poems.at("a").callback("A");
    poems.at("c").callback("C");
    expect_equal(what_came, seen, std::string("a: A; b: [Failure: Exception: no poem]; c: C; all"));
}

CHECK(Text{"nothing to wait for", "没有什么可等"}) {
    std::string seen;
    act({"the dict is empty", "字典是空的"});
    start({}, seen);
    expect_equal(what_came, seen, std::string("all"));
}

CHECK(Text{"all have already fired", "全都已经到达"}) {
    std::string seen;
    start({{"a", twist::succeed(std::string("A"))}}, seen);
    expect_equal(what_came, seen, std::string("a: A; all"));
}
