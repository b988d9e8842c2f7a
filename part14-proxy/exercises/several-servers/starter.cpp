// several-servers - the cache of a proxy for several servers.
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;

using GetPoem = std::function<twist::Deferred<std::string>(const std::string& server)>;

class ProxyService : public std::enable_shared_from_this<ProxyService> {
  public:
    explicit ProxyService(GetPoem fetch) : fetch_(std::move(fetch)) {}

    twist::Deferred<std::string> get_poem(const std::string& server) {
        // TODO: which server's poem is this?
        if (poem_)
            return twist::succeed(*poem_);
        return fetch_(server).add_callback([self = shared_from_this()](const std::string& poem) {
            self->poem_ = poem;
            return poem;
        });
    }

  private:
    const GetPoem fetch_;
    std::optional<std::string> poem_; // empty until a whole poem has arrived
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
