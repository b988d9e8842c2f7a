// get-poetry - protocols, made by a factory; invalid UTF-8 does not reach the terminal.
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

// Called by a protocol at the end: with the poem, or with nothing.
using Finished = std::function<void(std::optional<std::string> poem)>;

// The length of the character that begins with this byte; 0 if none can.
std::size_t length_of_character(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// `text` with a '?' for each byte that is in no character. (It lets overlong forms through.)
std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        std::size_t length = length_of_character(static_cast<unsigned char>(text[0]));
        for (std::size_t i = 1; i < length; ++i)
            if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
                length = 0;
        if (length > 0)
            result += text.substr(0, length);
        else
            result += '?';
        text.remove_prefix(length > 0 ? length : 1);
    }
    return result;
}

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(Finished finished) : finished_(std::move(finished)) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            finished_(printable(poem_));
        else
            finished_({});
    }

  private:
    Finished finished_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> poetry_protocol(const Finished& finished) {
    return std::make_unique<PoetryProtocol>(finished);
}

class PoetryClientFactory : public twist::ClientFactory {
  public:
    PoetryClientFactory(twist::Reactor& reactor, std::size_t poetry_count)
        : reactor_(reactor), poetry_count_(poetry_count) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return poetry_protocol(
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
