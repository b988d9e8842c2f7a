// get-poetry, stack - who calls got_poem? Answers twisted-client-4/get-poetry-stack.py
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/stack_trace.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            factory_.poem_finished(std::move(poem_));
        else
            factory_.poem_failed(reason);
    }

  private:
    PoetryClientFactory& factory_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

// Returns at once. The Deferred is fired later.
twist::Deferred<std::string> get_poetry(twist::Reactor& reactor, const twist::Address& address) {
    twist::Deferred<std::string> d;
    const auto factory = std::make_shared<PoetryClientFactory>(d);
    twist::connect_tcp(reactor, address, factory);
    return d;
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    std::vector<std::string> poems;
    std::vector<twist::Failure> errors;
    twist::Reactor reactor;

    const auto poem_done = [&] {
        if (poems.size() + errors.size() == addresses.size() && reactor.running())
            reactor.stop();
    };

    const auto got_poem = [](const std::string&) {
        twist::print_stack_trace(std::cerr);
        std::_Exit(0);
    };

    const auto poem_failed = [&](const twist::Failure& reason) {
        std::cerr << "Poem failed: " << reason << '\n';
        errors.push_back(reason);
    };

    for (const twist::Address& address : addresses)
        get_poetry(reactor, address).add_callbacks(got_poem, poem_failed).add_both(poem_done);

    reactor.run();

    for (const std::string& poem : poems)
        std::cout << poem << '\n';
    return poems.size() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
