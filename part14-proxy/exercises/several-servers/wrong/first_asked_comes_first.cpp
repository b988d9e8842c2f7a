// expect: what the client got is not what it should be
// thought: The poems come in the order in which they were asked for, so a queue of names is enough.
// 想法：诗按请求的次序到来，所以一个名字的队列就够了。
// several-servers - the cache of a proxy that stands before several servers.
#include "common/clock.hpp"
#include "common/deferred.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <queue>
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
        asked_.push(server);
        return fetch_(server).add_both(
            [self = shared_from_this()](const twist::Result<std::string>& poem) {
                if (!poem.is_failure())
                    self->poems_[self->asked_.front()] = poem.value();
                self->asked_.pop();
                return poem;
            });
    }

  private:
    const GetPoem fetch_;
    std::queue<std::string> asked_;
    std::map<std::string, std::string> poems_; // by server; only whole ones
};

// A proxy for the servers that `fetch` asks.
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
