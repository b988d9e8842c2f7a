// get-poetry, simple - 2.0, poems only. Answers twisted-client-2/get-poetry-simple.py
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
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
    PoetryClientFactory(twist::Reactor& reactor, std::size_t poetry_count)
        : reactor_(reactor), poetry_count_(poetry_count) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::optional<std::string> poem = {}) {
        if (poem)
            poems_.push_back(std::move(*poem));
        if (--poetry_count_ == 0 && reactor_.running())
            reactor_.stop();
    }

    void client_connection_failed(twist::Connector& connector, const twist::Failure&) override {
        std::cout << "Failed to connect to: " << connector.destination() << std::endl;
        poem_finished();
    }

    std::size_t report() const {
        for (const std::string& poem : poems_)
            std::cout << poem << '\n';
        return poems_.size();
    }

  private:
    twist::Reactor& reactor_;
    std::size_t poetry_count_;
    std::vector<std::string> poems_;
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            return factory_.poem_finished(std::move(poem_));
        std::cerr << "Incomplete poem from " << transport()->get_peer() << ": " << reason << '\n';
        factory_.poem_finished();
    }

  private:
    PoetryClientFactory& factory_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    twist::Reactor reactor;
    const auto factory = std::make_shared<PoetryClientFactory>(reactor, addresses.size());
    for (const twist::Address& address : addresses)
        twist::connect_tcp(reactor, address, factory);

    reactor.run();

    return factory->report() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
