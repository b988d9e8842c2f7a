// look_up NAME [HOW_MANY]: looks names up as connect_tcp does. With a number, %d in the name counts
// from 0. Prints the addresses, or the counts of successes and failures.
#include <iostream>
#include <string>
#include <vector>

#include "twist/loop/reactor.hpp"
#include "twist/net/resolver.hpp"

using namespace twist;

int main(int argc, char* argv[]) {
    const std::string name = argc > 1 ? argv[1] : "";
    const std::size_t all = argc > 2 ? std::stoul(argv[2]) : 1;
    const auto here = name.find("%d");
    Reactor reactor;
    std::size_t found = 0, failed = 0;
    const auto count = [&](const Result<std::vector<SocketAddress>>& result) {
        ++(result ? found : failed);
        if (all == 1 && !result)
            std::cout << result.failure() << '\n';
        else if (all == 1)
            for (const SocketAddress& address : result.value())
                std::cout << address.address().host << '\n';
        if (found + failed == all)
            reactor.stop();
    };
    for (std::size_t i = 0; i < all; ++i)
        resolve(reactor,
                {all == 1 ? name : std::string(name).replace(here, 2, std::to_string(i)), 80},
                count);
    reactor.run();
    if (all > 1)
        std::cout << found << " found, " << failed << " failed\n";
}
