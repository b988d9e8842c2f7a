// Services: the parts of a server, started and stopped as a whole.
// Replaces twisted.application.service.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "application/waiters.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist {

class MultiService;

/// Something that can be started and stopped (IService). It begins stopped. An override also calls
/// this class's function.
class Service {
  public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service() = default;

    /// Does the work that needs root, such as opening a port below 1024. Called before
    /// start_service, at the start of the program.
    virtual void privileged_start_service() {}

    virtual void start_service() { running_ = true; }

    /// Fires when it has stopped.
    virtual Deferred<void> stop_service();

    bool running() const { return running_; }

    /// Throws std::logic_error once it has a parent, because the parent may use the name.
    void set_name(std::string name);
    const std::string& name() const { return name_; }

    MultiService* parent() const { return parent_; } ///< null if there is none

  private:
    friend class MultiService;
    bool running_ = false;
    std::string name_;
    MultiService* parent_ = nullptr;
};

/// Services that are started and stopped together; it keeps them alive.
class MultiService : public Service {
  public:
    ~MultiService() override;

    /// Adds `service`, and starts it if this one runs. Throws std::logic_error if it has a parent,
    /// or if its name (other than "") is already taken. (Twisted removes a service from its old
    /// parent.)
    void add_service(std::shared_ptr<Service> service);

    /// The service of that name. Throws std::out_of_range.
    Service& get_service_named(const std::string& name) const;

    const std::vector<std::shared_ptr<Service>>& services() const { return services_; }

    // In the order in which they were added. If one throws, the exception leaves this call, and the
    // later ones are not called.
    void privileged_start_service() override;
    void start_service() override;

    /// In reverse order; none waits for another. Fires when all have stopped. A failure is reported
    /// and counts as stopped. A second call meanwhile fires at the same time.
    Deferred<void> stop_service() override;

  private:
    std::vector<std::shared_ptr<Service>> services_;
    std::weak_ptr<Waiters> stopping_; // lives as long as they do
};

} // namespace twist
