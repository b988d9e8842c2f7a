// blocking-library - a server whose poems come from a library that blocks.
#include "twist/async/threads.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

#include <atomic>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

// The library's function: it finds the next poem. It knows nothing about reactors, and BLOCKS
// until it has found one. Throws std::runtime_error if there is none. Several threads may call it
// at once.
using NextPoem = std::function<std::string()>;

class PoetryFactory : public twist::ServerFactory {
  public:
    PoetryFactory(twist::Reactor& the_reactor, NextPoem library)
        : reactor(the_reactor), next_poem(std::move(library)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    twist::Reactor& reactor;
    const NextPoem next_poem;
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryFactory& factory) : factory_(factory) {}

    void connection_made() override {
        // TODO: while the library looks for a poem, no other client is served.
        transport()->write(factory_.next_poem());
        transport()->lose_connection();
    }

  private:
    PoetryFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

// A factory for a server that sends each client its own poem.
std::shared_ptr<twist::ServerFactory> make_server(twist::Reactor& reactor, NextPoem next_poem) {
    return std::make_shared<PoetryFactory>(reactor, std::move(next_poem));
}

int main() {
    twist::Reactor reactor;
    std::atomic<int> number = 0;
    const auto library = [&number] {
        std::this_thread::sleep_for(twist::Seconds(2)); // it is a large library
        return "Poem no. " + std::to_string(++number) + "\n";
    };
    const auto port = twist::listen_tcp(reactor, {"127.0.0.1", 0}, make_server(reactor, library));
    std::cout << "Try it with two clients: nc " << port->get_host().host << ' '
              << port->get_host().port << std::endl;
    reactor.run();
}
