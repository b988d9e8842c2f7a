// transforming - the cache of a proxy that transforms its poem.
#include "twist/deferred/deferred.hpp"
#include "twist/program/lower_case.hpp"

#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using GetPoem = std::function<twist::Deferred<std::string>()>;
using Cummingsify = std::function<twist::Deferred<std::string>(const std::string& poem)>;

class ProxyService : public std::enable_shared_from_this<ProxyService> {
  public:
    ProxyService(GetPoem fetch, Cummingsify cummingsify)
        : fetch_(std::move(fetch)), cummingsify_(std::move(cummingsify)) {}

    twist::Deferred<std::string> get_poem() {
        if (poem_)
            return twist::succeed(*poem_);
        return fetch_().add_callback([self = shared_from_this()](const std::string& poem) {
            // TODO: transform it. Which poem should be kept, and which not?
            self->poem_ = poem;
            return poem;
        });
    }

  private:
    const GetPoem fetch_;
    const Cummingsify cummingsify_;
    std::optional<std::string> poem_; // empty until a whole poem has arrived
};

// A proxy for the server behind `fetch`. It serves poems that `cummingsify` has transformed.
GetPoem make_proxy(GetPoem fetch, Cummingsify cummingsify) {
    return [service = std::make_shared<ProxyService>(std::move(fetch), std::move(cummingsify))] {
        return service->get_poem();
    };
}

int main() {
    const GetPoem get_poem =
        make_proxy([] { return twist::succeed(std::string("Alla Sera")); },
                   [](const std::string& poem) { return twist::succeed(twist::lower_case(poem)); });

    for (int client = 1; client <= 2; ++client)
        get_poem().add_callback([client](const std::string& poem) {
            std::cout << "Client " << client << " gets " << poem << ".\n";
        });
}
