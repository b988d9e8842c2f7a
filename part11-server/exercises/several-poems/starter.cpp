// fastpoetry - sends several poems, each on its own port, to every client.
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
    std::string iface = "localhost";
    twist::CommandLine command_line("[options] poetry-file ...",
                                    "Serves poems, each on a free port, to any number of clients.");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    const auto poetry_files = command_line.parse(argc, argv);
    if (poetry_files.empty())
        command_line.fail("Provide at least one poetry file.");

    twist::Reactor reactor;
    // TODO: serve every file, not only the first.
    const std::string& poetry_file = poetry_files.front();
    const auto factory = std::make_shared<PoetryFactory>(twist::read_file(poetry_file));
    const auto listener = twist::listen_tcp(reactor, {iface, 0}, factory);
    std::cout << "Serving " << poetry_file << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
