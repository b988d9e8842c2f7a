// poetry-proxy - fetches a poem once and then serves its copy, as a daemon.
#include "application/daemon.hpp"
#include "application/log_file.hpp"
#include "application/pid_file.hpp"
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
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

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

    std::optional<twist::Deferred<std::string>> deferred = twist::Deferred<std::string>();
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

    twist::Deferred<Poem> get_poem() {
        if (poem_) {
            twist::log::msg("Using cached poem.");
            return twist::succeed(poem_);
        }
        twist::log::msg("Fetching poem from server.");
        const auto factory = std::make_shared<PoetryClientFactory>();
        twist::connect_tcp(reactor_, server_, factory);
        const auto self = shared_from_this();
        return factory->deferred->add_callbacks(
            [self](std::string poem) { return self->set_poem(std::move(poem)); },
            [self](const twist::Failure& reason) { return self->report(reason); });
    }

  private:
    Poem set_poem(std::string poem) {
        poem_ = std::make_shared<const std::string>(std::move(poem));
        return poem_;
    }

    twist::Failure report(const twist::Failure& reason) const {
        if (reactor_.running()) // else the end of the reactor ended the connection
            twist::log::report("No poem from " + to_string(server_), reason);
        return reason;
    }

    twist::Reactor& reactor_;
    twist::Address server_;
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
        const auto deferred = factory_.service->get_poem();
        deferred.add_callback([client = transport()](const Poem& poem) { client->write(poem); })
            .add_both([client = transport()] { client->lose_connection(); });
    }

  private:
    PoetryProxyFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryProxyFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProxyProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string pidfile = "poetry-proxy.pid";
    std::string logfile = "poetry-proxy.log";
    twist::CommandLine command_line("[options] [host:]port",
                                    "Fetches the server's poem, and serves it.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("pidfile", pidfile, "the file for the PID (default: poetry-proxy.pid)");
    command_line.option("logfile", logfile, "the log (default: poetry-proxy.log)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one server address.");
    const twist::Address server = twist::parse_address(command_line, arguments.front());

    pidfile = std::filesystem::absolute(pidfile); // the daemon's directory differs
    logfile = std::filesystem::absolute(logfile);
    twist::Daemon daemon;
    const twist::PidFile pid_file(pidfile);
    const twist::log::LogFile log(logfile);
    twist::Reactor reactor;
    const auto service = std::make_shared<ProxyService>(reactor, server);
    const auto factory = std::make_shared<PoetryProxyFactory>(service);
    const auto listener = twist::listen_tcp(reactor, {"localhost", port}, factory);
    twist::log::msg("Proxying " + to_string(server) + " on " + to_string(listener->get_host()) +
                    ".");
    reactor.call_when_running([&] { // from here on we get the signals
        if (twist::log::run_reporting([&] { daemon.started(log.fileno()); }))
            reactor.stop();
    });
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
