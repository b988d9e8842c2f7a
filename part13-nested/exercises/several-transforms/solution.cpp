// several-transforms - a poem goes through a list of transforms, given by name.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/program/lower_case.hpp"

#include <functional>
#include <iostream>
#include <string>
#include <vector>

using Xform = std::function<twist::Deferred<std::string>(const std::string& transform,
                                                         const std::string& poem)>;

// The poem after `xform` has applied all of `transforms` to it, in order.
twist::Deferred<std::string> transformed(const Xform& xform,
                                         const std::vector<std::string>& transforms,
                                         const std::string& poem) {
    const twist::Deferred<std::string> d = twist::succeed(poem);
    for (const std::string& transform : transforms)
        d.add_callback(
            [xform, transform](const std::string& text) { return xform(transform, text); });
    return d;
}

int main() {
    const Xform xform = [](const std::string& transform, const std::string& poem) {
        if (transform == "cummingsify")
            return twist::succeed(twist::lower_case(poem));
        if (transform == "quote")
            return twist::succeed("<<" + poem + ">>");
        return twist::fail<std::string>(twist::Exception("No transform " + transform + "."));
    };

    for (const std::string last : {"quote", "shout"})
        transformed(xform, {"cummingsify", last}, "Alla Sera")
            .add_callbacks([](const std::string& poem) { std::cout << poem << '\n'; },
                           [](const twist::Failure& reason) { std::cout << reason << '\n'; });
}
