// get-poetry 6.0 - one Deferred waits for another. Answers twisted-client-6/get-poetry.py
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

class TransformClientFactory : public twist::ClientFactory {
  public:
    TransformClientFactory(const std::string& transform, const std::string& poem,
                           twist::Deferred<std::string> deferred)
        : request(transform + '.' + poem), deferred_(std::move(deferred)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void handle_poem(std::string poem) { // a second reply is an error
        std::exchange(deferred_, std::nullopt).value().callback(std::move(poem));
    }

    void client_connection_lost(twist::Connector&, const twist::Failure& reason) override {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->errback(reason);
    }

    void client_connection_failed(twist::Connector& connector,
                                  const twist::Failure& reason) override {
        client_connection_lost(connector, reason);
    }

    const std::string request;

  private:
    std::optional<twist::Deferred<std::string>> deferred_; // until it is fired
};

class TransformClientProtocol : public twist::NetstringReceiver {
  public:
    explicit TransformClientProtocol(TransformClientFactory& factory) : factory_(factory) {}

    void connection_made() override { send_string(factory_.request); }

    void string_received(std::string poem) override {
        transport()->lose_connection();
        factory_.handle_poem(std::move(poem));
    }

  private:
    TransformClientFactory& factory_;
};

std::unique_ptr<twist::Protocol> TransformClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<TransformClientProtocol>(*this);
}

// The transform server, as the rest of the program sees it.
struct TransformProxy {
    twist::Deferred<std::string> xform(const std::string& transform,
                                       const std::string& poem) const {
        twist::Deferred<std::string> d;
        const auto factory = std::make_shared<TransformClientFactory>(transform, poem, d);
        twist::connect_tcp(reactor, address, factory);
        return d;
    }

    twist::Reactor& reactor;
    const twist::Address address;
};

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [host]:port-of-transforms [[host]:]port ...",
                                    "Downloads poems, and has them transformed.");
    auto addresses = twist::parse_addresses(command_line, argc, argv, 2);
    const twist::Address transform_address = addresses.front();
    addresses.erase(addresses.begin());

    std::vector<std::string> poems;
    std::vector<twist::Failure> errors;
    twist::Reactor reactor;
    const TransformProxy proxy{reactor, transform_address};

    const auto poem_done = [&] {
        if (poems.size() + errors.size() == addresses.size() && reactor.running())
            reactor.stop();
    };

    const auto cummingsify = [&](const std::string& poem) {
        const auto fail = [poem](const twist::Failure&) {
            std::cerr << "Cummingsify failed!\n";
            return poem;
        };
        return proxy.xform("cummingsify", poem).add_errback(fail);
    };

    const auto got_poem = [&](std::string poem) { poems.push_back(std::move(poem)); };

    const auto poem_failed = [&](const twist::Failure& reason) {
        std::cerr << "The poem download failed.\n";
        errors.push_back(reason);
    };

    for (const twist::Address& address : addresses)
        get_poetry(reactor, address)
            .add_callback(cummingsify)
            .add_callbacks(got_poem, poem_failed)
            .add_both(poem_done);

    reactor.run();

    for (const std::string& poem : poems)
        std::cout << poem << '\n';
    for (const twist::Failure& error : errors)
        std::cout << error << '\n';
    return poems.size() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
