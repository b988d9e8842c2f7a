// get-poetry - a poem that takes too long fails with an error that says how much of it came.
#include "twist/base/seconds.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/clock.hpp"
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

struct PoemTimeoutError : twist::TimeoutError {
    PoemTimeoutError(const twist::Address& from, std::size_t bytes)
        : TimeoutError("The poem took too long."), address(from), received(bytes) {}

    twist::Address address;
    std::size_t received;
};

class PoetryClientFactory : public twist::ClientFactory {
  public:
    PoetryClientFactory(twist::Clock& clock, twist::Seconds timeout, Callback callback,
                        Errback errback)
        : clock_(clock), timeout_(timeout), callback_(std::move(callback)),
          errback_(std::move(errback)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) { callback_(std::move(poem)); }

    void poem_failed(const twist::Failure& reason) { errback_(reason); }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        poem_failed(reason);
    }

  private:
    twist::Clock& clock_;
    twist::Seconds timeout_;
    Callback callback_;
    Errback errback_;
};

class PoetryProtocol : public twist::Protocol {
  public:
    PoetryProtocol(PoetryClientFactory& factory, twist::Clock& clock, twist::Seconds timeout)
        : factory_(factory), timer_(clock.call_later(timeout, [this] { give_up(); })) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (!timer_.active())
            return; // given up
        timer_.cancel();
        if (reason.check<twist::ConnectionDone>())
            factory_.poem_finished(std::move(poem_));
        else
            factory_.poem_failed(reason);
    }

  private:
    void give_up() {
        transport()->abort_connection();
        factory_.poem_failed(
            twist::Failure(PoemTimeoutError(transport()->get_peer(), poem_.size())));
    }

    PoetryClientFactory& factory_;
    std::string poem_;
    twist::DelayedCall timer_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this, clock_, timeout_);
}

// Returns at once. It calls back later, at most `timeout` on `clock` after the connection.
void get_poetry(twist::Reactor& reactor, twist::Clock& clock, const twist::Address& address,
                twist::Seconds timeout, const Callback& callback, const Errback& errback) {
    const auto factory = std::make_shared<PoetryClientFactory>(clock, timeout, callback, errback);
    twist::connect_tcp(reactor, address, factory);
}

// What a failure means, for people.
std::string explain(const twist::Failure& reason) {
    if (!reason.check<PoemTimeoutError>())
        return reason.text();
    const auto error = reason.value<PoemTimeoutError>();
    return std::to_string(error.received) + " bytes of " + to_string(error.address) +
           " came in time";
}

int poetry_main(int argc, char* argv[]) {
    twist::Seconds timeout{10};
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    command_line.option("timeout", timeout, "how long a poem may take (default: 10)");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Reactor reactor;
    std::size_t poems = 0;
    std::size_t left = addresses.size();

    const auto poem_done = [&] {
        if (--left == 0 && reactor.running())
            reactor.stop();
    };

    const auto got_poem = [&](const std::string& poem) {
        std::cout << poem << '\n';
        ++poems;
        poem_done();
    };

    const auto poem_failed = [&](const twist::Failure& reason) {
        std::cerr << "Poem failed: " << explain(reason) << '\n';
        poem_done();
    };

    for (const twist::Address& address : addresses)
        get_poetry(reactor, reactor, address, timeout, got_poem, poem_failed);

    reactor.run();

    return poems == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
