// get-poetry - prints the poems when all of them have arrived; if one fails, prints none.
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/deferred_list.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <cstddef>
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
    twist::CommandLine command_line("[options] [[host]:]port ...", "Downloads poems.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    std::size_t poems = 0;
    twist::Reactor reactor;

    const auto got_poem = [&](const std::string& poem) {
        std::cout << poem << std::endl;
        ++poems;
    };

    const auto poem_failed = [](const twist::Failure& reason) {
        std::cerr << "A poem did not come: " << reason.message() << std::endl;
    };

    const auto all_done = [&] {
        if (reactor.running())
            reactor.stop();
    };

    // TODO: print no poem before all of them have arrived.
    std::vector<twist::Deferred<void>> downloads;
    for (const twist::Address& address : addresses)
        downloads.push_back(get_poetry(reactor, address).add_callbacks(got_poem, poem_failed));
    twist::deferred_list(downloads).add_both(all_done);

    reactor.run();

    return poems == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
