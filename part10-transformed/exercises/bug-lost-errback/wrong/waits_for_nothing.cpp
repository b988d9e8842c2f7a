// expect: what came of a poem that comes later
// thought: The steps have run when the next line is reached, so a variable has the poem by then.
// 想法：执行到下一行时各步都已经运行，所以变量里已经有诗了。
// lost-errback - an errback that never runs.
#include "common/deferred.hpp"
#include "common/error.hpp"

#include <iostream>
#include <string>

// Gives the poem with a line for the author under it; throws if there is no author.
std::string sign(const std::string& poem) {
    const std::size_t comma = poem.find(',');
    if (comma == std::string::npos)
        throw twist::Exception("this poem has no author");
    return poem.substr(0, comma) + "\n  by" + poem.substr(comma + 1);
}

// A signed poem; the poem as it is, with an excuse, if it can't be signed.
twist::Deferred<std::string> signed_poem(const twist::Deferred<std::string>& poem) {
    const auto excuse = [](const twist::Failure& reason) {
        return "(an excuse: " + reason.message() + ")";
    };
    std::string text;
    poem.add_callback(sign).add_errback(excuse).add_callback(
        [&text](const std::string& result) { text = result; });
    return twist::succeed(text);
}

int main() {
    const auto print = [](const std::string& text) { std::cout << text << '\n'; };
    signed_poem(twist::succeed(std::string("a poem, A. Poet"))).add_callback(print);
    signed_poem(twist::succeed(std::string("a poem"))).add_callback(print);
}
