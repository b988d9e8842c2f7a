#include "tools/check/poet.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "tools/check/check.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

namespace check {

class Poet::Factory : public twist::ServerFactory {
  public:
    Factory(twist::Reactor& the_reactor, std::vector<std::string> the_pieces, Then the_end)
        : reactor(the_reactor), pieces(std::move(the_pieces)), then(the_end) {}
    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    twist::Reactor& reactor;
    const std::vector<std::string> pieces;
    const Then then;
    std::shared_ptr<twist::Port> port;
    int clients = 0;
    int present = 0;
    std::string received;
};

class Poet::Client : public twist::Protocol {
  public:
    explicit Client(Factory& factory) : factory_(factory) {}

    void connection_made() override {
        ++factory_.clients;
        ++factory_.present;
        send_piece(0);
    }
    void data_received(std::string_view data) override { factory_.received += data; }
    void connection_lost(const twist::Failure&) override {
        --factory_.present;
        if (next_.active())
            next_.cancel();
    }

  private:
    void send_piece(std::size_t number) {
        if (number < factory_.pieces.size()) {
            transport()->write(factory_.pieces[number]);
            next_ = factory_.reactor.call_later(twist::Seconds(0),
                                                [this, number] { send_piece(number + 1); });
        } else if (factory_.then == Then::closes) {
            transport()->lose_connection();
        } else if (factory_.then == Then::resets) {
            transport()->abort_connection();
        }
    }

    Factory& factory_;
    twist::DelayedCall next_;
};

std::unique_ptr<twist::Protocol> Poet::Factory::build_protocol(const twist::Address&) {
    return std::make_unique<Client>(*this);
}

Poet::Poet(twist::Reactor& reactor, std::vector<std::string> pieces, Then then)
    : factory_(std::make_shared<Factory>(reactor, std::move(pieces), then)) {
    factory_->port = twist::listen_tcp(reactor, {"127.0.0.1", 0}, factory_);
}

Poet::~Poet() {
    stop();
}

void Poet::stop() {
    if (const auto port = std::exchange(factory_->port, nullptr))
        port->stop_listening();
}

twist::Address Poet::address() const {
    return factory_->port->get_host();
}
int Poet::clients() const {
    return factory_->clients;
}
int Poet::present() const {
    return factory_->present;
}
const std::string& Poet::received() const {
    return factory_->received;
}

// A socket that is bound but does not listen: connections are refused.
Nobody::Nobody() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == -1)
        fail({"The check could not get a port.", "检查程序无法取得端口。"});
}

Nobody::~Nobody() {
    ::close(socket_);
}

twist::Address Nobody::address() const {
    sockaddr_in here{};
    socklen_t size = sizeof here;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &size);
    return {"127.0.0.1", ntohs(here.sin_port)};
}

} // namespace check
