// later - does a failure come after get_poetry has returned?
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

using Callback = std::function<void(std::string poem)>;
using Errback = std::function<void(const twist::Failure& reason)>;
using GetPoetry = std::function<void(twist::Reactor& reactor, const twist::Address& address,
                                     const Callback& callback, const Errback& errback)>;

class PoetryClientFactory : public twist::ClientFactory {
  public:
    PoetryClientFactory(Callback callback, Errback errback)
        : callback_(std::move(callback)), errback_(std::move(errback)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) { callback_(std::move(poem)); }

    void poem_failed(const twist::Failure& reason) { errback_(reason); }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        poem_failed(reason);
    }

  private:
    Callback callback_;
    Errback errback_;
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

// Returns at once. It calls back later.
void get_poetry(twist::Reactor& reactor, const twist::Address& address, const Callback& callback,
                const Errback& errback) {
    const auto factory = std::make_shared<PoetryClientFactory>(callback, errback);
    twist::connect_tcp(reactor, address, factory);
}

// Whether `get` calls its errback once, and not before it has returned.
bool fails_later(const GetPoetry& get, const twist::Address& address) {
    twist::Reactor reactor;
    bool failed = false;

    const auto stop = [&] {
        if (reactor.running())
            reactor.stop();
    };
    const auto got_poem = [&](const std::string&) { stop(); };
    const auto poem_failed = [&](const twist::Failure&) {
        // TODO: this only shows that it fails. Does it fail later?
        failed = true;
        stop();
    };

    get(reactor, address, got_poem, poem_failed);
    reactor.run();
    return failed;
}

int later_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [host:]port",
                                    "Looks how a download fails from a port where nobody listens.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);
    const bool later = fails_later(get_poetry, addresses.front());
    std::cout << (later ? "It fails later." : "It does not fail later.") << std::endl;
    return later ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, later_main);
}
