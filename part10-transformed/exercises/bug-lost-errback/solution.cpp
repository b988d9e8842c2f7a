// lost-errback - an errback that never runs.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

#include <iostream>
#include <string>

// Returns the poem with a line for the author under it; throws if there is no author.
std::string sign(const std::string& poem) {
    const std::size_t comma = poem.find(',');
    if (comma == std::string::npos)
        throw twist::Exception("this poem has no author");
    return poem.substr(0, comma) + "\n  by" + poem.substr(comma + 1);
}

// A signed poem, or an excuse if it can't be signed.
twist::Deferred<std::string> signed_poem(const twist::Deferred<std::string>& poem) {
    const auto excuse = [](const twist::Failure& reason) {
        return "(an excuse: " + reason.message() + ")";
    };
    return poem.add_callback(sign).add_errback(excuse);
}

int main() {
    const auto print = [](const std::string& text) { std::cout << text << '\n'; };
    signed_poem(twist::succeed(std::string("a poem, A. Poet"))).add_callback(print);
    signed_poem(twist::succeed(std::string("a poem"))).add_callback(print);
}
