// The deferred-simulator of part09: any input, and whether its chains end correctly.
#include <iostream>
#include <sstream>
#include <streambuf>
#include <string>

#define main simulator_main
#include "part09-errors/deferred-simulator.cpp"
#undef main

#include "fuzz/check.hpp"

namespace {

// While it lives, a stream uses another buffer.
class Redirected {
  public:
    Redirected(std::ios& stream, std::streambuf* buffer)
        : stream_(stream), before_(stream.rdbuf(buffer)) {}
    ~Redirected() { stream_.rdbuf(before_); }
    Redirected(const Redirected&) = delete;
    Redirected& operator=(const Redirected&) = delete;

  private:
    std::ios& stream_;
    std::streambuf* before_;
};

// How a chain of pairs should end, computed without a Deferred.
bool ends_well(const Pairs& pairs, Rail fired) {
    bool well = fired == Rail::callback;
    for (const Pair& pair : pairs) {
        const Function& function = well ? pair.callback : pair.errback;
        if (function.kind != Function::Kind::passes)
            well = function.kind == Function::Kind::returns;
    }
    return well;
}

void check_chain(const Pairs& pairs, Rail fired) {
    const auto seen = arrivals(pairs, fired);
    fuzz::check(seen.size() == pairs.size() + 1, "each level runs one function");
    for (std::size_t level = 0; level <= pairs.size(); ++level) {
        const Pairs before(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(level));
        fuzz::check((seen[level].rail == Rail::callback) == ends_well(before, fired),
                    "a result comes on the right side");
    }
}

std::string output(const std::string& input, const char* option) {
    std::istringstream in(input);
    std::ostringstream out, complaints;
    const Redirected cin(std::cin, in.rdbuf()), cout(std::cout, out.rdbuf()),
        cerr(std::cerr, complaints.rdbuf());
    std::string name = "deferred-simulator", word = option;
    char* words[]{name.data(), word.data(), nullptr};
    fuzz::check(simulate(word.empty() ? 1 : 2, words) == 0, "it ends well");
    std::cin.clear();
    return out.str();
}

void check_printable(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        fuzz::check(columns(line).has_value(), "what it prints is printable");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(fuzz::text_of(data, size));
    check_printable(output(input, ""));
    check_printable(output(input, "--narrow"));

    std::istringstream in(input);
    std::ostringstream complaints;
    const Redirected cerr(std::cerr, complaints.rdbuf());
    const Pairs pairs = read_pairs(in, false);
    check_chain(pairs, Rail::callback);
    check_chain(pairs, Rail::errback);
    return 0;
}
