// expect: which files it says it serves is not what it should be
// thought: A map from file to factory keeps the two together.
// 想法：用一个从文件到工厂的映射，就能把两者放在一起。
// fastpoetry - sends poems to everybody who connects, each on a port of its own.
#include "common/address.hpp"
#include "common/command_line.hpp"
#include "common/error.hpp"
#include "common/protocol.hpp"
#include "common/reactor.hpp"
#include "common/tcp.hpp"

#include <fstream>
#include <iostream>
#include <map>
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

std::string read_poem(const std::string& poetry_file) {
    std::ifstream file(poetry_file, std::ios::binary);
    std::string poem;
    for (char byte; file.get(byte);)
        poem += byte;
    if (!file.eof()) {
        const std::error_code reason = twist::last_error();
        throw twist::SystemError("Can't read " + poetry_file + ": " + twist::describe(reason) + ".",
                                 reason);
    }
    return poem;
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
    std::map<std::string, std::shared_ptr<PoetryFactory>> factories;
    for (const std::string& poetry_file : poetry_files)
        factories[poetry_file] = std::make_shared<PoetryFactory>(read_poem(poetry_file));
    for (const auto& [poetry_file, factory] : factories) {
        const auto listener = twist::listen_tcp(reactor, {iface, 0}, factory);
        std::cout << "Serving " << poetry_file << " on " << listener->get_host() << '.'
                  << std::endl;
    }
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
