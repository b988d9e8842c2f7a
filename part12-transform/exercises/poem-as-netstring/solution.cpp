// poem-as-netstring - a server, a server that dies in the middle of its poem, and the client
// of both.
#include "twist/base/error.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/netstring.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/command_line.hpp"

#include <cstddef>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

// The server --------------------------------------------------------------------------------------

class PoetryFactory : public twist::ServerFactory {
  public:
    explicit PoetryFactory(std::string text)
        : message(std::make_shared<const std::string>(std::move(text))) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    const std::shared_ptr<const std::string> message; // shared by all connections, never copied
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryFactory& factory) : factory_(factory) {}

    void connection_made() override {
        transport()->write(factory_.message);
        transport()->lose_connection();
    }

  private:
    PoetryFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

// The bytes to send for a poem.
std::string message_of(const std::string& poem) {
    return std::to_string(poem.size()) + ':' + poem + ',';
}

std::shared_ptr<twist::ServerFactory> poetry_server(const std::string& poem) {
    return std::make_shared<PoetryFactory>(message_of(poem));
}

// The client --------------------------------------------------------------------------------------

// The connection ended cleanly, but the poem was not complete.
struct PoemCut : twist::Exception {
    PoemCut() : Exception("The connection ended before the poem.") {}
};

class PoetryClientFactory : public twist::ClientFactory {
  public:
    explicit PoetryClientFactory(twist::Deferred<std::string> deferred)
        : deferred_(std::move(deferred)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->callback(std::move(poem));
    }

    void poem_failed(const twist::Failure& reason) {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->errback(reason);
    }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        poem_failed(reason);
    }

  private:
    std::optional<twist::Deferred<std::string>> deferred_; // until it is fired
};

class PoetryClientProtocol : public twist::NetstringReceiver {
  public:
    explicit PoetryClientProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void string_received(std::string poem) override {
        transport()->lose_connection();
        factory_.poem_finished(std::move(poem));
    }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            factory_.poem_failed(twist::Failure(PoemCut()));
        else
            factory_.poem_failed(reason);
    }

  private:
    PoetryClientFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryClientProtocol>(*this);
}

// Returns at once. The Deferred is fired later.
twist::Deferred<std::string> get_poetry(twist::Reactor& reactor, const twist::Address& address) {
    twist::Deferred<std::string> d;
    const auto factory = std::make_shared<PoetryClientFactory>(d);
    twist::connect_tcp(reactor, address, factory);
    return d;
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line(
        "[options]", "Downloads a poem, and again from a server that dies in the middle of it.");
    command_line.parse_options(argc, argv);

    const std::string poem = "Science! true daughter of Old Time thou art!\n"
                             "Who alterest all things with thy peering eyes.\n";
    const std::string message = message_of(poem);
    const std::string half = message.substr(0, message.size() / 2);

    twist::Reactor reactor;
    const auto lives = twist::listen_tcp(reactor, {"localhost", 0}, poetry_server(poem));
    // When a program dies, its system closes its connections, as if it had sent everything.
    const auto dies =
        twist::listen_tcp(reactor, {"localhost", 0}, std::make_shared<PoetryFactory>(half));

    const auto got_poem = [](const std::string& text) { std::cout << text << std::endl; };
    const auto poem_failed = [](const twist::Failure& reason) {
        std::cout << "The poem download failed: " << reason << std::endl;
    };

    std::size_t left = 2;
    for (const auto& port : {lives, dies})
        get_poetry(reactor, port->get_host()).add_callbacks(got_poem, poem_failed).add_both([&] {
            if (--left == 0)
                reactor.stop();
        });

    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
