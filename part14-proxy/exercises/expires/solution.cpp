// expires - the cache of a proxy: it serves a poem until the poem is too old.
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

using GetPoem = std::function<twist::Deferred<std::string>()>;

class ProxyService : public std::enable_shared_from_this<ProxyService> {
  public:
    ProxyService(GetPoem fetch, twist::Clock& clock, twist::Seconds max_age)
        : fetch_(std::move(fetch)), clock_(clock), max_age_(max_age) {}

    twist::Deferred<std::string> get_poem() {
        if (poem_ && clock_.seconds() - came_ < max_age_)
            return twist::succeed(*poem_);
        return fetch_().add_callback([self = shared_from_this()](const std::string& poem) {
            self->poem_ = poem;
            self->came_ = self->clock_.seconds();
            return poem;
        });
    }

  private:
    const GetPoem fetch_;
    twist::Clock& clock_;
    const twist::Seconds max_age_;
    std::optional<std::string> poem_; // empty until a whole poem has arrived
    twist::Seconds came_{0};          // its time of arrival
};

// A proxy for the server behind `fetch`. It keeps a poem for `max_age`.
GetPoem make_proxy(GetPoem fetch, twist::Clock& clock, twist::Seconds max_age) {
    return [service = std::make_shared<ProxyService>(std::move(fetch), clock, max_age)] {
        return service->get_poem();
    };
}

int main() {
    twist::FakeClock clock;
    int edition = 0;
    const auto fetch = [&edition] {
        return twist::succeed("Alla Sera, edition " + std::to_string(++edition));
    };
    const GetPoem get_poem = make_proxy(fetch, clock, 10s);

    for (int second = 0; second <= 24; second += 6) {
        get_poem().add_callback([second](const std::string& poem) {
            std::cout << "Second " << second << ": " << poem << '\n';
        });
        clock.advance(6s);
    }
}
