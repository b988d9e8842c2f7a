// get-poetry, stack - who calls data_received? Answers twisted-client-2/get-poetry-stack.py
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/stack_trace.hpp"
#include "twist/program/stopwatch.hpp"

#include <cstdlib>
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

    void poem_finished(std::optional<std::pair<std::size_t, std::string>> poem = {}) {
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
        for (const auto& [task_num, poem] : poems_)
            std::cout << "Task " << task_num << ": " << poem.size() << " bytes of poetry\n";
        return poems_.size();
    }

  private:
    twist::Reactor& reactor_;
    std::size_t poetry_count_;
    std::size_t task_num_ = 0;
    std::vector<std::pair<std::size_t, std::string>> poems_;
};

class PoetryProtocol : public twist::Protocol {
  public:
    PoetryProtocol(PoetryClientFactory& factory, std::size_t task_num)
        : factory_(factory), task_num_(task_num) {}

    void data_received(std::string_view) override {
        twist::print_stack_trace(std::cerr);
        std::_Exit(0);
    }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            return factory_.poem_finished(std::pair(task_num_, std::move(poem_)));
        std::cerr << "Incomplete poem from " << transport()->get_peer() << ": " << reason << '\n';
        factory_.poem_finished();
    }

  private:
    PoetryClientFactory& factory_;
    std::size_t task_num_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this, ++task_num_);
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    const twist::Stopwatch stopwatch;
    twist::Reactor reactor;
    const auto factory = std::make_shared<PoetryClientFactory>(reactor, addresses.size());
    for (const twist::Address& address : addresses)
        twist::connect_tcp(reactor, address, factory);

    reactor.run();

    const std::size_t poems = factory->report();
    std::cout << "Got " << poems << " poems in " << stopwatch << std::endl;
    return poems == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
