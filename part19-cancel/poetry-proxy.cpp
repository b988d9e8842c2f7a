// poetry-proxy 3.0 - fetches a poem once and then serves its copy; stops if the client that
// asked for it leaves. Answers twisted-server-4/poetry-proxy.py
#include "twist/async/timeout.hpp"
#include "twist/base/error.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using Poem = std::shared_ptr<const std::string>; // shared by all connections, never copied

// The client half ---------------------------------------------------------------------------------

struct PoemTooLongError : twist::Exception {
    explicit PoemTooLongError(std::size_t max_size)
        : Exception("It has more than " + std::to_string(max_size) + " bytes.") {}
};

class PoetryClientFactory : public twist::ClientFactory {
  public:
    explicit PoetryClientFactory(std::size_t the_max_size) : max_size(the_max_size) {}

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

    const std::size_t max_size;
    std::optional<twist::Deferred<std::string>> deferred; // until it is fired
};

class PoetryClientProtocol : public twist::Protocol {
  public:
    explicit PoetryClientProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void data_received(std::string_view data) override {
        poem_ += data;
        if (poem_.size() > factory_.max_size) {
            factory_.poem_failed(twist::Failure(PoemTooLongError(factory_.max_size)));
            transport()->abort_connection();
        }
    }

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
    ProxyService(twist::Reactor& reactor, twist::Address server, twist::Seconds timeout,
                 std::size_t max_size)
        : reactor_(reactor), server_(std::move(server)), timeout_(timeout), max_size_(max_size) {}

    twist::Deferred<Poem> get_poem() {
        if (poem_) {
            std::cout << "Using cached poem." << std::endl;
            return twist::succeed(poem_);
        }
        std::cout << "Fetching poem from server." << std::endl;
        const auto factory = std::make_shared<PoetryClientFactory>(max_size_);
        const std::weak_ptr weak = twist::connect_tcp(reactor_, server_, factory);
        factory->deferred.emplace([weak, weak_factory = std::weak_ptr(factory)](auto&) {
            std::cout << "Canceling poem download." << std::endl;
            if (const auto client = weak_factory.lock())
                client->deferred.reset(); // later data from the connection does not count
            if (const auto connector = weak.lock())
                connector->disconnect();
        });
        const auto self = shared_from_this();
        return twist::add_timeout(*factory->deferred, timeout_, reactor_)
            .add_callbacks([self](std::string poem) { return self->set_poem(std::move(poem)); },
                           [self](const twist::Failure& reason) { return self->report(reason); });
    }

  private:
    Poem set_poem(std::string poem) {
        poem_ = std::make_shared<const std::string>(std::move(poem));
        return poem_;
    }

    twist::Failure report(const twist::Failure& reason) const {
        // It is no error if the program ends or the client has left.
        if (reactor_.running() && !reason.check<twist::CancelledError>())
            twist::log::report("No poem from " + to_string(server_), reason);
        return reason;
    }

    twist::Reactor& reactor_;
    twist::Address server_;
    twist::Seconds timeout_; // of a fetch
    std::size_t max_size_;   // of a poem, in bytes
    Poem poem_;              // the cache; null until a whole poem has arrived
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
    twist::Seconds timeout(300);
    std::size_t max_size = 16'777'216; // 16 MiB
    twist::CommandLine command_line("[options] [host:]port",
                                    "Fetches the server's poem, and serves it.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.option("timeout", timeout, "the time that a fetch may take (default: 300)");
    command_line.option("max-size", max_size, "the bytes that a poem may have (default: 16777216)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one server address.");
    const twist::Address server = twist::parse_address(command_line, arguments.front());

    twist::Reactor reactor;
    const auto service = std::make_shared<ProxyService>(reactor, server, timeout, max_size);
    const auto factory = std::make_shared<PoetryProxyFactory>(service);
    const auto listener = twist::listen_tcp(reactor, {iface, port}, factory);
    std::cout << "Proxying " << server << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
