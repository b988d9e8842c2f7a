// get-poetry - protocols, made by a factory; a poem that takes too long is given up.
#include "twist/base/seconds.hpp"
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
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Called by a protocol at the end: with the poem, or with nothing.
using Finished = std::function<void(std::optional<std::string> poem)>;

class PoetryProtocol : public twist::Protocol {
  public:
    PoetryProtocol(twist::Clock& clock, twist::Seconds timeout, Finished finished)
        : clock_(clock), timeout_(timeout), finished_(std::move(finished)) {}

    void connection_made() override {
        timer_ = clock_.call_later(timeout_, [this] { transport()->lose_connection(); });
    }

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        const bool in_time = timer_.active();
        if (in_time)
            timer_.cancel();
        if (in_time && reason.check<twist::ConnectionDone>())
            finished_(std::move(poem_));
        else
            finished_({});
    }

  private:
    twist::Clock& clock_;
    twist::Seconds timeout_;
    Finished finished_;
    std::string poem_;
    twist::DelayedCall timer_;
};

std::unique_ptr<twist::Protocol> poetry_protocol(twist::Clock& clock, twist::Seconds timeout,
                                                 const Finished& finished) {
    return std::make_unique<PoetryProtocol>(clock, timeout, finished);
}

class PoetryClientFactory : public twist::ClientFactory {
  public:
    PoetryClientFactory(twist::Reactor& reactor, twist::Seconds timeout, std::size_t poetry_count)
        : reactor_(reactor), timeout_(timeout), poetry_count_(poetry_count) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address& peer) override {
        return poetry_protocol(reactor_, timeout_, [this, peer](std::optional<std::string> poem) {
            if (!poem)
                std::cerr << "No poem from " << peer << '\n';
            poem_finished(std::move(poem));
        });
    }

    void poem_finished(std::optional<std::string> poem = {}) {
        if (poem)
            poems_.push_back(std::move(*poem));
        if (--poetry_count_ == 0 && reactor_.running())
            reactor_.stop();
    }

    void client_connection_failed(twist::Connector& connector, const twist::Failure&) override {
        std::cerr << "Failed to connect to: " << connector.destination() << '\n';
        poem_finished();
    }

    std::size_t report() const {
        for (const std::string& poem : poems_)
            std::cout << poem << '\n';
        return poems_.size();
    }

  private:
    twist::Reactor& reactor_;
    twist::Seconds timeout_;
    std::size_t poetry_count_;
    std::vector<std::string> poems_;
};

int poetry_main(int argc, char* argv[]) {
    twist::Seconds timeout{10};
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    command_line.option("timeout", timeout, "how long a poem may take (default: 10)");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Reactor reactor;
    const auto factory = std::make_shared<PoetryClientFactory>(reactor, timeout, addresses.size());
    for (const twist::Address& address : addresses)
        twist::connect_tcp(reactor, address, factory);

    reactor.run();

    return factory->report() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
