#include "application/tcp_server.hpp"
#include "twist/async/stop_listening.hpp"

#include <typeinfo>
#include <utility>

#include "application/log_file.hpp"
#include "twist/base/failure.hpp"

namespace twist {

namespace {

std::string name_of(const ServerFactory& factory) {
    return type_name(typeid(factory));
}

} // namespace

TcpServer::TcpServer(Reactor& reactor, Address address,
                     const std::shared_ptr<ServerFactory>& factory)
    : listen_([&reactor, address = std::move(address), factory] {
          return listen_tcp(reactor, address, factory);
      }),
      factory_name_(name_of(*factory)) {}

TcpServer::TcpServer(Reactor& reactor, FileDescriptor socket,
                     const std::shared_ptr<ServerFactory>& factory)
    : listen_([&reactor, socket = std::make_shared<FileDescriptor>(std::move(socket)), factory] {
          return adopt_tcp(reactor, std::move(*socket), factory);
      }),
      factory_name_(name_of(*factory)) {}

void TcpServer::privileged_start_service() {
    Service::privileged_start_service();
    if (!port_)
        port_ = listen_();
}

void TcpServer::start_service() {
    privileged_start_service();
    Service::start_service();
    log::msg(factory_name_ + " starting on " + to_string(get_host()));
}

Deferred<void> TcpServer::stop_service() {
    auto stopped = Service::stop_service();
    if (!port_)
        return closing_ ? twist::stop_listening(*closing_) : stopped;
    closing_ = std::exchange(port_, nullptr);
    const std::string number = std::to_string(closing_->get_host().port);
    return stop_listening(*closing_).add_callback(
        [number] { log::msg("(TCP Port " + number + " Closed)"); });
}

} // namespace twist
