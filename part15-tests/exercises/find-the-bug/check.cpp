// Find the bug by its test: runs the test with correct classes, and with the class that has the
// bug.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/failure.hpp"

using namespace check;

// As the exercise has it.
class Lines {
  public:
    virtual ~Lines() = default;
    virtual std::vector<std::string> data_received(std::string_view data) = 0;
};

using MakeLines = std::function<std::unique_ptr<Lines>()>;

void test_lines(const MakeLines& make_lines);

namespace {

class Right : public Lines {
  public:
    std::vector<std::string> data_received(std::string_view data) override {
        std::vector<std::string> lines;
        for (const char byte : data) {
            if (byte == '\n')
                lines.push_back(std::exchange(rest_, {}));
            else
                rest_ += byte;
        }
        return lines;
    }

  private:
    std::string rest_;
};

class WithTheBug : public Lines {
  public:
    std::vector<std::string> data_received(std::string_view data) override {
        const std::size_t end = data.rfind('\n');
        if (end == data.npos) {
            rest_ = data; // and the old content is lost
            return {};
        }
        Right whole;
        const auto lines = whole.data_received(rest_ + std::string(data.substr(0, end + 1)));
        rest_ = data.substr(end + 1);
        return lines;
    }

  private:
    std::string rest_;
};

// What the test throws; "" if it throws nothing.
template <class Splitter>
std::string complaint() {
    try {
        test_lines([] { return std::make_unique<Splitter>(); });
        return "";
    } catch (...) {
        return twist::Failure().text();
    }
}

} // namespace

CHECK(Text{"a correct class", "正确的类"}) {
    act({"test_lines", "调用 test_lines"});
    if (const std::string said = complaint<Right>(); !said.empty())
        fail({"The test finds a bug in a correct class.", "类没有错误，测试却说它有。"}, said);
}

CHECK(Text{"the class with the bug", "有错误的类"}) {
    act({"test_lines", "调用 test_lines"});
    const std::string said = complaint<WithTheBug>();
    expect(!said.empty(),
           {"The test does not find the bug of `PoemLines`.", "测试没有发现 `PoemLines` 的错误。"});
    expect(said.find("WrongLines") != said.npos,
           {"The test fails, but it does not throw `WrongLines`.",
            "测试失败了，但抛出的不是 `WrongLines`。"});
}
