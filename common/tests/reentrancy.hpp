// For tests of re-entrancy: a small world that reaches every callback that a program can have, and
// beside it a download that must not suffer. In one of these places, a test applies its acts to all
// the rest.
#pragma once

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/acts.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/resolving.hpp"
#include "twist/base/let_go.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/netstring.hpp"
#include "twist/net/port.hpp"
#include "twist/net/resolver.hpp"

namespace twist {

/// The number of open descriptors of this process.
inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// A poem that is sent line by line, one line in each turn of the loop, until end() is called.
class Download final : public Producer, public std::enable_shared_from_this<Download> {
  public:
    explicit Download(std::function<void()> each_turn) : each_turn_(std::move(each_turn)) {}

    void start(Reactor& reactor) {
        server->on.connection_made = [this](const TransportPtr& transport) {
            sender_ = transport;
            transport->register_producer(shared_from_this(), false);
        };
        client->on.data_received = [this](auto&, std::string_view data) { received += data; };
        client->on.connection_lost = [this](auto&, const Failure& why) { reason = name_of(why); };
        client->on.client_connection_lost = [this](auto&, auto&) { complete.callback(); };
        connect_tcp(reactor, listen_anywhere(reactor, server)->get_host(), client);
    }
    void end() {
        sender_->unregister_producer();
        sender_->lose_connection();
    }

    void pause_producing() override {}
    void resume_producing() override {
        const std::string line = "line " + std::to_string(++lines) + "\n";
        sent += line;
        sender_->write(line);
        each_turn_();
    }
    void stop_producing() override {}

    std::shared_ptr<Server> server = std::make_shared<Server>();
    std::shared_ptr<Client> client = std::make_shared<Client>();
    std::string sent, received, reason;
    Deferred<void> complete;
    int lines = 0;

  private:
    std::function<void()> each_turn_;
    TransportPtr sender_;
};

/// The world. Each of its callbacks runs once or twice, all on real connections: two clients that
/// talk to a server, one that is refused, one that looks up a name; readers, timers, Deferreds.
class World {
  public:
    using Act = std::function<void(World&)>;

    /// `acts` are applied in order when `place` is reached.
    World(std::string place, std::vector<Act> acts)
        : place_(std::move(place)), acts_(std::move(acts)) {}

    /// Runs the world and checks the rest. Every exception from an act must be reported.
    void run();

    /// Called in each place, with its name.
    void here(std::string_view place) {
        if (place != place_ || visits == 2)
            return;
        ++visits;
        in_the_loop = reactor->running();
        for (const Act& act : acts_)
            act(*this);
    }

    /// Stops the reactor, unless it is already stopping.
    void stop();

    /// Drops the handles that the acts use.
    void forget_all();

    /// Replaces the reader by a new one on the same descriptor.
    void new_reader();

    SocketPair pair;
    BareServer refuses{BareServer::Does::refuse};
    std::ptrdiff_t open_before = open_descriptors();

    // The objects of the acts.
    std::unique_ptr<Reactor> reactor = std::make_unique<Reactor>();
    std::vector<std::shared_ptr<Port>> ports;
    std::vector<TransportPtr> transports;
    std::vector<std::shared_ptr<Connector>> connectors;
    std::vector<DelayedCall> timers;
    std::vector<Deferred<int>> deferreds;
    std::optional<Deferred<int>> coroutine;
    std::unique_ptr<WriteDescriptor> reader;

    int attempts = 0, look_ups = 0; // not ended yet
    int visits = 0;
    int thrown = 0;                                      // each must be reported
    int protocols = 0, made = 0, lost = 0, accepted = 0; // counts of protocols
    bool in_the_loop = true;                             // whether the last visit was in the loop

  private:
    void begin();
    void begin_calls();
    void begin_deferreds();
    void in_a_turn(std::function<void()> f) {
        timers.push_back(reactor->call_later(Seconds(0), std::move(f)));
    }
    Deferred<int> body(Deferred<int> awaited);
    void each_turn();

    std::string place_;
    std::vector<Act> acts_;
    std::shared_ptr<ServerFactory> server_, other_server_;
    std::shared_ptr<ClientFactory> client_;
    std::shared_ptr<Download> download_ = std::make_shared<Download>([this] { each_turn(); });
    int turns_to_come_ = 20;
};

// Callbacks ---------------------------------------------------------------------------------------

/// Its destructor calls the world.
class WorldLastWords {
  public:
    WorldLastWords(World& world, std::string place) : world_(world), place_(std::move(place)) {}
    WorldLastWords(const WorldLastWords&) = delete;
    WorldLastWords& operator=(const WorldLastWords&) = delete;
    ~WorldLastWords() { world_.here(place_); }

  private:
    World& world_;
    std::string place_;
};

/// A reader that ends at its second read.
class WorldReader final : public WriteDescriptor {
  public:
    WorldReader(World& world, int fd) : world_(world), fd_(fd) {}
    int fileno() const override { return fd_; }
    std::optional<Failure> do_read() override {
        const bool enough = ++reads_ == 2;
        world_.here("do_read"); // may destroy this reader
        return enough ? std::optional(connection_done()) : std::nullopt;
    }
    std::optional<Failure> do_write() override {
        world_.here("do_write");
        return {};
    }
    void connection_lost(const Failure&) override { world_.here("reader connection_lost"); }

  private:
    World& world_;
    int fd_;
    int reads_ = 0;
};

/// A pull producer that writes two bits, or a streaming one that writes too much at once; then both
/// close the connection.
class WorldProducer final : public Producer {
  public:
    WorldProducer(World& world, TransportPtr transport, bool streaming)
        : world_(world), transport_(std::move(transport)), streaming_(streaming) {}

    void pause_producing() override { world_.here("pause_producing"); }
    void resume_producing() override {
        transport_->write("a bit");
        world_.here(streaming_ ? "resume_producing" : "resume_producing of one that is pulled");
        if (++bits_ == 2)
            transport_->unregister_producer();
        if (streaming_ || bits_ == 2)
            transport_->lose_connection();
    }
    void stop_producing() override { world_.here("stop_producing"); }

  private:
    World& world_;
    TransportPtr transport_;
    bool streaming_;
    int bits_ = 0;
};

/// The part that the protocols share: `Base` is Protocol or NetstringReceiver.
template <class Base>
class WorldProtocol : public Base {
  public:
    WorldProtocol(World& world, std::string side) : world_(world), side_(std::move(side)) {
        ++world_.protocols;
    }
    ~WorldProtocol() override {
        --world_.protocols;
        world_.here(side_ + " protocol destroyed");
    }
    void connection_made() override {
        ++world_.made;
        world_.transports.push_back(this->transport());
        begin();
        world_.here(side_ + " connection_made");
    }
    void connection_lost(const Failure&) override {
        ++world_.lost;
        world_.here(side_ + " connection_lost");
    }

  protected:
    virtual void begin() {}
    World& world() { return world_; }
    void produce(bool streaming) {
        const auto& transport = this->transport();
        unless_refused([&] { // there may already be a producer
            transport->register_producer(
                std::make_shared<WorldProducer>(world_, transport, streaming), streaming);
        });
    }

  private:
    World& world_;
    std::string side_;
};

class WorldClientProtocol final : public WorldProtocol<Protocol> {
  public:
    explicit WorldClientProtocol(World& world) : WorldProtocol(world, "client") {}
    void begin() override { transport()->write("5:hello,5:again,"); }
    void data_received(std::string_view) override { world().here("client data_received"); }
};

class WorldServerProtocol final : public WorldProtocol<Protocol> {
  public:
    explicit WorldServerProtocol(World& world) : WorldProtocol(world, "server") {}
    void data_received(std::string_view) override {
        produce(false);
        world().here("server data_received");
    }
};

class WorldStringServer final : public WorldProtocol<NetstringReceiver> {
  public:
    explicit WorldStringServer(World& world) : WorldProtocol(world, "server") {}
    void string_received(std::string string) override {
        if (string == "again") {
            produce(true);
            transport()->write(std::string(100'000, 'x'));
        }
        world().here("string_received");
    }
};

class WorldServer final : public ServerFactory {
  public:
    explicit WorldServer(World& world) : world_(world) {}
    void start_factory() override { world_.here("server start_factory"); }
    void stop_factory() override { world_.here("server stop_factory"); }
    std::unique_ptr<Protocol> build_protocol(const Address&) override {
        const bool is_first = ++world_.accepted == 1;
        world_.here("server build_protocol");
        if (is_first)
            return std::make_unique<WorldServerProtocol>(world_);
        return std::make_unique<WorldStringServer>(world_);
    }

  private:
    World& world_;
};

class WorldClient final : public ClientFactory {
  public:
    explicit WorldClient(World& world) : world_(world) {}
    void start_factory() override { world_.here("client start_factory"); }
    void stop_factory() override { world_.here("client stop_factory"); }
    void started_connecting(Connector& connector) override {
        ++world_.attempts;
        world_.connectors.push_back(connector.shared_from_this());
        world_.here("started_connecting");
    }
    std::unique_ptr<Protocol> build_protocol(const Address&) override {
        world_.here("client build_protocol");
        return std::make_unique<WorldClientProtocol>(world_);
    }
    void client_connection_failed(Connector&, const Failure&) override {
        --world_.attempts;
        world_.here("client_connection_failed");
    }
    void client_connection_lost(Connector&, const Failure&) override {
        --world_.attempts;
        world_.here("client_connection_lost");
    }

  private:
    World& world_;
};

/// Never answers.
class WorldResolver final : public DeferredResolver {
  public:
    explicit WorldResolver(World& world) : world_(world) {}
    Deferred<Addresses> answer(const Address&) override {
        world_.here("look_up");
        ++world_.look_ups;
        return Deferred<Addresses>([&world = world_](auto&) {
            --world.look_ups;
            world.here("the look-up's canceller");
        });
    }

  private:
    World& world_;
};

} // namespace twist
