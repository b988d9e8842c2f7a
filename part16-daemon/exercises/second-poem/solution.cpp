// second-poem - serves two poems, each on its own port, and stops one of them.
#include "application/log_file.hpp"
#include "application/service.hpp"
#include "application/tcp_server.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/protocol.hpp"

#include <memory>
#include <string>
#include <utility>

// Holds its poem while it runs.
class PoetryService : public twist::Service {
  public:
    explicit PoetryService(std::string text) : text_(std::move(text)) {}

    void start_service() override {
        Service::start_service();
        poem_ = text_;
    }

    twist::Deferred<void> stop_service() override {
        poem_.clear();
        return Service::stop_service();
    }

    const std::string& poem() const { return poem_; }

  private:
    std::string text_, poem_;
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
        transport()->write(factory_.service->poem());
        transport()->lose_connection();
    }

  private:
    PoetryFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryProtocol>(*this);
}

// Adds a service with this name, which serves `poem` at `address`. Returns its port.
std::shared_ptr<twist::TcpServer> add_poem(twist::MultiService& services, twist::Reactor& reactor,
                                           const std::string& name, const std::string& poem,
                                           const twist::Address& address) {
    const auto poetry = std::make_shared<PoetryService>(poem);
    const auto factory = std::make_shared<PoetryFactory>(poetry);
    const auto port = std::make_shared<twist::TcpServer>(reactor, address, factory);
    const auto both = std::make_shared<twist::MultiService>();
    both->set_name(name);
    both->add_service(poetry);
    both->add_service(port);
    services.add_service(both);
    return port;
}

int main() {
    const twist::log::LogFile log("-");
    twist::Reactor reactor;
    twist::MultiService services;
    add_poem(services, reactor, "ecstasy", "As virtuous men pass mildly away.\n", {"localhost", 0});
    add_poem(services, reactor, "tyger", "Tyger, tyger, burning bright.\n", {"localhost", 0});
    services.start_service();
    reactor.call_when_running([&] {
        twist::log::msg("Stopping the tyger; the other one stays.");
        services.get_service_named("tyger").stop_service();
    });
    reactor.run();
}
