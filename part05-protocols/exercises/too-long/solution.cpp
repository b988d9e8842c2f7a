// get-poetry - protocols, made by a factory; a poem that is too long is given up.
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

// Called at the end: with the poem, or with nothing.
using Finished = std::function<void(std::optional<std::string> poem)>;

class PoetryProtocol : public twist::Protocol {
  public:
    PoetryProtocol(std::size_t longest, Finished finished)
        : longest_(longest), finished_(std::move(finished)) {}

    void data_received(std::string_view data) override {
        poem_ += data;
        if (poem_.size() > longest_)
            transport()->lose_connection();
    }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>() && poem_.size() <= longest_)
            finished_(std::move(poem_));
        else
            finished_({});
    }

  private:
    std::size_t longest_;
    Finished finished_;
    std::string poem_;
};

class PoetryClientFactory : public twist::ClientFactory {
  public:
    PoetryClientFactory(std::size_t longest, Finished finished)
        : longest_(longest), finished_(std::move(finished)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<PoetryProtocol>(longest_, finished_);
    }

    void client_connection_failed(twist::Connector& connector, const twist::Failure&) override {
        std::cerr << "Failed to connect to: " << connector.destination() << '\n';
        finished_({});
    }

  private:
    std::size_t longest_;
    Finished finished_;
};

void get_poetry(twist::Reactor& reactor, const twist::Address& address, std::size_t longest,
                const Finished& finished) {
    twist::connect_tcp(reactor, address, std::make_shared<PoetryClientFactory>(longest, finished));
}

int poetry_main(int argc, char* argv[]) {
    std::size_t longest = 100'000;
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    command_line.option("longest", longest, "the longest poem, in bytes (default: 100000)");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Reactor reactor;
    std::size_t missing = 0;
    std::size_t left = addresses.size();
    for (const twist::Address& address : addresses)
        get_poetry(reactor, address, longest, [&](const std::optional<std::string>& poem) {
            if (poem)
                std::cout << *poem << '\n';
            else
                ++missing;
            if (--left == 0 && reactor.running())
                reactor.stop();
        });

    reactor.run();

    std::cout << missing << " poems are missing." << std::endl;
    return missing == 0 ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
