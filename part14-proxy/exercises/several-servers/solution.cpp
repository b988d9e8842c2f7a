// several-servers - the cache of a proxy for several servers.
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;

using GetPoem = std::function<twist::Deferred<std::string>(const std::string& server)>;

class ProxyService : public std::enable_shared_from_this<ProxyService> {
  public:
    explicit ProxyService(GetPoem fetch) : fetch_(std::move(fetch)) {}

    twist::Deferred<std::string> get_poem(const std::string& server) {
        if (const auto found = poems_.find(server); found != poems_.end())
            return twist::succeed(found->second);
        return fetch_(server).add_callback(
            [self = shared_from_this(), server](const std::string& poem) {
                self->poems_[server] = poem;
                return poem;
            });
    }

  private:
    const GetPoem fetch_;
    std::map<std::string, std::string> poems_; // by server; only whole poems
};

// A proxy for the servers behind `fetch`.
GetPoem make_proxy(GetPoem fetch) {
    return [service = std::make_shared<ProxyService>(std::move(fetch))](const std::string& server) {
        return service->get_poem(server);
    };
}

int main() {
    twist::FakeClock clock;
    const GetPoem get_poem = make_proxy([&clock](const std::string& server) {
        const twist::Deferred<std::string> poem;
        clock.call_later(1s, [poem, server] { poem.callback("the poem of " + server); });
        return poem;
    });

    for (const std::string server : {"rome", "dublin", "rome"}) {
        get_poem(server).add_callback([server](const std::string& poem) {
            std::cout << "From " << server << ": " << poem << ".\n";
        });
        clock.advance(1s);
    }
}
