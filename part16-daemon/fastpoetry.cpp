// fastpoetry 3.0 - sends a poem to every client, as a service and, if asked, as a daemon.
// Answers twisted-server-3/fastpoetry.py and twisted/plugins/fastpoetry_plugin.py
#include "application/daemon.hpp"
#include "application/log_file.hpp"
#include "application/pid_file.hpp"
#include "application/service.hpp"
#include "application/tcp_server.hpp"
#include "twist/async/shutdown.hpp"
#include "twist/base/error.hpp"
#include "twist/base/log.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

class PoetryService : public twist::Service {
  public:
    explicit PoetryService(std::string poetry_file) : poetry_file_(std::move(poetry_file)) {
        load();
    }

    void start_service() override {
        Service::start_service();
        twist::log::msg("loaded a poem from: " + poetry_file_);
    }

    void load() { poem_ = std::make_shared<const std::string>(twist::read_file(poetry_file_)); }

    // Keeps the old poem if the new one can't be read.
    void reload() {
        try {
            load();
            twist::log::msg("loaded a poem from: " + poetry_file_);
        } catch (const twist::SystemError& error) {
            twist::log::msg(error.what() + std::string(" The old poem stays."));
        }
    }

    const std::shared_ptr<const std::string>& poem() const { return poem_; }

  private:
    std::string poetry_file_;
    std::shared_ptr<const std::string> poem_; // shared by all connections, never copied
};

class PoetryFactory : public twist::ServerFactory {
  public:
    explicit PoetryFactory(std::shared_ptr<PoetryService> poetry) : service(std::move(poetry)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    const std::shared_ptr<PoetryService> service;
};

class PoetryProtocol : public twist::Protocol {
  public:
    explicit PoetryProtocol(PoetryFactory& factory) : factory_(factory) {}

    void connection_made() override {
        const auto& poem = factory_.service->poem();
        twist::log::msg("sending " + std::to_string(poem->size()) + " bytes of poetry to " +
                        to_string(transport()->get_peer()));
        transport()->write(poem);
        transport()->lose_connection();
    }

  private:
    PoetryFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 10000;
    std::string iface = "localhost";
    bool nodaemon = false;
    bool daemonize = false;
    std::string logfile, pidfile, user;
    twist::CommandLine command_line("[options] poetry-file",
                                    "Serves a poem, at once and to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: 10000)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.flag("nodaemon", nodaemon, "stay in the foreground (the default)");
    command_line.flag("daemon", daemonize, "leave the terminal and run in the background");
    command_line.option("logfile", logfile,
                        "the log (default: stdout; for a daemon, fastpoetry.log)");
    command_line.option("pidfile", pidfile,
                        "the file for the PID (default: none; for a daemon, fastpoetry.pid)");
    command_line.option("user", user, "the user to become once the port is open; only for root");
    std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);
    if (daemonize && nodaemon)
        command_line.fail("Use --daemon or --nodaemon, not both.");
    if (daemonize && logfile == "-")
        command_line.fail("A daemon has no stdout to log to.");
    if (logfile.empty())
        logfile = daemonize ? "fastpoetry.log" : "-";
    if (pidfile.empty() && daemonize)
        pidfile = "fastpoetry.pid";
    if (daemonize)
        for (auto* path : {&logfile, &pidfile, &poetry_file})
            *path = std::filesystem::absolute(*path); // the daemon's directory differs

    const auto poetry = std::make_shared<PoetryService>(poetry_file);
    auto socket = twist::inherited_socket();

    std::optional<twist::Daemon> daemon;
    if (daemonize)
        daemon.emplace();
    std::optional<twist::PidFile> pid_file;
    if (!pidfile.empty())
        pid_file.emplace(pidfile);

    twist::Reactor reactor;
    const auto factory = std::make_shared<PoetryFactory>(poetry);
    const auto server =
        socket ? std::make_shared<twist::TcpServer>(reactor, std::move(*socket), factory)
               : std::make_shared<twist::TcpServer>(reactor, twist::Address{iface, port}, factory);
    twist::MultiService services;
    services.add_service(poetry);
    services.add_service(server);

    services.privileged_start_service();
    if (!user.empty())
        twist::shed_privileges(user);
    twist::log::LogFile log(logfile); // as the user who must be able to open it again
    services.start_service();
    twist::before_shutdown(reactor, [&] { return services.stop_service(); });

    for (const auto& [number, name] : {std::pair(SIGINT, "SIGINT"), std::pair(SIGTERM, "SIGTERM")})
        reactor.on_signal(number, [&reactor, signal = std::string(name)] {
            twist::log::msg("Received " + signal + ", shutting down.");
            reactor.stop();
        });
    reactor.on_signal(SIGHUP, [&] {
        twist::log::msg("Received SIGHUP, reloading.");
        twist::log::run_reporting([&] { log.reopen(); }, "The old log stays");
        if (daemon)
            twist::redirect_standard_streams(log.fileno());
        poetry->reload();
    });
    reactor.call_when_running([&] { // from here on we get the signals
        if (daemon && twist::log::run_reporting([&] { daemon->started(log.fileno()); }))
            reactor.stop();
    });
    reactor.run();
    twist::log::msg("Main loop terminated.");
    twist::log::msg("Server Shut Down.");
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
