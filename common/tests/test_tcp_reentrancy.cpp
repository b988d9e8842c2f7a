// From inside every callback, everything that a program may do to its connections, ports, timers,
// readers and reactor. Under AddressSanitizer this proves that nothing is used after it has gone.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/error.hpp"
#include "common/tcp.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// Three clients that talk with a server, one that is refused, a reader and some timers: in one of
/// their callbacks, something is done to all of them.
class World {
  public:
    World(const std::string& callback, std::function<void(World&)> action)
        : callback_(callback), action_(std::move(action)) {
        for (Script* side : {&server->on, &client->on}) {
            side->connection_made = [this, side](const TransportPtr& transport) {
                ++made;
                transports.push_back(transport);
                transport->write("hello");
                in(side, "connection_made");
            };
            side->data_received = [this, side](const TransportPtr& transport, std::string_view) {
                transport->write("hello, too");
                in(side, "data_received");
                if (++received > 20)
                    transport->lose_connection();
            };
            side->connection_lost = [this, side](auto&, auto&) {
                ++lost;
                in(side, "connection_lost");
            };
            side->build_protocol = [this, side](auto&) { in(side, "build_protocol"); };
            side->protocol_destroyed = [this, side] { in(side, "protocol_destroyed"); };
            side->stop_factory = [this, side] { in(side, "stop_factory"); };
        }
        client->on.started_connecting = [this](Connector& connector) {
            connectors.push_back(connector.shared_from_this());
            in(&client->on, "started_connecting");
        };
        client->on.client_connection_lost = [this](auto&, auto&) {
            in(&client->on, "client_connection_lost");
        };
        client->on.client_connection_failed = [this](auto&, auto&) {
            in(&client->on, "client_connection_failed");
        };
        port = listen_anywhere(*reactor, server);
        reader->on_read = [this] {
            in(nullptr, "do_read");
            return std::optional<Failure>();
        };
        reader->on_write = [this] {
            in(nullptr, "do_write");
            return std::optional<Failure>();
        };
        reader->on_lost = [this](auto&) { in(nullptr, "connection_lost"); };
        reactor->add_reader(*reader);
        reactor->add_writer(*reader);
        send_to(pair.there, "x");
        for (int i = 0; i < 3; ++i)
            timers.push_back(reactor->call_later(i * 1ms, [this] { in(nullptr, "timer"); }));
        reactor->call_at_end_of_turn([this] { in(nullptr, "end_of_turn"); });
        reactor->add_system_event_trigger(Reactor::Shutdown::during,
                                          [this] { in(nullptr, "trigger"); });
        const Address address = port->get_host();
        for (int i = 0; i < 3; ++i)
            connect_tcp(*reactor, address, client);
        connect_tcp(*reactor, refuses.address(), client);
    }

    void run() {
        reactor->call_later(8ms, [this] { stop(); });
        twist::run(*reactor);
        is_over = true;
        reactor.reset();
    }
    void stop() {
        try {
            reactor->stop();
        } catch (const ReactorNotRunning&) { // it was told already
        }
    }

    Reports reports;
    Diary diary;
    SocketPair pair;
    BareServer refuses{BareServer::Does::refuse};
    std::unique_ptr<TestDescriptor> reader = std::make_unique<TestDescriptor>(pair.here.get());
    std::unique_ptr<Reactor> reactor = std::make_unique<Reactor>();
    std::shared_ptr<Server> server = std::make_shared<Server>(diary, "server");
    std::shared_ptr<Client> client = std::make_shared<Client>(diary, "client");
    std::shared_ptr<Port> port;
    std::vector<TransportPtr> transports;
    std::vector<std::shared_ptr<Connector>> connectors;
    std::vector<DelayedCall> timers;
    int made = 0, lost = 0, received = 0, calls = 0;
    bool is_over = false;

  private:
    void in(const Script* side, const std::string& callback) {
        const std::string name = (side != nullptr ? side->name + " " : "") + callback;
        if (name == callback_ && !is_over && ++calls <= 3)
            action_(*this);
    }

    std::string callback_;
    std::function<void(World&)> action_;
};

const std::map<std::string, std::function<void(World&)>> actions{
    {"lose all",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->lose_connection();
     }},
    {"abort all",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->abort_connection();
     }},
    {"forget all",
     [](World& world) {
         world.transports.clear();
         world.connectors.clear();
         world.port.reset();
     }},
    {"write much",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->write(std::string(200'000, 'x'));
     }},
    {"pause and resume",
     [](World& world) {
         for (const auto& transport : world.transports) {
             transport->pause_producing();
             transport->resume_producing();
         }
     }},
    {"disconnect all",
     [](World& world) {
         for (const auto& connector : std::vector(world.connectors))
             connector->disconnect();
     }},
    {"connect anew",
     [](World& world) {
         for (const auto& connector : std::vector(world.connectors)) {
             try {
                 connector->connect();
             } catch (const std::logic_error&) { // it is connected
             }
         }
         connect_tcp(*world.reactor, world.refuses.address(), world.client);
     }},
    {"cancel timers",
     [](World& world) {
         for (DelayedCall& timer : world.timers)
             if (timer.active())
                 timer.cancel();
     }},
    {"close port",
     [](World& world) {
         if (world.port)
             world.port->stop_listening().add_callback([&] { world.port.reset(); });
     }},
    {"delete reader", [](World& world) { const auto gone = std::move(world.reader); }},
    {"remove reader",
     [](World& world) {
         world.reactor->remove_reader(*world.reader);
         world.reactor->remove_writer(*world.reader);
     }},
    {"stop", [](World& world) { world.stop(); }},
    {"throw", [](World&) { throw Exception("boom"); }},
};

const std::vector<std::string> callbacks{
    "server build_protocol",
    "server connection_made",
    "server data_received",
    "server connection_lost",
    "server stop_factory",
    "client build_protocol",
    "client connection_made",
    "client data_received",
    "client connection_lost",
    "client stop_factory",
    "client client_connection_lost",
    "client client_connection_failed",
    "client started_connecting",
    "do_read",
    "do_write",
    "connection_lost",
    "timer",
    "end_of_turn",
    "trigger",
};

} // namespace

TEST_CASE("in every callback, everything may be done") {
    for (const std::string& callback : callbacks)
        for (const auto& [name, action] : actions) {
            CAPTURE(callback);
            CAPTURE(name);
            World world(callback, action);
            world.run();
            CHECK(world.calls > 0);
            CHECK(world.lost == world.made);
            if (name == "throw")
                CHECK(world.reports.take() != "");
        }
}

TEST_CASE("in a protocol's destructor, too, everything but throwing") {
    for (const std::string callback : {"server protocol_destroyed", "client protocol_destroyed"})
        for (const auto& [name, action] : actions)
            if (name != "throw") {
                CAPTURE(callback);
                CAPTURE(name);
                World world(callback, action);
                world.run();
                CHECK(world.calls > 0);
                CHECK(world.lost == world.made);
            }
}
