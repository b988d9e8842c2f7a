// fallback - a poem that several servers have: if one fails, asks the next.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/net/address.hpp"

#include <functional>
#include <iostream>
#include <string>
#include <vector>

using GetPoetry = std::function<twist::Deferred<std::string>(const twist::Address&)>;

// The poem from the first of `servers` that has it. There is at least one server.
twist::Deferred<std::string> get_poetry_from_any(const GetPoetry& get_poetry,
                                                 const std::vector<twist::Address>& servers) {
    // TODO: if it fails, ask the next one, and so on.
    return get_poetry(servers.front());
}

int main() {
    const GetPoetry get_poetry = [](const twist::Address& server) {
        std::cout << "Asking " << server << ".\n";
        if (server.port == 10003)
            return twist::succeed(std::string("Alla Sera"));
        return twist::fail<std::string>(twist::Exception("There is no poem."));
    };

    get_poetry_from_any(get_poetry,
                        {{"127.0.0.1", 10001}, {"127.0.0.1", 10002}, {"127.0.0.1", 10003}})
        .add_callbacks([](const std::string& poem) { std::cout << "got " << poem << '\n'; },
                       [](const twist::Failure& reason) { std::cout << reason << '\n'; });
}
