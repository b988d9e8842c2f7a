// The reactor: one loop that waits for everything, and calls those that asked to be called.
// Stands for twisted.internet.reactor.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include "twist/loop/clock.hpp"
#include "twist/loop/descriptor.hpp"
#include "twist/loop/error.hpp"
#include "twist/loop/poller.hpp"

namespace twist {

class Signals;
class Waker;

/// Knows descriptors, timers and signals, and nothing else: TCP is built on it from outside.
///
/// Everything happens in the thread that called run(), one callback after the other. None is
/// interrupted. Another thread may call only call_from_thread(). A child made by fork() has a copy
/// that it may destroy and may not run: it makes a reactor of its own.
class Reactor final : public Clock {
  public:
    /// `backend` is one of libevent's ways to wait ("epoll", "poll", "select"); "" is the best one.
    /// From now on SIGPIPE is ignored. Throws std::invalid_argument, which names the back ends that
    /// there are, and SystemError. Without a free descriptor libevent itself ends the process.
    explicit Reactor(const std::string& backend = "");

    /// Tells every connection that it is lost, then drops the calls that are still to come, and
    /// with them the coroutines that wait for one.
    ~Reactor() override;

    /// Turns the loop until stop(), SIGINT or SIGTERM. Then it shuts down: what other threads
    /// asked for; what was put off to the end of the turn (so what was written is sent); the
    /// triggers `before`; running() becomes false; the triggers `during`; connection_lost for
    /// everything registered; the triggers `after`. Timers that are not due are never called.
    /// Throws ReactorAlreadyRunning, ReactorNotRestartable, and std::logic_error in a child
    /// process.
    void run();

    /// Ends run(). In a timer: after the other timers that are due, without another wait for
    /// descriptors. Elsewhere: after this turn, and the timers that are due then. Throws
    /// ReactorNotRunning.
    void stop();

    bool running() const { return running_; }
    std::string backend() const { return poller_.backend(); }
    Seconds seconds() const override { return monotonic_time(); }

    /// Calls `f` when the loop starts, or at once if it runs. What `f` throws is reported.
    void call_when_running(std::function<void()> f);

    /// Calls `f` at the end of this turn, after the descriptors; when called by such an `f`, at the
    /// end of the next turn, which does not sleep. What `f` throws is reported.
    void call_at_end_of_turn(std::function<void()> f);

    /// Calls `f` in the loop's thread, never inside this call, and wakes the loop for it. Before
    /// run() it waits for the first turn; after run() it is never called. What `f` throws is
    /// reported. Any thread may call this.
    void call_from_thread(std::function<void()> f);

    /// Calls `f` in the loop when signal `number` comes while run() runs; at other times the signal
    /// does what it did before. `f` replaces the function that was there: SIGINT and SIGTERM begin
    /// with stop(); another one while the reactor stops is ignored. What `f` throws is reported.
    /// Signals of one kind that come together are one. Of several reactors that run, the first one
    /// gets the signals. Throws std::invalid_argument for a signal that can't wait (SIGKILL,
    /// SIGSEGV).
    void on_signal(int number, std::function<void()> f);

    /// The moments of shutting down; see run().
    enum class Shutdown { before, during, after };

    /// Calls `f` at that moment. What it throws is reported.
    template <class F>
    void add_system_event_trigger(Shutdown when, F f) {
        static_assert(std::is_void_v<std::invoke_result_t<F&>>,
                      "A trigger returns nothing. If it returns a Deferred, for which the shutdown "
                      "is to wait, say before_shutdown(reactor, f).");
        triggers_[static_cast<std::size_t>(when)].push_back(std::move(f));
    }

    /// For a trigger `before` that needs time: the loop keeps turning as long as somebody holds a
    /// copy of what this returns.
    std::shared_ptr<void> delay_shutdown() { return delay_; }

    // Readers and writers. To add one twice is to add it once; to remove one that is not registered
    // does nothing; a removed one gets no connection_lost. An older one with the same fileno() must
    // have been closed: it is removed. To add throws SystemError where the descriptor can't be
    // watched: a plain file with epoll (Twisted calls its doRead again and again), one of 1,024 or
    // more with select. A fileno() of -1 is a std::invalid_argument.
    void add_reader(ReadDescriptor& reader) { add(reader, Poller::reading); }
    void add_writer(WriteDescriptor& writer) { add(writer, Poller::writing); }
    void remove_reader(ReadDescriptor& reader) { remove(reader, Poller::reading); }
    void remove_writer(WriteDescriptor& writer) { remove(writer, Poller::writing); }

    /// The registered descriptors, with those of the reactor itself: what wakes it, and signals.
    std::vector<ReadDescriptor*> get_readers() const { return registered_for(Poller::reading); }
    std::vector<ReadDescriptor*> get_writers() const { return registered_for(Poller::writing); }

    /// Shares the ownership of `descriptor`, registered or not, until forget(). When the reactor
    /// shuts down, it gets connection_lost like a registered one. Its fileno() may become -1
    /// meanwhile, but no other number.
    void keep_alive(std::shared_ptr<ReadDescriptor> descriptor);

    /// Undoes add_reader, add_writer and keep_alive.
    void forget(ReadDescriptor& descriptor);

    /// All that are registered or kept alive, without those of the reactor itself.
    std::vector<ReadDescriptor*> descriptors() const;

    /// What a higher floor has once for each reactor: a T(reactor), made when it is first asked
    /// for, and destroyed with the reactor.
    template <class T>
    T& extension() {
        std::shared_ptr<void>& own = extensions_[typeid(T)];
        if (!own)
            own = std::make_shared<T>(*this);
        return *static_cast<T*>(own.get());
    }

  private:
    friend class ReadDescriptor;

    struct Watch { // what there is of one descriptor; its number is the place in watches_
        std::array<ReadDescriptor*, 2> registered{}; // for reading, for writing
        std::shared_ptr<ReadDescriptor> kept;

        bool knows(const ReadDescriptor* descriptor) const;
    };

    template <class Condition>
    void turn_until(Condition is_over);
    void wait_for_descriptors();
    void run_end_of_turn();
    void shut_down();
    void fire(Shutdown when);
    bool is_empty();

    Watch& watch(int fd) { return watches_[static_cast<std::size_t>(fd)]; }
    Watch& new_watch(ReadDescriptor& descriptor);
    void add(ReadDescriptor& descriptor, Poller::Event event);
    void remove(ReadDescriptor& descriptor, Poller::Event event);
    std::vector<ReadDescriptor*> registered_for(Poller::Event event) const;
    void serve(int fd, Poller::Event event) noexcept;
    void disconnect(ReadDescriptor& descriptor, const Failure& reason);
    void disconnect_all();
    void refuse_in_child() const;

    Poller poller_;
    std::vector<Watch> watches_;
    ReadDescriptor* serving_ = nullptr; // whose do_read or do_write runs; null if it has gone
    std::vector<std::function<void()>> when_running_, end_of_turn_;
    std::array<std::vector<std::function<void()>>, 3> triggers_;
    std::shared_ptr<void> delay_ = std::make_shared<int>();
    std::unique_ptr<Waker> waker_;
    std::unique_ptr<Signals> signals_;
    std::map<std::type_index, std::shared_ptr<void>> extensions_;
    bool started_ = false;
    bool running_ = false;
    bool stopping_ = false;
};

} // namespace twist
