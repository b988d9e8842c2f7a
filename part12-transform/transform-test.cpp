// transform-test - sends one request to a transform server and prints the reply; needs no netcat.
// Answers twisted-server-1/transform-test
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/netstring.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

struct NoReply : twist::Exception {
    explicit NoReply(const twist::Address& address)
        : Exception(to_string(address) + " has sent no reply.") {}
};

class TransformClientFactory : public twist::ClientFactory {
  public:
    TransformClientFactory(std::string the_request, twist::Deferred<std::string> deferred)
        : request(std::move(the_request)), deferred_(std::move(deferred)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void reply_received(std::string reply) {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->callback(std::move(reply));
    }

    void no_reply(const twist::Failure& reason) {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->errback(reason);
    }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        no_reply(reason);
    }

    void client_connection_lost(twist::Connector& connector,
                                const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            no_reply(twist::Failure(NoReply(connector.destination())));
        else
            no_reply(reason);
    }

    const std::string request;

  private:
    std::optional<twist::Deferred<std::string>> deferred_; // until it is fired
};

class TransformClientProtocol : public twist::NetstringReceiver {
  public:
    explicit TransformClientProtocol(TransformClientFactory& factory) : factory_(factory) {}

    void connection_made() override { send_string(factory_.request); }

    void string_received(std::string reply) override {
        transport()->lose_connection();
        factory_.reply_received(std::move(reply));
    }

  private:
    TransformClientFactory& factory_;
};

std::unique_ptr<twist::Protocol> TransformClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<TransformClientProtocol>(*this);
}

// Returns at once. The Deferred is fired later.
twist::Deferred<std::string> transform(twist::Reactor& reactor, const twist::Address& address,
                                       const std::string& name, const std::string& poem) {
    twist::Deferred<std::string> d;
    const auto factory = std::make_shared<TransformClientFactory>(name + '.' + poem, d);
    twist::connect_tcp(reactor, address, factory);
    return d;
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line(
        "[options] [[host]:]port [name [poem]]",
        "Lets a server transform a poem (default: cummingsify HERE IS MY POEM).");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.empty() || arguments.size() > 3)
        command_line.fail("Provide a server's address, and then at most a name and a poem.");
    const twist::Address address = twist::parse_address(command_line, arguments[0]);
    const std::string name = arguments.size() > 1 ? arguments[1] : "cummingsify";
    const std::string poem = arguments.size() > 2 ? arguments[2] : "HERE IS MY POEM";

    twist::Result<std::string> reply = twist::Failure(NoReply(address));
    twist::Reactor reactor;

    transform(reactor, address, name, poem).add_both([&](twist::Result<std::string> result) {
        reply = std::move(result);
        if (reactor.running())
            reactor.stop();
    });

    reactor.run();

    std::cout << reply.value() << '\n';
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
