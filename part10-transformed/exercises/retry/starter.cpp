// retry - asks again, twice, and then gives up.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"

#include <functional>
#include <iostream>
#include <string>

using GetPoetry = std::function<twist::Deferred<std::string>()>;

// The result of get_poetry, which is called again after a failure, up to `retries` times.
twist::Deferred<std::string> get_poetry_again(const GetPoetry& get_poetry, int retries) {
    // TODO: ask again when it fails.
    static_cast<void>(retries);
    return get_poetry();
}

int main() {
    int calls = 0;
    const auto get_poetry = [&] {
        std::cout << "asked\n";
        return ++calls < 3 ? twist::fail<std::string>(twist::Exception("not now"))
                           : twist::succeed(std::string("a poem"));
    };
    get_poetry_again(get_poetry, 2)
        .add_callbacks([](const std::string& poem) { std::cout << poem << '\n'; },
                       [](const twist::Failure& reason) { std::cout << reason << '\n'; });
}
