// test-transform - tests transform servers: says which are correct and which are not.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/program/lower_case.hpp"

#include <functional>
#include <iostream>
#include <string>

// A transform server, as its client sees it. The reply, or a failure, comes later.
using TransformServer =
    std::function<twist::Deferred<std::string>(const std::string& name, const std::string& poem)>;

// The test's failure when the server is wrong.
struct WrongReply : twist::Exception {
    using Exception::Exception;
};

twist::Deferred<void> expect_reply(const TransformServer& server, const std::string& poem,
                                   const std::string& expected) {
    return server("cummingsify", poem).add_callback([expected](const std::string& reply) {
        if (reply != expected)
            throw WrongReply("The reply is '" + reply + "', not '" + expected + "'.");
    });
}

twist::Deferred<void> expect_no_reply(const TransformServer& server) {
    return server("unknown", "HERE IS MY POEM")
        .add_callbacks(
            [](const std::string& reply) {
                throw WrongReply("There is a reply to an unknown name: '" + reply + "'.");
            },
            [](const twist::Failure&) {});
}

// Fires if the server keeps its promises, and fails if it does not.
twist::Deferred<void> test_transform(const TransformServer& server) {
    return expect_reply(server, "HERE IS MY POEM", "here is my poem")
        .add_callback(
            [server] { return expect_reply(server, "One. Two.\nThree.", "one. two.\nthree."); })
        .add_callback([server] { return expect_no_reply(server); });
}

int main() {
    const TransformServer right = [](const std::string& name, const std::string& poem) {
        return name == "cummingsify" ? twist::succeed(twist::lower_case(poem))
                                     : twist::fail<std::string>(twist::Exception("No reply."));
    };
    const TransformServer echo = [](const std::string&, const std::string& poem) {
        return twist::succeed(poem);
    };

    for (const TransformServer& server : {right, echo})
        test_transform(server).add_callbacks(
            [] { std::cout << "This server is right.\n"; },
            [](const twist::Failure& reason) { std::cout << reason << '\n'; });
}
