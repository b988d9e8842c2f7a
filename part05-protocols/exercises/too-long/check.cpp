// A poem that is too long: a server in the same reactor sends it.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/poet.hpp"
#include "twist/loop/reactor.hpp"

using namespace check;
using namespace std::chrono_literals;

using Finished = std::function<void(std::optional<std::string> poem)>;

void get_poetry(twist::Reactor& reactor, const twist::Address& address, std::size_t longest,
                const Finished& finished);

namespace {

// Downloads a poem of at most 20 bytes; the connection must have ended by then.
void expect_finished(const std::vector<std::string>& pieces, Poet::Then then,
                     const std::string& expected) {
    twist::Reactor reactor;
    const Poet poet(reactor, pieces, then);
    std::vector<std::string> finished;
    get_poetry(reactor, poet.address(), 20, [&](const std::optional<std::string>& poem) {
        finished.push_back(poem ? "the poem: " + *poem : "nothing");
    });
    int turns_left = 5; // after the end: a second call would come now
    const std::function<void()> look = [&] {
        const bool over = !finished.empty() && poet.clients() == 1 && poet.present() == 0;
        if (over && --turns_left == 0)
            reactor.stop();
        else
            reactor.call_later(1ms, look);
    };
    look();
    run(reactor);
    expect_equal({"what finished was called with", "finished 得到的内容"}, finished,
                 std::vector<std::string>{expected});
}

} // namespace

CHECK(Text{"poems that are not too long", "不太长的诗"}) {
    act({"a poem of 20 bytes, the limit, in two pieces", "20 字节的诗，正好是允许的长度，分两段"});
    expect_finished({"twenty byte", "s of it, "}, Poet::Then::closes,
                    "the poem: twenty bytes of it, ");
    act({"a poem of 3 bytes", "3 字节的诗"});
    expect_finished({"Oh!"}, Poet::Then::closes, "the poem: Oh!");
    act({"an empty poem", "空诗"});
    expect_finished({}, Poet::Then::closes, "the poem: ");
}

CHECK(Text{"poems with one byte too many", "多了一个字节的诗"}) {
    act({"21 bytes at once", "一次 21 个字节"});
    expect_finished({std::string(21, 'a')}, Poet::Then::closes, "nothing");
    act({"20 bytes, and one more", "20 个字节，然后再来一个"});
    expect_finished({std::string(20, 'a'), "b"}, Poet::Then::stays, "nothing");
}

CHECK(Text{"an endless poem", "没有结尾的诗"}) {
    act({"100 pieces of 4 bytes; then the server sends nothing more, and does not close",
         "100 段，每段 4 字节；之后服务器什么也不说，也不关闭"});
    expect_finished(std::vector<std::string>(100, "oh, "), Poet::Then::stays, "nothing");
    act({"500,000 bytes at once", "一次 500,000 个字节"});
    expect_finished({std::string(500'000, 'a')}, Poet::Then::stays, "nothing");
}

CHECK(Text{"a poem that is cut by a reset", "被重置中断的诗"}) {
    act({"10 bytes, then a reset", "10 个字节，然后重置"});
    expect_finished({"ten bytes."}, Poet::Then::resets, "nothing");
}
