// test-lines - a test of a class that splits a stream into lines and has a bug.
#include "twist/base/error.hpp"

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Takes the bytes of a stream as they arrive, and returns the lines that they complete.
class Lines {
  public:
    virtual ~Lines() = default;
    virtual std::vector<std::string> data_received(std::string_view data) = 0;
};

using MakeLines = std::function<std::unique_ptr<Lines>()>;

// The class with the bug.
class PoemLines : public Lines {
  public:
    std::vector<std::string> data_received(std::string_view data) override {
        std::vector<std::string> lines;
        for (std::size_t end = data.find('\n'); end != data.npos; end = data.find('\n')) {
            lines.push_back(rest_ + std::string(data.substr(0, end)));
            rest_.clear();
            data.remove_prefix(end + 1);
        }
        rest_ = data;
        return lines;
    }

  private:
    std::string rest_; // of an incomplete line
};

struct WrongLines : twist::Exception {
    using Exception::Exception;
};

void expect_lines(const std::vector<std::string>& lines, const std::vector<std::string>& expected) {
    if (lines != expected)
        throw WrongLines("These are not the lines that were sent.");
}

// Throws WrongLines if the class that `make_lines` makes is wrong.
void test_lines(const MakeLines& make_lines) {
    const auto lines = make_lines();
    expect_lines(lines->data_received("one\ntwo\n"), {"one", "two"});
    // TODO: send the pieces that a slow server sends.
}

int main() {
    try {
        test_lines([] { return std::make_unique<PoemLines>(); });
        std::cout << "The test finds nothing.\n";
    } catch (const WrongLines& error) {
        std::cout << "The test has found it: " << error.what() << '\n';
    }
}
