// optional-transform - a poem that is transformed on request.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/fake_clock.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

using GetPoetry = std::function<twist::Deferred<std::string>()>;
using Xform = std::function<twist::Deferred<std::string>(const std::string& transform,
                                                         const std::string& poem)>;

// The poem of get_poetry; transformed by `xform` if there is a `transform`.
twist::Deferred<std::string> get_poem(const GetPoetry& get_poetry, const Xform& xform,
                                      const std::optional<std::string>& transform) {
    // TODO: there may be no transform; and if it fails, return the original poem.
    return get_poetry().add_callback([xform, name = transform.value_or("")](
                                         const std::string& poem) { return xform(name, poem); });
}

int main() {
    twist::FakeClock clock;
    const GetPoetry get_poetry = [&clock] {
        const twist::Deferred<std::string> poem;
        clock.call_later(1s, [poem] { poem.callback("Alla Sera"); });
        return poem;
    };
    const Xform xform = [](const std::string& transform, const std::string& poem) {
        if (transform == "quote")
            return twist::succeed("<<" + poem + ">>");
        return twist::fail<std::string>(twist::Exception("No transform " + transform + "."));
    };

    const std::optional<std::string> wishes[] = {"quote", "shout", std::nullopt};
    for (const auto& transform : wishes)
        get_poem(get_poetry, xform, transform)
            .add_callbacks([](const std::string& poem) { std::cout << poem << '\n'; },
                           [](const twist::Failure& reason) { std::cout << reason << '\n'; });
    clock.advance(1s);
}
