// Services: what a server is made of, to be started and stopped as a whole.
// Stands for twisted.application.service.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "application/waiters.hpp"
#include "twist/deferred/deferred.hpp"

namespace twist {

class MultiService;

/// Something that can be started and stopped (IService). It begins stopped. One that overrides a
/// function calls this class's, too.
class Service {
  public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service() = default;

    /// What only root may do, such as opening a port below 1024. Called before start_service, at
    /// the start of the program.
    virtual void privileged_start_service() {}

    virtual void start_service() { running_ = true; }

    /// Fires when it has stopped.
    virtual Deferred<void> stop_service();

    bool running() const { return running_; }

    /// Throws std::logic_error once it has a parent, which may know it by its name.
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
    /// or if one of its name (other than "") is there already. (Twisted takes a service away from
    /// the parent that it has.)
    void add_service(std::shared_ptr<Service> service);

    /// The service of that name. Throws std::out_of_range.
    Service& get_service_named(const std::string& name) const;

    const std::vector<std::shared_ptr<Service>>& services() const { return services_; }

    // In the order in which they were added. What one throws comes out; those after it are not
    // called.
    void privileged_start_service() override;
    void start_service() override;

    /// In the reverse order; none waits for the one before. Fires when all have stopped. A failure
    /// is reported, and keeps nobody waiting. A second call meanwhile fires at the same end.
    Deferred<void> stop_service() override;

  private:
    std::vector<std::shared_ptr<Service>> services_;
    std::weak_ptr<Waiters> stopping_; // lives while they do
};

} // namespace twist
