// fastpoetry 1.0 - sends a poem to every client. Answers twisted-server-1/fastpoetry.py
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

class PoetryFactory : public twist::ServerFactory {
  public:
    explicit PoetryFactory(std::string text)
        : poem(std::make_shared<const std::string>(std::move(text))) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    const std::shared_ptr<const std::string> poem; // shared by all connections, never copied
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryFactory& factory) : factory_(factory) {}

    void connection_made() override {
        transport()->write(factory_.poem);
        transport()->lose_connection();
    }

  private:
    PoetryFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem, at once and to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);

    twist::Reactor reactor;
    const auto factory = std::make_shared<PoetryFactory>(twist::read_file(poetry_file));
    const auto listener = twist::listen_tcp(reactor, {iface, port}, factory);
    std::cout << "Serving " << poetry_file << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
