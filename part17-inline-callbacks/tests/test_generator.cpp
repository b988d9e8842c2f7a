// Generator: Python's next, send, throw and close, and what C++ adds: who owns the frame.
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/last_words.hpp"
#include "generator.hpp"
#include "twist/base/error.hpp"

using namespace twist;

namespace {

struct Malfunction : Exception {
    using Exception::Exception;
};

// A local variable that records its destruction.
class Local {
  public:
    explicit Local(std::string& seen) : seen_(seen) {}
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    ~Local() { seen_ += "(gone)"; }

  private:
    std::string& seen_;
};

Generator<int> count(std::string& seen, int last) {
    const Local local(seen);
    for (int i = 1; i <= last; ++i) {
        seen += "[" + std::to_string(i) + "]";
        co_yield i;
    }
    seen += "[done]";
}

// Yields everything it has received so far.
Generator<std::string, int> listen() {
    std::string got = "begun";
    while (true) {
        try {
            const std::optional<int> value = co_yield got;
            got += value ? " " + std::to_string(*value) : " nothing";
        } catch (const Malfunction& error) {
            got += std::string(" ") + error.what();
        }
    }
}

Generator<int> fail_after(int last) {
    for (int i = 1; i <= last; ++i)
        co_yield i;
    throw Malfunction("from the body");
}

template <class G>
concept CanAwait = requires(typename G::promise_type promise) { promise.await_transform(1); };

} // namespace

// next --------------------------------------------------------------------------------------------

TEST_CASE("next() runs the body to its next co_yield, and not before it is called") {
    std::string seen;
    Generator<int> generator = count(seen, 2);
    CHECK(seen == "");
    CHECK(generator.next() == 1);
    CHECK(seen == "[1]");
    CHECK(generator.next() == 2);
    CHECK(seen == "[1][2]");
}

TEST_CASE("after the end, next() returns nothing each time; the locals are destroyed") {
    std::string seen;
    Generator<int> generator = count(seen, 0);
    CHECK(generator.next() == std::nullopt);
    CHECK(seen == "[done](gone)");
    CHECK(generator.next() == std::nullopt);
    CHECK(seen == "[done](gone)");
}

TEST_CASE("an exception that leaves the body leaves next(), and ends the body") {
    Generator<int> generator = fail_after(1);
    CHECK(generator.next() == 1);
    CHECK_THROWS_WITH_AS(generator.next(), "from the body", Malfunction);
    CHECK(generator.next() == std::nullopt);
}

TEST_CASE("two generators of one function each have their own variables") {
    std::string seen;
    Generator<int> a = count(seen, 9), b = count(seen, 9);
    CHECK(a.next() == 1);
    CHECK(a.next() == 2);
    CHECK(b.next() == 1);
    CHECK(a.next() == 3);
}

TEST_CASE("a move-only value can be yielded; a variable is copied") {
    const auto boxes = []() -> Generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(7);
    };
    CHECK(**boxes().next() == 7);
    const auto texts = []() -> Generator<std::string> {
        const std::string text = "text";
        co_yield text;
        co_yield text + "!";
        co_yield "converted";
    };
    std::string seen;
    for (const std::string& text : texts())
        seen += text + " ";
    CHECK(seen == "text text! converted ");
}

// send --------------------------------------------------------------------------------------------

TEST_CASE("co_yield returns the sent value, and an empty value after next()") {
    Generator<std::string, int> generator = listen();
    CHECK(generator.next() == "begun");
    CHECK(generator.send(10) == "begun 10");
    CHECK(generator.next() == "begun 10 nothing");
    CHECK(generator.send(20) == "begun 10 nothing 20");
}

TEST_CASE("a move-only value can be sent") {
    auto generator = []() -> Generator<int, std::unique_ptr<int>> {
        std::optional<std::unique_ptr<int>> sent = co_yield 0;
        while (sent) {
            const int value = **sent;
            sent = co_yield value;
        }
    }();
    CHECK(generator.next() == 0);
    CHECK(generator.send(std::make_unique<int>(7)) == 7);
    CHECK(generator.next() == std::nullopt);
}

TEST_CASE("nothing can be sent before the body has begun; it can begin after that") {
    Generator<std::string, int> generator = listen();
    CHECK_THROWS_AS(generator.send(10), std::logic_error);
    CHECK(generator.next() == "begun");
    CHECK(generator.send(10) == "begun 10");
}

TEST_CASE("a value sent after the end is lost") {
    auto generator = []() -> Generator<int, int> { co_return; }();
    CHECK(generator.next() == std::nullopt);
    CHECK(generator.send(10) == std::nullopt);
}

TEST_CASE("a value sent to one wait is not there at the next") {
    auto generator = []() -> Generator<int, int> {
        while (true) {
            int sum = 0;
            for (int i = 0; i < 2; ++i)
                sum += (co_yield i).value_or(100);
            co_yield sum;
        }
    }();
    CHECK(generator.next() == 0);
    CHECK(generator.send(5) == 1);
    CHECK(generator.next() == 105);
}

// throw -------------------------------------------------------------------------------------------

TEST_CASE("co_yield throws the very same exception that was thrown in") {
    Generator<std::string, int> generator = listen();
    CHECK(generator.next() == "begun");
    CHECK(generator.throw_in(Malfunction("ouch")) == "begun ouch");
    CHECK(generator.throw_in(Failure(Malfunction("again"))) == "begun ouch again");
    CHECK(generator.send(1) == "begun ouch again 1");

    std::string seen;
    const Failure failure(Malfunction("not caught"));
    Generator<int> other = count(seen, 9);
    CHECK(other.next() == 1);
    try {
        other.throw_in(failure);
        FAIL("it was not thrown");
    } catch (const Malfunction&) {
        CHECK(Failure() == failure);
    }
}

TEST_CASE("an uncaught exception leaves the call and ends the body; the locals are destroyed") {
    std::string seen;
    Generator<int> generator = count(seen, 9);
    CHECK(generator.next() == 1);
    const auto ouch = std::make_exception_ptr(Malfunction("ouch"));
    CHECK_THROWS_WITH_AS(generator.throw_in(ouch), "ouch", Malfunction);
    CHECK(seen == "[1](gone)");
    CHECK(generator.next() == std::nullopt);
}

TEST_CASE("the body may throw another exception instead, or end") {
    const auto answer = [](bool with_another) -> Generator<int> {
        try {
            co_yield 1;
        } catch (const Malfunction&) {
            if (with_another)
                throw std::runtime_error("another");
        }
    };
    auto throws = answer(true), ends = answer(false);
    throws.next();
    ends.next();
    CHECK_THROWS_WITH_AS(throws.throw_in(Malfunction()), "another", std::runtime_error);
    CHECK(ends.throw_in(Malfunction()) == std::nullopt);
}

TEST_CASE("before the start and after the end, throw_in() itself throws; the body never begins") {
    std::string seen;
    Generator<int> generator = count(seen, 9);
    CHECK_THROWS_AS(generator.throw_in(Malfunction()), Malfunction);
    CHECK(generator.next() == std::nullopt);
    CHECK_THROWS_AS(generator.throw_in(Malfunction()), Malfunction);
    CHECK(seen == "");
}

// Ownership ---------------------------------------------------------------------------------------

TEST_CASE("close() and the destructor end the body at its co_yield: the locals are destroyed") {
    std::string seen;
    {
        Generator<int> generator = count(seen, 9);
        generator.next();
        generator.close();
        CHECK(seen == "[1](gone)");
        CHECK(generator.next() == std::nullopt);
        generator.close();
        generator = count(seen, 9);
        generator.next();
    }
    CHECK(seen == "[1](gone)[1](gone)");
}

TEST_CASE("a generator that never began is destroyed with its parameters") {
    const auto shared = std::make_shared<int>(1);
    {
        const auto generator = [](std::shared_ptr<int> held) -> Generator<int> {
            co_yield *held;
        }(shared);
        CHECK(shared.use_count() == 2);
    }
    CHECK(shared.use_count() == 1);
}

TEST_CASE("it can be moved, not copied; the moved-from generator has ended") {
    static_assert(std::is_nothrow_move_constructible_v<Generator<int>>);
    static_assert(std::is_nothrow_move_assignable_v<Generator<int>>);
    static_assert(!std::is_copy_constructible_v<Generator<int>>);
    std::string seen;
    Generator<int> first = count(seen, 2);
    CHECK(first.next() == 1);
    Generator<int> second = std::move(first);
    CHECK(first.next() == std::nullopt); // NOLINT(bugprone-use-after-move)
    CHECK(second.next() == 2);
    second = count(seen, 9);
    CHECK(seen == "[1][2](gone)");
    CHECK(second.next() == 1);
}

TEST_CASE("its own body can't call it: that is an error in the body, and harmless") {
    std::optional<Generator<int, int>> self;
    std::string errors;
    self = [](auto& own, std::string& seen) -> Generator<int, int> {
        const auto refused = [&seen](const auto& call) {
            try {
                call();
            } catch (const std::logic_error&) {
                seen += "refused ";
            }
        };
        refused([&own] { own->next(); });
        refused([&own] { own->send(1); });
        refused([&own] { own->throw_in(Malfunction()); });
        refused([&own] { own->close(); });
        co_yield 1;
        own->next(); // not caught
    }(self, errors);
    CHECK(self->next() == 1);
    CHECK(errors == "refused refused refused refused ");
    CHECK_THROWS_AS(self->next(), std::logic_error);
    CHECK(self->next() == std::nullopt);
}

TEST_CASE("its own body may destroy it: the body runs to the next co_yield, and no further") {
    std::string seen;
    std::optional<Generator<int>> self;
    self = [](auto& own, std::string& notes) -> Generator<int> {
        const Local local(notes);
        co_yield 1;
        own.reset();
        notes += "[goes on]";
        co_yield 2;
        notes += "[never]";
    }(self, seen);
    CHECK(self->next() == 1);
    CHECK(self->next() == 2);
    CHECK(seen == "[goes on](gone)");
    CHECK_FALSE(self);
}

TEST_CASE("its own body may move it") {
    std::vector<Generator<int>> homes;
    homes.push_back([](auto& all) -> Generator<int> {
        Generator<int> own = std::move(all.front());
        all.clear();
        all.push_back(std::move(own));
        co_yield 1;
        co_yield 2;
    }(homes));
    CHECK(homes.front().next() == 1);
    CHECK(homes.front().next() == 2);
    CHECK(homes.front().next() == std::nullopt);
}

// for ---------------------------------------------------------------------------------------------

TEST_CASE("for takes the values; the body and the loop take turns") {
    std::string seen;
    for (const int value : count(seen, 2))
        seen += std::to_string(value);
    CHECK(seen == "[1]1[2]2[done](gone)");
}

TEST_CASE("leaving the loop leaves the generator suspended") {
    std::string seen;
    Generator<int> generator = count(seen, 3);
    for (const int value : generator)
        if (value == 2)
            break;
    CHECK(seen == "[1][2]");
    CHECK(generator.next() == 3);
}

TEST_CASE("an exception from the body leaves the loop") {
    int sum = 0;
    const auto loop = [&sum] {
        for (const int value : fail_after(2))
            sum += value;
    };
    CHECK_THROWS_AS(loop(), Malfunction);
    CHECK(sum == 3);
}

TEST_CASE("a generator is a range") {
    static_assert(std::ranges::input_range<Generator<int>>);
    static_assert(std::ranges::input_range<Generator<std::unique_ptr<int>>>);
    std::string seen;
    int sum = 0;
    for (Generator<int> numbers = count(seen, 4);
         const int value : numbers | std::views::transform([](int n) { return n * n; }))
        sum += value;
    CHECK(sum == 30);
}

TEST_CASE("a generator's body does not co_await") {
    static_assert(!CanAwait<Generator<int>>);
}

TEST_CASE("while a generator is destroyed, its locals see it as ended") {
    std::string seen;
    const auto body = [](std::function<void()> last_words) -> Generator<int> {
        const LastWords last(std::move(last_words));
        co_yield 1;
        co_yield 2;
    };
    std::unique_ptr<Generator<int>> owner;
    Generator<int>* self = nullptr;
    owner = std::make_unique<Generator<int>>(body([&] {
        seen += self->next() ? "a value " : "ended ";
        self->close();
    }));
    self = owner.get();
    CHECK(self->next() == 1);
    SUBCASE("destroyed") {
        owner.reset();
    }
    SUBCASE("closed") {
        owner->close();
    }
    CHECK(seen == "ended ");
}
