// get-poetry 3.0 - get_poetry calls back with the poem. Answers twisted-client-3/get-poetry.py
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

class PoetryClientFactory : public twist::ClientFactory {
  public:
    explicit PoetryClientFactory(Callback callback) : callback_(std::move(callback)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) { callback_(std::move(poem)); }

  private:
    Callback callback_;
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            factory_.poem_finished(std::move(poem_));
    }

  private:
    PoetryClientFactory& factory_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

// Returns at once. It calls back later.
void get_poetry(twist::Reactor& reactor, const twist::Address& address, const Callback& callback) {
    const auto factory = std::make_shared<PoetryClientFactory>(callback);
    twist::connect_tcp(reactor, address, factory);
}

int poetry_main(int argc, char* argv[]) {
    twist::CommandLine command_line("[options] [[host]:]port ...",
                                    "Downloads poems, all at the same time.");
    const auto addresses = twist::parse_addresses(command_line, argc, argv);

    std::vector<std::string> poems;
    twist::Reactor reactor;

    const auto got_poem = [&](std::string poem) {
        poems.push_back(std::move(poem));
        if (poems.size() == addresses.size() && reactor.running())
            reactor.stop();
    };

    for (const twist::Address& address : addresses)
        get_poetry(reactor, address, got_poem);

    reactor.run();

    for (const std::string& poem : poems)
        std::cout << poem << '\n';
    return poems.size() == addresses.size() ? 0 : 1;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
