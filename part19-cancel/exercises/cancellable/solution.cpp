// get-poetry - downloads poems; a download that is no longer wanted can be cancelled.
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;

class PoetryClientFactory : public twist::ClientFactory {
  public:
    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) {
        if (const auto d = std::exchange(deferred, std::nullopt))
            d->callback(std::move(poem));
    }

    void poem_failed(const twist::Failure& reason) {
        if (const auto d = std::exchange(deferred, std::nullopt))
            d->errback(reason);
    }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        poem_failed(reason);
    }

    std::optional<twist::Deferred<std::string>> deferred; // until it is fired
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

// Returns at once. The Deferred is fired later; cancelling it ends the download.
twist::Deferred<std::string> get_poetry(twist::Reactor& reactor, const twist::Address& address) {
    const auto factory = std::make_shared<PoetryClientFactory>();
    const std::weak_ptr weak = twist::connect_tcp(reactor, address, factory);
    factory->deferred.emplace([weak, weak_factory = std::weak_ptr(factory)](auto&) {
        if (const auto client = weak_factory.lock())
            client->deferred.reset(); // later data from the connection does not count
        if (const auto connector = weak.lock())
            connector->disconnect();
    });
    return *factory->deferred;
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port",
                                    "Downloads a poem, but not for longer than two seconds.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Reactor reactor;
    const auto d = get_poetry(reactor, addresses.front());
    d.add_callbacks([](const std::string& poem) { std::cout << poem << std::endl; },
                    [](const twist::Failure& reason) { std::cerr << reason << std::endl; })
        .add_both([&] { reactor.stop(); });
    reactor.call_later(2s, [d] { d.cancel(); });
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
