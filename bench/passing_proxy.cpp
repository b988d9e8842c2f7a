// passing-proxy - a proxy on the core that keeps nothing: it fetches the poem for each client, and
// passes the bytes on as they arrive.
#include <cstdint>
#include <iostream>
#include <memory>
#include <utility>

#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

namespace {

using Client = std::shared_ptr<twist::Transport>;

class FetchProtocol : public twist::Protocol {
  public:
    explicit FetchProtocol(Client client) : client_(std::move(client)) {}

    void data_received(std::string_view data) override { client_->write(data); }
    void connection_lost(const twist::Failure&) override { client_->lose_connection(); }

  private:
    Client client_;
};

class FetchFactory : public twist::ClientFactory {
  public:
    explicit FetchFactory(Client client) : client_(std::move(client)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<FetchProtocol>(client_);
    }
    void client_connection_failed(twist::Connector&, const twist::Failure&) override {
        client_->abort_connection();
    }

  private:
    Client client_;
};

class ProxyFactory : public twist::ServerFactory {
  public:
    ProxyFactory(twist::Reactor& the_reactor, twist::Address the_upstream)
        : reactor(the_reactor), upstream(std::move(the_upstream)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    twist::Reactor& reactor;
    const twist::Address upstream;
};

class ProxyProtocol : public twist::Protocol {
  public:
    explicit ProxyProtocol(ProxyFactory& factory) : factory_(factory) {}

    void connection_made() override {
        twist::connect_tcp(factory_.reactor, factory_.upstream,
                           std::make_shared<FetchFactory>(transport()));
    }

  private:
    ProxyFactory& factory_;
};

std::unique_ptr<twist::Protocol> ProxyFactory::build_protocol(const twist::Address&) {
    return std::make_unique<ProxyProtocol>(*this);
}

int proxy_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    twist::CommandLine command_line("[options] [host:]port", "Passes the poem of a server on.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one server address.");
    const twist::Address upstream = twist::parse_address(command_line, arguments.front());
    twist::Reactor reactor;
    const auto factory = std::make_shared<ProxyFactory>(reactor, upstream);
    const auto listener = twist::listen_tcp(reactor, {"localhost", port}, factory);
    std::cout << "Proxying " << upstream << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, proxy_main);
}
