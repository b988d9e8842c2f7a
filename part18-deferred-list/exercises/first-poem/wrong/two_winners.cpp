// expect: An error was reported that nobody handled.
// thought: When the first poem has come the others are cancelled, so no second one can come.
// 想法：第一首诗到了，其他的就被取消，所以不会再来第二首。
// first-poem - the first poem that comes wins; the others are cancelled.
#include "common/clock.hpp"
#include "common/deferred.hpp"
#include "common/deferred_list.hpp"
#include "common/error.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

using Poem = twist::Deferred<std::string>;

// The first poem that comes; a twist::Exception, if none does.
Poem first_poem(const std::vector<Poem>& poems) {
    const Poem first;
    const auto failed = std::make_shared<std::size_t>(0);
    for (const Poem& poem : poems)
        poem.add_callbacks(
            [first, poems](const std::string& text) {
                first.callback(text);
                for (const Poem& other : poems)
                    other.cancel();
            },
            [first, failed, all = poems.size()](const twist::Failure&) {
                if (++*failed == all)
                    first.errback(twist::Exception("None of the poems came."));
            });
    return first;
}

// A poem, after `delay`; says so if it is cancelled.
Poem get_poem(twist::Clock& clock, const std::string& poem, twist::Seconds delay) {
    const auto delayed_call = std::make_shared<twist::DelayedCall>();
    Poem d([delayed_call, poem](auto&) {
        delayed_call->cancel();
        std::cout << "cancelled: " << poem << '\n';
    });
    *delayed_call = clock.call_later(delay, [d, poem] { d.callback(poem); });
    return d;
}

int main() {
    twist::FakeClock clock;
    first_poem({get_poem(clock, "ecstasy", 3s), get_poem(clock, "fascination", 2s),
                get_poem(clock, "science", 4s)})
        .add_callback([](const std::string& poem) { std::cout << "got: " << poem << '\n'; });
    for (int second = 1; second <= 4; ++second) {
        std::cout << "second " << second << '\n';
        clock.advance(1s);
    }
}
