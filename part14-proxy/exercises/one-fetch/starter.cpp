// one-fetch - the cache of a proxy: all waiting clients share one fetch.
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

using GetPoem = std::function<twist::Deferred<std::string>()>;

class ProxyService : public std::enable_shared_from_this<ProxyService> {
  public:
    explicit ProxyService(GetPoem fetch) : fetch_(std::move(fetch)) {}

    twist::Deferred<std::string> get_poem() {
        if (poem_)
            return twist::succeed(*poem_);
        // TODO: if a fetch is already under way, wait for it.
        return fetch_().add_callback([self = shared_from_this()](const std::string& poem) {
            self->poem_ = poem;
            return poem;
        });
    }

  private:
    const GetPoem fetch_;
    std::optional<std::string> poem_; // empty until a whole poem has arrived
};

// A proxy for the server behind `fetch`.
GetPoem make_proxy(GetPoem fetch) {
    return [service = std::make_shared<ProxyService>(std::move(fetch))] {
        return service->get_poem();
    };
}

int main() {
    twist::FakeClock clock;
    const GetPoem get_poem = make_proxy([&clock] {
        std::cout << "Fetching poem from server.\n";
        const twist::Deferred<std::string> poem;
        clock.call_later(1s, [poem] { poem.callback("Alla Sera"); });
        return poem;
    });

    for (const std::string client : {"A", "B", "C"})
        get_poem().add_callback([client](const std::string& poem) {
            std::cout << "Client " << client << " gets " << poem << ".\n";
        });
    clock.advance(1s);
}
