// get-poetry 5.1 - that failure has an errback. Answers twisted-client-5/get-poetry-1.py
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/lower_case.hpp"

#include <iostream>
#include <memory>
#include <optional>
#include <random>
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

struct GibberishError : std::exception {};

struct CannotCummingsify : std::exception {
    explicit CannotCummingsify(std::string p) : poem(std::move(p)) {}
    std::string poem;
};

const std::vector<std::string> outcomes{"success", "gibberish", "bug"};

// Does one of three things: the one that `outcome` names or, if that is "", a random one.
std::string cummingsify(const std::string& poem, std::string outcome) {
    if (outcome.empty())
        outcome = outcomes[std::random_device()() % outcomes.size()];
    if (outcome == "gibberish")
        throw GibberishError();
    if (outcome == "bug")
        throw CannotCummingsify(poem);
    return twist::lower_case(poem);
}

int poetry_main(int argc, char* argv[]) {
    std::string outcome;
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    command_line.choice("outcome", outcome, outcomes, "what happens to poems (default: any)");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    std::vector<std::string> poems;
    std::vector<twist::Failure> errors;
    twist::Reactor reactor;

    const auto poem_done = [&] {
        if (poems.size() + errors.size() == addresses.size() && reactor.running())
            reactor.stop();
    };

    const auto cummingsify_failed = [](const twist::Failure& failure) {
        const auto error = failure.value<CannotCummingsify>(); // any other failure goes on
        std::cout << "Cummingsify failed!\n";
        return error.poem;
    };

    const auto got_poem = [&](std::string poem) {
        std::cout << poem << std::endl;
        poems.push_back(std::move(poem));
    };

    const auto poem_failed = [&](const twist::Failure& reason) {
        std::cerr << "The poem download failed.\n";
        errors.push_back(reason);
    };

    for (const twist::Address& address : addresses)
        get_poetry(reactor, address)
            .add_callback([&](const std::string& poem) { return cummingsify(poem, outcome); })
            .add_errback(cummingsify_failed)
            .add_callbacks(got_poem, poem_failed)
            .add_both(poem_done);

    reactor.run();

    return poems.size() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
