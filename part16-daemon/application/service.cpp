#include "application/service.hpp"

#include <algorithm>
#include <ranges>
#include <stdexcept>
#include <utility>

#include "twist/base/let_go.hpp"
#include "twist/base/log.hpp"
#include "twist/deferred/deferred_list.hpp"

namespace twist {

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
        service->parent_ = nullptr; // others may keep it
    let_go(services_);
}

void MultiService::add_service(std::shared_ptr<Service> service) {
    if (service->parent_ != nullptr)
        throw std::logic_error("add_service: this service has a parent already.");
    const std::string& name = service->name();
    if (!name.empty() && std::ranges::find(services_, name, &Service::name) != services_.end())
        throw std::logic_error("add_service: there is a service " + name + " already.");
    service->parent_ = this;
    services_.push_back(std::move(service));
    if (!running())
        return;
    const auto added = services_.back();
    added->privileged_start_service();
    added->start_service();
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
    if (const auto under_way = stopping_.lock(); under_way && !running())
        return under_way->wait();
    const auto all_stopped = std::make_shared<Waiters>();
    stopping_ = all_stopped;
    auto result = all_stopped->wait();
    std::vector<Deferred<void>> stopped{Service::stop_service()};
    const auto services = services_;
    for (const auto& service : services | std::views::reverse)
        stopped.push_back(
            maybe_deferred([&] { return service->stop_service(); }).add_errback(log::err));
    deferred_list(stopped).add_callback(
        [all_stopped](const ResultList<void>&) { all_stopped->fire(); });
    return result;
}

} // namespace twist
