// deferred-simulator - draws which functions of a chain run, and what the next one gets.
// Answers twisted-deferred/deferred-simulator.py
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/base/result.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/program/command_line.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cwchar>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::string_literals;

const char* const instructions =
    "Enter the pairs of a chain, one per line: a callback, and the errback beside it.\n"
    "Each is one of\n\n"
    "  r VALUE    return VALUE\n"
    "  f VALUE    fail: throw an Exception with VALUE\n"
    "  p          passthru: return what it got; an errback got a Failure\n\n"
    "as in 'r good f bad' or 'f googly p'. A VALUE is one word. An empty line ends the\n"
    "chain.\n\n"
    "The drawing has callbacks on the left and errbacks on the right. Functions that\n"
    "ran have a heavy frame; bad* is a Failure that holds Exception(\"bad\").";

// The width of the text in terminal columns; nothing if a terminal can't show it.
std::optional<std::size_t> columns(std::string_view text) {
    std::size_t sum = 0;
    std::mbstate_t state{};
    while (!text.empty()) {
        wchar_t character = 0;
        const std::size_t length = std::mbrtowc(&character, text.data(), text.size(), &state);
        const bool is_text = length != 0 && length <= text.size();
        const int width = is_text ? ::wcwidth(character) : -1;
        if (width < 0)
            return {};
        sum += static_cast<std::size_t>(width);
        text.remove_prefix(length);
    }
    return sum;
}

// The chain ---------------------------------------------------------------------------------------

enum class Rail { callback, errback };

// What a callback or an errback does, whichever of the two it is.
struct Function {
    enum class Kind { returns, fails, passes };
    Kind kind;
    std::string value; // empty if it passes on what it got

    twist::Result<std::string> operator()(const twist::Result<std::string>& got) const {
        if (kind == Kind::fails)
            throw twist::Exception(value);
        return kind == Kind::returns ? value : got;
    }
};

constexpr std::array<std::string_view, 3> kinds{"return", "fail", "passthru"};

std::string caption(const Function& function) {
    const std::string kind(kinds.at(static_cast<std::size_t>(function.kind)));
    return function.value.empty() ? kind : kind + ' ' + function.value;
}

struct Pair {
    Function callback, errback;
};

using Pairs = std::vector<Pair>;

// Reading it --------------------------------------------------------------------------------------

// A line that is not a pair; the message says what is wrong with it.
struct BadLine : twist::Exception {
    using Exception::Exception;
};

std::string take_word(std::istream& words, const std::string& what) {
    std::string word;
    if (!(words >> word))
        throw BadLine(what + " is missing");
    if (!columns(word))
        throw BadLine(what + " is not printable UTF-8");
    return word;
}

// Any beginning of a kind's name is enough.
Function take_function(std::istream& words, const std::string& which) {
    const std::string word = take_word(words, "the " + which);
    const auto name =
        std::ranges::find_if(kinds, [&](std::string_view kind) { return kind.starts_with(word); });
    if (name == kinds.end())
        throw BadLine("the " + which + " is '" + word + "', not r, f or p");
    Function function{static_cast<Function::Kind>(name - kinds.begin()), ""};
    if (function.kind == Function::Kind::passes)
        return function;
    return {function.kind, take_word(words, "the value after '" + word + "'")};
}

Pair parse_pair(const std::string& line) {
    std::istringstream words(line);
    Function callback = take_function(words, "callback");
    Function errback = take_function(words, "errback");
    if (!(words >> std::ws).eof())
        throw BadLine("'" + take_word(words, "what follows the errback") +
                      "' is one word too many");
    return {std::move(callback), std::move(errback)};
}

// Reads up to an empty line or the end of input. A line that is not a pair is skipped.
Pairs read_pairs(std::istream& in, bool at_terminal) {
    Pairs pairs;
    std::string line;
    for (std::size_t number = 1;; ++number) {
        if (at_terminal)
            std::cout << "> ";
        if (!std::getline(in, line) || line.find_first_not_of(" \t\r") == std::string::npos)
            return pairs;
        try {
            pairs.push_back(parse_pair(line));
        } catch (const BadLine& error) {
            std::cerr << "deferred-simulator: line " << number << ": " << error.what() << '\n';
        }
    }
}

// Running it --------------------------------------------------------------------------------------

// What reached a level of the chain, or its end, and on which rail.
struct Arrival {
    Rail rail;
    std::string text;
};

// Fires a Deferred with these pairs. Each function notes that it was called, and with what; only
// these notes tell which functions ran.
std::vector<Arrival> arrivals(const Pairs& pairs, Rail fired) {
    std::vector<Arrival> seen;
    const auto got_value = [&](const std::string& value) {
        seen.push_back({Rail::callback, value});
    };
    const auto got_failure = [&](const twist::Failure& failure) {
        seen.push_back({Rail::errback, failure.message() + '*'});
    };

    twist::Deferred<std::string> d;
    for (const Pair& pair : pairs)
        d.add_callbacks(
            [&](const std::string& value) {
                got_value(value);
                return pair.callback(value);
            },
            [&](const twist::Failure& failure) {
                got_failure(failure);
                return pair.errback(failure);
            });
    d.add_callbacks(got_value, got_failure);

    if (fired == Rail::callback)
        d.callback("initial"s);
    else
        d.errback(twist::Exception("initial"));
    return seen;
}

// Drawing it --------------------------------------------------------------------------------------

// A line of text, written from left to right.
class Line {
  public:
    Line& at(std::size_t column, const std::string& text) {
        text_.append(column - width_, ' ').append(text);
        width_ = column + columns(text).value();
        return *this;
    }
    Line& centered(std::size_t column, const std::string& text) {
        return at(column - columns(text).value() / 2, text);
    }
    // Ends where `column` begins.
    Line& before(std::size_t column, const std::string& text) {
        return at(column - columns(text).value(), text);
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::size_t width_ = 0;
};

std::string repeated(std::size_t count, std::string_view text) {
    std::string all;
    for (; count > 0; --count)
        all += text;
    return all;
}

struct Frame {
    std::string top_left, top_right, horizontal, vertical, bottom_left, bottom_middle, bottom_right;
};
const Frame heavy{"┏", "┓", "━", "┃", "┗", "┯", "┛"};
const Frame dashed{"┌", "┐", "╌", "╎", "└", "╌", "┘"};

// One firing of a chain: two columns of boxes, and the way through them.
class Picture {
  public:
    static constexpr std::size_t gap = 2;

    explicit Picture(std::size_t box_width) : box_(box_width) {}

    std::size_t width() const { return 2 * box_ + gap; }
    const std::vector<Line>& lines() const { return lines_; }

    void word(Rail rail, const std::string& text) { line().centered(middle(rail), text); }

    void arrow(Rail from, Rail to, const std::string& label) {
        const std::size_t left = middle(Rail::callback), right = middle(Rail::errback);
        if (from != to) {
            const std::size_t rest = right - left - 1 - (columns(label).value() + 2);
            line()
                .at(left, from == Rail::callback ? "└" : "┌")
                .at(left + 1, repeated(rest / 2, "─") + ' ' + label + ' ')
                .at(right - (rest - rest / 2), repeated(rest - rest / 2, "─"))
                .at(right, from == Rail::callback ? "┐" : "┘");
        } else if (from == Rail::callback) {
            line().at(left, "│ " + label);
        } else {
            line().before(right + 1, label + " │");
        }
        line().at(middle(to), "▼");
    }

    void boxes(const Pair& pair, Rail ran) {
        const Frame& left = ran == Rail::callback ? heavy : dashed;
        const Frame& right = ran == Rail::errback ? heavy : dashed;
        const std::size_t second = box_ + gap;
        const auto top = [&](const Frame& f) {
            return f.top_left + repeated(box_ - 2, f.horizontal) + f.top_right;
        };
        const auto bottom = [&](const Frame& f) {
            const std::string half = repeated(box_ / 2 - 1, f.horizontal);
            return f.bottom_left + half + f.bottom_middle + half + f.bottom_right;
        };
        line().at(0, top(left)).at(second, top(right));
        line()
            .at(0, left.vertical)
            .centered(middle(Rail::callback), caption(pair.callback))
            .at(box_ - 1, left.vertical)
            .at(second, right.vertical)
            .centered(middle(Rail::errback), caption(pair.errback))
            .at(second + box_ - 1, right.vertical);
        line().at(0, bottom(left)).at(second, bottom(right));
    }

  private:
    std::size_t middle(Rail rail) const {
        return box_ / 2 + (rail == Rail::callback ? 0 : box_ + gap);
    }
    Line& line() { return lines_.emplace_back(); }

    std::size_t box_; // odd, so that a box has a middle
    std::vector<Line> lines_;
};

// How wide the boxes must be: 6 letters after "return", and more if a value has more.
std::size_t box_width(const Pairs& pairs) {
    std::size_t text = 13;
    for (const Pair& pair : pairs)
        for (const Function& function : {pair.callback, pair.errback})
            text = std::max(text, columns(caption(function)).value());
    return (text + 4) | 1;
}

Picture draw(const Pairs& pairs, Rail fired) {
    Picture picture(box_width(pairs));
    picture.word(fired, fired == Rail::callback ? "callback(initial)" : "errback(initial)");
    Rail from = fired;
    std::size_t level = 0;
    for (const Arrival& arrival : arrivals(pairs, fired)) {
        picture.arrow(from, arrival.rail, arrival.text);
        if (level < pairs.size())
            picture.boxes(pairs[level++], arrival.rail);
        from = arrival.rail;
    }
    picture.word(from, from == Rail::callback ? "final result" : "unhandled error");
    return picture;
}

void print(const Picture& picture) {
    for (const Line& line : picture.lines())
        std::cout << line.text() << '\n';
}

void print_side_by_side(const Picture& left, const Picture& right) {
    const std::size_t space = 6;
    for (std::size_t i = 0; i < left.lines().size(); ++i) {
        Line line = left.lines()[i];
        std::cout << line.at(left.width() + space, right.lines()[i].text()).text() << '\n';
    }
}

int simulate(int argc, char* argv[]) {
    bool narrow = false;
    twist::CommandLine command_line(
        "[options]", "Fires a Deferred in both ways, and draws what happens.\n\n"s + instructions);
    command_line.flag("narrow", narrow, "draw the second firing below the first");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("No arguments supported.");
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr)
        throw twist::Exception("This system has no locale C.UTF-8.");

    const bool at_terminal = ::isatty(STDIN_FILENO) == 1;
    if (at_terminal)
        std::cout << instructions << "\n\n";
    const Pairs pairs = read_pairs(std::cin, at_terminal);
    if (at_terminal)
        std::cout << '\n';

    const Picture fired_with_value = draw(pairs, Rail::callback);
    const Picture fired_with_failure = draw(pairs, Rail::errback);
    if (narrow) {
        print(fired_with_value);
        std::cout << '\n';
        print(fired_with_failure);
    } else {
        print_side_by_side(fired_with_value, fired_with_failure);
    }
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, simulate);
}
