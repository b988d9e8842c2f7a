// one-kind - an errback that handles one kind of error, and passes on all others.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/net/error.hpp"

#include <iostream>
#include <string>

struct GibberishError : twist::Exception {
    using Exception::Exception;
};

// The poem of `d`; "(no poem today)" if it failed with a ConnectError of any kind.
twist::Deferred<std::string> with_excuse(const twist::Deferred<std::string>& d) {
    // TODO: handle a twist::ConnectError; any other failure passes unchanged.
    return d;
}

int main() {
    const auto refused = std::make_error_code(std::errc::connection_refused);
    const auto print = [](const std::string& poem) { std::cout << poem << '\n'; };
    const auto complain = [](const twist::Failure& reason) { std::cout << reason << '\n'; };
    with_excuse(twist::succeed(std::string("a poem"))).add_callbacks(print, complain);
    with_excuse(twist::fail<std::string>(twist::ConnectionRefusedError(refused)))
        .add_callbacks(print, complain);
    with_excuse(twist::fail<std::string>(GibberishError("blah"))).add_callbacks(print, complain);
}
