// For tests of the reactor and of TCP: a run that can't hang, descriptors, protocols and factories
// whose calls are functions of the test, a diary of events, and bare sockets.
#pragma once

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

namespace twist {

/// Runs `reactor` until it is stopped. If nobody stops it within 30 s, the test fails.
inline void run(Reactor& reactor) {
    DelayedCall limit = reactor.call_later(Seconds(30), [&] {
        FAIL_CHECK("nobody stopped the reactor");
        reactor.stop();
    });
    reactor.run();
    if (limit.active())
        limit.cancel();
}

/// Calls `f` at the end of a turn, `turns` turns after this one.
inline void after_turns(Reactor& reactor, int turns, std::function<void()> f) {
    reactor.call_at_end_of_turn([&reactor, turns, f = std::move(f)]() mutable {
        if (turns == 0)
            f();
        else
            after_turns(reactor, turns - 1, std::move(f));
    });
}

/// A loop that spins for `a_while` uses far more than `hardly_any_time`, even on a busy machine.
inline constexpr std::chrono::milliseconds a_while{250}, hardly_any_time{40};

/// The processor time of this thread.
inline Seconds processor_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// The events, in order: "server connection_made, server data_received hello".
class Diary {
  public:
    void note(const std::string& event) { text_ += (text_.empty() ? "" : ", ") + event; }
    const std::string& text() const { return text_; }
    bool has(std::string_view event) const { return text_.find(event) != std::string::npos; }
    std::string take() { return std::exchange(text_, ""); }

  private:
    std::string text_;
};

/// The type of a reason, "ConnectionDone": most tests ask only for that.
inline std::string name_of(const Failure& reason) {
    return type_name(reason.type());
}

/// Calls a copy of `f`: the call may replace the original.
template <class F, class... Arguments>
void call_if_set(F f, Arguments&&... arguments) {
    if (f)
        f(std::forward<Arguments>(arguments)...);
}

// Descriptors -------------------------------------------------------------------------------------

/// Two connected sockets.
struct SocketPair {
    SocketPair() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == -1)
            throw SystemError("no socket pair", last_error());
        here = FileDescriptor(ends[0]);
        there = FileDescriptor(ends[1]);
    }
    FileDescriptor here, there;
};

inline void send_to(const FileDescriptor& socket, std::string_view data) {
    REQUIRE(::send(socket.get(), data.data(), data.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(data.size()));
}

/// The data that has arrived, up to `most` bytes; "" if there is none.
inline std::string read_now(const FileDescriptor& socket, std::size_t most = 65536) {
    std::string data(most, '\0');
    const ssize_t size = ::recv(socket.get(), data.data(), data.size(), MSG_DONTWAIT);
    data.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return data;
}

/// Waits for all data until the other side closes. Ends in "(reset)" if the close was not clean.
inline std::string read_to_end(const FileDescriptor& socket) {
    const timeval limit{30, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string all, buffer(65536, '\0');
    ssize_t size = 0;
    while ((size = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0)
        all.append(buffer, 0, static_cast<std::size_t>(size));
    if (size == -1)
        all += errno == ECONNRESET ? "(reset)" : "(nothing comes)";
    return all;
}

/// The return value of a do_read or do_write that continues.
inline const std::optional<Failure> go_on;

inline bool contains(const std::vector<ReadDescriptor*>& all, const ReadDescriptor& one) {
    return std::find(all.begin(), all.end(), &one) != all.end();
}

/// A descriptor whose calls are functions. Without a function, a call does nothing.
class TestDescriptor final : public WriteDescriptor {
  public:
    explicit TestDescriptor(int fd) : fd_(fd) {}

    int fileno() const override { return fd_; }
    std::optional<Failure> do_read() override { return on_read ? on_read() : std::nullopt; }
    std::optional<Failure> do_write() override { return on_write ? on_write() : std::nullopt; }
    void connection_lost(const Failure& reason) override { call_if_set(on_lost, reason); }
    std::string log_prefix() const override { return "the test's descriptor"; }

    void set_fileno(int fd) { fd_ = fd; }

    std::function<std::optional<Failure>()> on_read, on_write;
    std::function<void(const Failure&)> on_lost;

  private:
    int fd_;
};

// Protocols and factories -------------------------------------------------------------------------

using TransportPtr = std::shared_ptr<Transport>;

/// The functions of one side of a conversation, and the diary that notes its calls under `name`.
struct Script {
    std::function<void(const TransportPtr&)> connection_made;
    std::function<void(const TransportPtr&, std::string_view)> data_received;
    std::function<void(const TransportPtr&, const Failure&)> connection_lost;
    std::function<void(const Address&)> build_protocol;
    std::function<void()> start_factory, stop_factory, protocol_destroyed;
    std::function<void(Connector&)> started_connecting;
    std::function<void(Connector&, const Failure&)> client_connection_failed,
        client_connection_lost;

    bool builds = true; ///< false: build_protocol returns none
    Diary* diary = nullptr;
    std::string name;

    void note(const std::string& event) const {
        if (diary != nullptr)
            diary->note(name + " " + event);
    }
};

class ScriptedProtocol final : public Protocol {
  public:
    explicit ScriptedProtocol(const Script& script) : script_(script) {}
    ~ScriptedProtocol() override { call_if_set(script_.protocol_destroyed); }

    void connection_made() override {
        script_.note("connection_made");
        call_if_set(script_.connection_made, transport());
    }
    void data_received(std::string_view data) override {
        script_.note("data_received " + std::string(data.substr(0, 20)));
        call_if_set(script_.data_received, transport(), data);
    }
    void connection_lost(const Failure& reason) override {
        script_.note("connection_lost " + name_of(reason));
        call_if_set(script_.connection_lost, transport(), reason);
    }

  private:
    const Script& script_; // owned by the factory, which outlives its connections
};

template <class Base>
class ScriptedFactory : public Base {
  public:
    ScriptedFactory() = default;
    ScriptedFactory(Diary& diary, const std::string& name) {
        on.diary = &diary;
        on.name = name;
    }

    std::unique_ptr<Protocol> build_protocol(const Address& peer) override {
        on.note("build_protocol");
        call_if_set(on.build_protocol, peer);
        return on.builds ? std::make_unique<ScriptedProtocol>(on) : nullptr;
    }
    void start_factory() override {
        on.note("start_factory");
        call_if_set(on.start_factory);
    }
    void stop_factory() override {
        on.note("stop_factory");
        call_if_set(on.stop_factory);
    }

    Script on;
};

using Server = ScriptedFactory<ServerFactory>;

class Client final : public ScriptedFactory<ClientFactory> {
  public:
    using ScriptedFactory::ScriptedFactory;

    void started_connecting(Connector& connector) override {
        on.note("started_connecting");
        call_if_set(on.started_connecting, connector);
    }
    void client_connection_failed(Connector& connector, const Failure& reason) override {
        on.note("client_connection_failed " + name_of(reason));
        call_if_set(on.client_connection_failed, connector, reason);
    }
    void client_connection_lost(Connector& connector, const Failure& reason) override {
        on.note("client_connection_lost " + name_of(reason));
        call_if_set(on.client_connection_lost, connector, reason);
    }
};

/// Listens at a free port of 127.0.0.1.
inline std::shared_ptr<Port> listen_anywhere(Reactor& reactor,
                                             std::shared_ptr<ServerFactory> factory) {
    return listen_tcp(reactor, {"127.0.0.1", 0}, std::move(factory));
}

// Bare sockets ------------------------------------------------------------------------------------

/// A blocking socket that is connected to `address`. The kernel connects it, even if the reactor
/// does not run.
inline FileDescriptor connect_bare(const Address& address) {
    const SocketAddress there = numeric(address).at(0);
    FileDescriptor socket(::socket(there.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), there.data(), there.size()) == -1)
        throw_last_error("can't connect");
    return socket;
}

/// Closes the socket with a reset.
inline void reset(FileDescriptor& socket) {
    const linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket.close();
}

/// A socket at a free port of 127.0.0.1. It listens, or it keeps the port occupied so that
/// connections are refused.
class BareServer {
  public:
    enum class Does { listen, refuse };
    explicit BareServer(Does what = Does::listen, int backlog = 16)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const SocketAddress here = numeric({"127.0.0.1", 0}).at(0);
        REQUIRE(::bind(socket_.get(), here.data(), here.size()) == 0);
        if (what == Does::listen)
            REQUIRE(::listen(socket_.get(), backlog) == 0);
    }
    Address address() const { return SocketAddress::local(socket_.get()).address(); }
    FileDescriptor accept() const {
        return FileDescriptor(::accept(socket_.get(), nullptr, nullptr));
    }

  private:
    FileDescriptor socket_;
};

} // namespace twist
