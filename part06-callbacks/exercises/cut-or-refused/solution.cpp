// get-poetry - its errback tells a cut poem from a refused connection.
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
#include <vector>

using Callback = std::function<void(std::string poem)>;
using Errback = std::function<void(const twist::Failure& reason)>;

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

// Why a poem did not come: "refused", "cut", or "failed" for anything else.
std::string what_failed(const twist::Failure& reason) {
    if (reason.check<twist::ConnectionRefusedError>())
        return "refused";
    if (reason.check<twist::ConnectionLost>())
        return "cut";
    return "failed";
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

    const auto got_poem = [&](std::string poem) {
        poems.push_back(std::move(poem));
        poem_done();
    };

    const auto poem_failed = [&](const twist::Failure& reason) {
        std::cerr << "Poem " << what_failed(reason) << ": " << reason << '\n';
        errors.push_back(reason);
        poem_done();
    };

    for (const twist::Address& address : addresses)
        get_poetry(reactor, address, got_poem, poem_failed);

    reactor.run();

    for (const std::string& poem : poems)
        std::cout << poem << '\n';
    return poems.size() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
