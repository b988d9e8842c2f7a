#include "common/service.hpp"

#include <algorithm>
#include <ranges>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include "common/deferred_list.hpp"
#include "common/log.hpp"
#include "common/log_file.hpp"

namespace twist {

namespace {

std::string name_of(const ServerFactory& factory) {
    return type_name(typeid(factory));
}

} // namespace

// Service -----------------------------------------------------------------------------------------

Deferred<void> Service::stop_service() {
    running_ = false;
    return succeed();
}

void Service::set_name(std::string name) {
    if (parent_ != nullptr)
        throw std::logic_error("set_name: this service has a parent already.");
    name_ = std::move(name);
}

// MultiService ------------------------------------------------------------------------------------

MultiService::~MultiService() {
    for (const auto& service : services_)
        service->parent_ = nullptr; // somebody else may keep it
}

void MultiService::add_service(std::shared_ptr<Service> service) {
    if (service->parent_ != nullptr)
        throw std::logic_error("add_service: this service has a parent already.");
    const std::string& name = service->name();
    if (!name.empty() && std::ranges::find(services_, name, &Service::name) != services_.end())
        throw std::logic_error("add_service: there is a service " + name + " already.");
    service->parent_ = this;
    services_.push_back(service);
    if (running()) {
        service->privileged_start_service();
        service->start_service();
    }
}

Service& MultiService::get_service_named(const std::string& name) const {
    const auto found = std::ranges::find(services_, name, &Service::name);
    if (found == services_.end())
        throw std::out_of_range("There is no service " + name + ".");
    return **found;
}

void MultiService::privileged_start_service() {
    Service::privileged_start_service();
    for (const auto& service : std::vector(services_))
        service->privileged_start_service();
}

void MultiService::start_service() {
    Service::start_service();
    for (const auto& service : std::vector(services_))
        service->start_service();
}

Deferred<void> MultiService::stop_service() {
    std::vector<Deferred<void>> stopped{Service::stop_service()};
    const auto services = services_;
    for (const auto& service : services | std::views::reverse)
        stopped.push_back(
            maybe_deferred([&] { return service->stop_service(); }).add_errback(log::err));
    return deferred_list(stopped).add_callback([](const ResultList<void>&) {});
}

// TcpServer ---------------------------------------------------------------------------------------

TcpServer::TcpServer(Reactor& reactor, Address address, std::shared_ptr<ServerFactory> factory)
    : listen_([&reactor, address = std::move(address), factory] {
          return listen_tcp(reactor, address, factory);
      }),
      factory_name_(name_of(*factory)) {}

TcpServer::TcpServer(Reactor& reactor, FileDescriptor socket,
                     std::shared_ptr<ServerFactory> factory)
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
    const auto stopped = Service::stop_service();
    const auto port = std::exchange(port_, nullptr);
    if (!port)
        return stopped;
    const std::string number = std::to_string(port->get_host().port);
    return port->stop_listening().add_callback(
        [number] { log::msg("(TCP Port " + number + " Closed)"); });
}

} // namespace twist
