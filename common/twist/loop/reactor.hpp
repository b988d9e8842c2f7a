// The reactor: one loop that waits for everything and calls whoever asked to be called.
// Stands for twisted.internet.reactor.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/clock.hpp"

struct event; // libevent's; only reactor.cpp looks inside
struct event_base;

namespace twist {

class Reactor;
class Resolver;
class Signals;
class Threads;
class Waker;

/// Something with a descriptor that can be read: a socket, a pipe, a listening socket
/// (IReadDescriptor). Whoever makes it owns it. Its destructor takes it out of the reactor.
class ReadDescriptor {
  public:
    ReadDescriptor() = default;
    ReadDescriptor(const ReadDescriptor&) = delete;
    ReadDescriptor& operator=(const ReadDescriptor&) = delete;
    virtual ~ReadDescriptor();

    /// The descriptor to watch; -1 when it is gone.
    virtual int fileno() const = 0;

    /// The descriptor can be read without waiting. Called once a turn, and again in the next turn
    /// if something is left. Must not wait. Gives nothing to go on, or the reason to end:
    /// connection_done(), Failure(ConnectionLost()). What it throws is reported and is the reason.
    virtual std::optional<Failure> do_read() = 0;

    /// The reactor has let go of it, for `reason`. It is no longer registered.
    virtual void connection_lost(const Failure& reason) = 0;

    /// Its name, for people.
    virtual std::string log_prefix() const { return "descriptor " + std::to_string(fileno()); }

  private:
    friend class Reactor;
    Reactor* reactor_ = nullptr; // which knows it
    int registered_as_ = -1;
    bool* has_gone_ = nullptr; // to be told to whoever calls it at the moment
};

/// One that can be written, too (IWriteDescriptor).
class WriteDescriptor : public ReadDescriptor {
  public:
    /// The same for writing: the kernel has room for some bytes.
    virtual std::optional<Failure> do_write() = 0;
};

/// Knows descriptors, timers and signals, and nothing else: TCP is built on it from outside.
///
/// Everything happens in the thread that called run(), one callback after the other, and none is
/// interrupted; call_from_thread is the only function that another thread may call. A child that
/// is made by fork has a copy that it may destroy, and not run: it makes a reactor of its own.
class Reactor final : public Clock {
  public:
    /// `backend` is one of libevent's ways to wait ("epoll", "poll", "select"); "" means the best.
    /// Throws std::invalid_argument if there is no such back end here; the message names those that
    /// there are. SIGPIPE is ignored from now on.
    explicit Reactor(const std::string& backend = "");

    /// Tells every connection that it is lost, then forgets the calls that are to come and, with
    /// them, the coroutines that waited for one.
    ~Reactor() override;

    /// Turns the loop until stop() or SIGINT or SIGTERM, then shuts down: the triggers before, the
    /// functions in threads, connection_lost for everything registered, the triggers after. Throws
    /// ReactorAlreadyRunning, ReactorNotRestartable; std::logic_error in a child of the process
    /// that made the reactor.
    void run();

    /// Ends run(), after this turn and the calls that are due then. Throws ReactorNotRunning if
    /// there is nothing to stop, or not any more.
    void stop();

    bool running() const { return running_; }
    std::string backend() const;
    Seconds seconds() const override { return monotonic_time(); }

    /// Calls `f` when the loop starts; at once if it runs already.
    void call_when_running(std::function<void()> f);

    /// Calls `f` at the end of this turn, after the descriptors have been served.
    void call_at_end_of_turn(std::function<void()> f);

    /// Calls `f` in the loop's thread. For other threads; it wakes the loop.
    void call_from_thread(std::function<void()> f);

    /// Calls `f` in the loop when the signal comes, while run() runs; before and after that the
    /// signal does what it did. Signals of one kind that come together are one. `f` replaces what
    /// was there: SIGINT and SIGTERM come with stop(). Where several reactors run, the first one
    /// has the signals. Throws std::invalid_argument for one that can't wait (SIGKILL, SIGSEGV).
    void on_signal(int number, std::function<void()> f);

    /// The moments of shutting down: while everything still works; with the loop at its end, just
    /// before the connections are told; after that. (addSystemEventTrigger)
    enum class Shutdown { before, during, after };

    /// Calls `f` then. One that is called before may give a Deferred<void>: the loop turns on until
    /// it has fired.
    template <class F>
    void add_system_event_trigger(Shutdown when, F f) {
        triggers_[static_cast<std::size_t>(when)].push_back([f] { return maybe_deferred(f); });
    }

    // Who reads, who writes. Adding twice is adding once; removing what is not there does no harm.
    // add_ throws SystemError where the descriptor can't be watched: a plain file with epoll (which
    // Twisted asks again and again), one of 1,024 or more with select.
    void add_reader(ReadDescriptor& reader);
    void remove_reader(ReadDescriptor& reader);
    void add_writer(WriteDescriptor& writer);
    void remove_writer(WriteDescriptor& writer);

    /// What is registered, the reactor's own included: what wakes it and, while it runs, signals.
    std::vector<ReadDescriptor*> get_readers() const { return all(&Watch::reading); }
    std::vector<ReadDescriptor*> get_writers() const { return all(&Watch::writing); }

    /// Keeps `descriptor` alive, registered or not, until release(); when the reactor shuts down
    /// it is told connection_lost like those that are registered. Its fileno() may turn -1
    /// meanwhile, but not another number.
    void adopt(std::shared_ptr<ReadDescriptor> descriptor);

    /// Lets go of it: it is no reader, no writer, and not kept alive any more.
    void release(ReadDescriptor& descriptor);

    /// All that is registered or adopted, but for what is the reactor's own.
    std::vector<ReadDescriptor*> descriptors() const;

    /// Who turns names into addresses for connect_tcp (installNameResolver); see resolver.hpp.
    void install_resolver(std::shared_ptr<Resolver> resolver) { resolver_ = std::move(resolver); }
    const std::shared_ptr<Resolver>& resolver() const { return resolver_; }

    /// For defer_to_thread: at most ten at once. (getThreadPool)
    Threads& threads();

  private:
    friend class ReadDescriptor;
    struct FreeEvent {
        void operator()(event* e) const;
        void operator()(event_base* base) const;
    };
    using Event = std::unique_ptr<event, FreeEvent>;

    struct Side { // reading or writing
        ReadDescriptor* who = nullptr;
        Event ready;
    };
    struct Watch { // over one descriptor, whose number is the place in watches_
        Side reading, writing;
        std::shared_ptr<ReadDescriptor> owned;

        bool knows(const ReadDescriptor* who) const {
            return reading.who == who || writing.who == who || owned.get() == who;
        }
    };

    void turn();
    void wait_for_descriptors();
    void run_end_of_turn();
    void shut_down();
    std::vector<Deferred<void>> fire(Shutdown when);
    void disconnect_all();
    bool something_is_left();
    void notice_fork();
    void refuse_if_inherited();

    Watch& watch(ReadDescriptor& descriptor);
    void add(ReadDescriptor& descriptor, Side Watch::*side, short what);
    void remove(ReadDescriptor& descriptor, Side Watch::*side);
    std::vector<ReadDescriptor*> all(Side Watch::*side) const;
    void serve(int fd, Side Watch::*side) noexcept;
    void disconnect(ReadDescriptor& descriptor, const Failure& reason);

    std::unique_ptr<event_base, FreeEvent> base_;
    Event timeout_;                      // ends a wait
    std::optional<Seconds> timeout_due_; // and when it will
    std::vector<Watch> watches_;
    std::vector<std::function<void()>> when_running_, end_of_turn_;
    std::array<std::vector<std::function<Deferred<void>()>>, 3> triggers_;
    std::unique_ptr<Waker> waker_;
    std::unique_ptr<Signals> signals_;
    std::shared_ptr<Resolver> resolver_;
    std::unique_ptr<Threads> threads_;
    bool started_ = false;
    bool running_ = false;
    bool stopping_ = false;
    bool timers_have_run_ = false; // since stop()
    bool is_inherited_ = false;
    int forks_;                  // when the base was made
    std::size_t unfinished_ = 0; // the triggers before the end that it waits for
};

} // namespace twist
