// get-poetry - protocols that report every second how much of the poem has come.
// TODO: one line here is wrong. Find it by its symptom: a crash, some time after a long poem.
#include "twist/loop/clock.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// A protocol calls Say every second, and Finished at the end: with the poem, or with nothing.
using Say = std::function<void(std::size_t bytes)>;
using Finished = std::function<void(std::optional<std::string> poem)>;

class PoetryProtocol : public twist::Protocol {
  public:
    PoetryProtocol(twist::Clock& clock, Say say, Finished finished)
        : clock_(clock), say_(std::move(say)), finished_(std::move(finished)) {}

    void connection_made() override {
        timer_ = clock_.call_later(1s, [this] { say_progress(); });
    }

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (timer_.active())
            timer_.cancel();
        if (reason.check<twist::ConnectionDone>())
            finished_(std::move(poem_));
        else
            finished_({});
    }

  private:
    void say_progress() {
        say_(poem_.size());
        clock_.call_later(1s, [this] { say_progress(); });
    }

    twist::Clock& clock_;
    Say say_;
    Finished finished_;
    std::string poem_;
    twist::DelayedCall timer_;
};

std::unique_ptr<twist::Protocol> poetry_protocol(twist::Clock& clock, const Say& say,
                                                 const Finished& finished) {
    return std::make_unique<PoetryProtocol>(clock, say, finished);
}

class PoetryClientFactory : public twist::ClientFactory {
  public:
    PoetryClientFactory(twist::Reactor& reactor, std::size_t poetry_count)
        : reactor_(reactor), poetry_count_(poetry_count) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address& peer) override {
        return poetry_protocol(
            reactor_,
            [peer](std::size_t bytes) {
                std::cout << bytes << " bytes so far from " << peer << std::endl;
            },
            [this](const std::optional<std::string>& poem) { poem_finished(poem); });
    }

    void poem_finished(const std::optional<std::string>& poem = {}) {
        if (poem)
            std::cout << *poem << std::endl;
        else
            ++missing_;
        if (--poetry_count_ == 0 && reactor_.running())
            reactor_.stop();
    }

    void client_connection_failed(twist::Connector& connector, const twist::Failure&) override {
        std::cerr << "Failed to connect to: " << connector.destination() << '\n';
        poem_finished();
    }

    std::size_t missing() const { return missing_; }

  private:
    twist::Reactor& reactor_;
    std::size_t poetry_count_;
    std::size_t missing_ = 0;
};

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Reactor reactor;
    const auto factory = std::make_shared<PoetryClientFactory>(reactor, addresses.size());
    for (const twist::Address& address : addresses)
        twist::connect_tcp(reactor, address, factory);

    reactor.run();

    return factory->missing() == 0 ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
