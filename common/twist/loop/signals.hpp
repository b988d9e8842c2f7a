// Signals as calls in the loop. For reactor.cpp; programs say Reactor::on_signal.
// Stands for the signal handling of twisted.internet.base.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "twist/loop/reactor.hpp"

namespace twist {

/// The functions that one reactor calls when signals come. A signal interrupts the program
/// anywhere, and its handler may do very little there. So the handler notes the number and wakes
/// this reader, which calls the function in the loop, between two other callbacks.
class Signals final : public ReadDescriptor {
  public:
    /// Throws SystemError.
    Signals();

    /// See Reactor::on_signal.
    void on(int number, std::function<void()> f);
    std::map<int, std::function<void()>> take() { return std::exchange(functions_, {}); }
    bool has_functions() const { return !functions_.empty(); }

    /// While it lives, the signals go to `signals`, unless another reactor has them. Afterwards
    /// they do what they did before.
    class Delivery {
      public:
        Delivery(Reactor& reactor, Signals& signals);
        ~Delivery();
        Delivery(const Delivery&) = delete;
        Delivery& operator=(const Delivery&) = delete;

      private:
        Reactor& reactor_;
        Signals& signals_;
        bool is_owner_;
    };

    int fileno() const override;
    std::optional<Failure> do_read() override;
    void connection_lost(const Failure&) override {}
    std::string log_prefix() const override { return "the reactor's signals"; }

  private:
    void install(int number);

    std::map<int, std::function<void()>> functions_;
    std::map<int, struct sigaction> before_; // the actions that ours replace
    bool is_delivering_ = false;
};

} // namespace twist
