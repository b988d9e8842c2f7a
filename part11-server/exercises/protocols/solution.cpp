// slowpoetry - sends a poem to every client, a few bytes at a time.
#include "twist/base/seconds.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

class PoetryFactory : public twist::ServerFactory {
  public:
    PoetryFactory(twist::Reactor& the_reactor, std::string text, std::size_t piece,
                  twist::Seconds wait)
        : reactor(the_reactor), poem(std::move(text)), num_bytes(piece), delay(wait) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    twist::Reactor& reactor;
    const std::string poem;
    const std::size_t num_bytes;
    const twist::Seconds delay;
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryFactory& factory) : factory_(factory) {}

    void connection_made() override { send_piece(); }

    void connection_lost(const twist::Failure&) override {
        if (next_.active())
            next_.cancel();
    }

  private:
    void send_piece() {
        const std::string piece = factory_.poem.substr(sent_, factory_.num_bytes);
        transport()->write(piece);
        sent_ += piece.size();
        if (sent_ == factory_.poem.size())
            transport()->lose_connection();
        else
            next_ = factory_.reactor.call_later(factory_.delay, [this] { send_piece(); });
    }

    PoetryFactory& factory_;
    std::size_t sent_ = 0;
    twist::DelayedCall next_;
};

std::unique_ptr<twist::Protocol> PoetryFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::Seconds delay(0.1);
    std::size_t num_bytes = 10;
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem slowly, to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.option("delay", delay, "the wait after every chunk (default: 0.1)");
    command_line.option("num-bytes", num_bytes, "the bytes in a chunk (default: 10)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);

    twist::Reactor reactor;
    const auto factory =
        std::make_shared<PoetryFactory>(reactor, twist::read_file(poetry_file), num_bytes, delay);
    const auto listener = twist::listen_tcp(reactor, {iface, port}, factory);
    std::cout << "Serving " << poetry_file << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
