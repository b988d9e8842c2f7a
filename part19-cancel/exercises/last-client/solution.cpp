// poetry-proxy - fetches a poem once for all waiting clients; stops when all of them have left.
#include "twist/base/log.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using Poem = std::shared_ptr<const std::string>; // shared by all connections, never copied

// The client half ---------------------------------------------------------------------------------

class PoetryClientFactory : public twist::ClientFactory {
  public:
    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) {
        if (const auto d = std::exchange(deferred, std::nullopt))
            d->callback(std::move(poem));
    }

    void poem_failed(const twist::Failure& reason) {
        if (const auto d = std::exchange(deferred, std::nullopt))
            d->errback(reason);
    }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        poem_failed(reason);
    }

    std::optional<twist::Deferred<std::string>> deferred; // until it is fired
};

class PoetryClientProtocol : public twist::Protocol {
  public:
    explicit PoetryClientProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            factory_.poem_finished(std::move(poem_));
        else
            factory_.poem_failed(reason);
    }

  private:
    PoetryClientFactory& factory_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryClientProtocol>(*this);
}

// Between the halves ------------------------------------------------------------------------------

class ProxyService : public std::enable_shared_from_this<ProxyService> {
  public:
    ProxyService(twist::Reactor& reactor, twist::Address server)
        : reactor_(reactor), server_(std::move(server)) {}

    // A Deferred for this client only.
    twist::Deferred<Poem> get_poem() {
        if (poem_) {
            std::cout << "Using cached poem." << std::endl;
            return twist::succeed(poem_);
        }
        const auto self = shared_from_this();
        const twist::Deferred<Poem> client(
            [self](const twist::Deferred<Poem>& gone) { self->leave(gone); });
        clients_.push_back(client);
        if (clients_.size() == 1)
            fetch();
        std::cout << "Waiting clients: " << clients_.size() << std::endl;
        return client;
    }

  private:
    // One download for all waiting clients.
    void fetch() {
        std::cout << "Fetching poem from server." << std::endl;
        const auto factory = std::make_shared<PoetryClientFactory>();
        const std::weak_ptr weak = twist::connect_tcp(reactor_, server_, factory);
        factory->deferred.emplace([weak, weak_factory = std::weak_ptr(factory)](auto&) {
            std::cout << "Canceling poem download." << std::endl;
            if (const auto client = weak_factory.lock())
                client->deferred.reset(); // later data from the connection does not count
            if (const auto connector = weak.lock())
                connector->disconnect();
        });
        download_ = factory->deferred;
        const auto self = shared_from_this();
        download_->add_callbacks([self](std::string poem) { self->finished(std::move(poem)); },
                                 [self](const twist::Failure& reason) { self->failed(reason); });
    }

    void finished(std::string poem) {
        poem_ = std::make_shared<const std::string>(std::move(poem));
        for (const auto& client : std::exchange(clients_, {}))
            client.callback(poem_);
    }

    void failed(const twist::Failure& reason) {
        // It is no error if the program ends or all clients have left.
        if (reactor_.running() && !reason.check<twist::CancelledError>())
            twist::log::report("No poem from " + to_string(server_), reason);
        for (const auto& client : std::exchange(clients_, {}))
            client.errback(reason);
    }

    // `gone` no longer waits.
    void leave(const twist::Deferred<Poem>& gone) {
        std::erase(clients_, gone);
        if (clients_.empty())
            download_->cancel();
    }

    twist::Reactor& reactor_;
    twist::Address server_;
    std::vector<twist::Deferred<Poem>> clients_;           // waiting clients
    std::optional<twist::Deferred<std::string>> download_; // for them
    Poem poem_; // the cache; null until a whole poem has arrived
};

// The server half ---------------------------------------------------------------------------------

class PoetryProxyFactory : public twist::ServerFactory {
  public:
    explicit PoetryProxyFactory(std::shared_ptr<ProxyService> the_service)
        : service(std::move(the_service)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    const std::shared_ptr<ProxyService> service;
};

class PoetryProxyProtocol : public twist::Protocol {
  public:
    explicit PoetryProxyProtocol(PoetryProxyFactory& factory) : factory_(factory) {}

    void connection_made() override {
        deferred_ = factory_.service->get_poem();
        deferred_->add_callback([client = transport()](const Poem& poem) { client->write(poem); })
            .add_both([client = transport()] { client->lose_connection(); });
    }

    void connection_lost(const twist::Failure&) override {
        if (deferred_)
            deferred_->cancel(); // does nothing if it has fired
        std::cout << "A client has left." << std::endl;
    }

  private:
    PoetryProxyFactory& factory_;
    std::optional<twist::Deferred<Poem>> deferred_; // the poem for this client
};

std::unique_ptr<twist::Protocol> PoetryProxyFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProxyProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::CommandLine command_line("[options] [host:]port",
                                    "Fetches the server's poem, and serves it.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one server address.");
    const twist::Address server = twist::parse_address(command_line, arguments.front());

    twist::Reactor reactor;
    const auto service = std::make_shared<ProxyService>(reactor, server);
    const auto factory = std::make_shared<PoetryProxyFactory>(service);
    const auto listener = twist::listen_tcp(reactor, {iface, port}, factory);
    std::cout << "Proxying " << server << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
