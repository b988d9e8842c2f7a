// From inside every callback, everything that a program may do to its connections, ports, timers,
// readers, Deferreds and reactor, and then something else. Under AddressSanitizer this proves that
// nothing is used after it has gone.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/error.hpp"
#include "common/tests/reentrancy.hpp"

using namespace twist;

namespace {

class IdleProducer final : public Producer {
    void pause_producing() override {}
    void resume_producing() override {}
    void stop_producing() override {}
};

const std::map<std::string, World::Act> acts{
    {"throw",
     [](World& world) {
         ++world.thrown;
         throw Exception("boom");
     }},
    {"stop", [](World& world) { world.stop(); }},
    {"lose",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->lose_connection();
     }},
    {"abort",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->abort_connection();
     }},
    {"write",
     [](World& world) {
         for (const auto& transport : std::vector(world.transports))
             transport->write(std::string(100'000, 'x'));
     }},
    {"pause reading",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->pause_producing();
     }},
    {"resume reading",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->resume_producing();
     }},
    {"register a producer",
     [](World& world) {
         for (const auto& transport : std::vector(world.transports))
             unless_refused(
                 [&] { transport->register_producer(std::make_shared<IdleProducer>(), false); });
     }},
    {"unregister the producers",
     [](World& world) {
         for (const auto& transport : world.transports)
             transport->unregister_producer();
     }},
    {"disconnect",
     [](World& world) {
         for (const auto& connector : std::vector(world.connectors))
             connector->disconnect();
     }},
    {"connect",
     [](World& world) {
         for (const auto& connector : std::vector(world.connectors))
             unless_refused([&] { connector->connect(); });
     }},
    {"stop listening",
     [](World& world) {
         for (const auto& port : world.ports)
             port->stop_listening();
     }},
    {"cancel the timers",
     [](World& world) {
         for (DelayedCall& timer : std::vector(world.timers))
             if (timer.active())
                 timer.cancel();
     }},
    {"remove the reader",
     [](World& world) {
         if (world.reader) {
             world.reactor->remove_reader(*world.reader);
             world.reactor->remove_writer(*world.reader);
         }
     }},
    {"replace the reader", [](World& world) { world.new_reader(); }},
    {"destroy the reader", [](World& world) { const auto gone = std::move(world.reader); }},
    {"fire the Deferreds",
     [](World& world) {
         for (const auto& deferred : std::vector(world.deferreds))
             fire(deferred);
     }},
    {"cancel the Deferreds",
     [](World& world) {
         for (const auto& deferred : std::vector(world.deferreds))
             deferred.cancel();
         if (const auto coroutine = world.coroutine)
             coroutine->cancel();
     }},
    {"forget all",
     [](World& world) {
         world.transports.clear();
         world.connectors.clear();
         world.ports.clear();
         world.deferreds.clear();
         world.coroutine.reset();
     }},
};

const std::vector<std::string> places{
    "call_when_running",
    "timer",
    "a closure's end",
    "call_at_end_of_turn",
    "call_from_thread",
    "on_signal",
    "trigger before",
    "trigger during",
    "trigger after",
    "do_read",
    "do_write",
    "reader connection_lost",
    "server start_factory",
    "server build_protocol",
    "server connection_made",
    "server data_received",
    "string_received",
    "server connection_lost",
    "server protocol destroyed",
    "stop_listening's callback",
    "server stop_factory",
    "resume_producing of one that is pulled",
    "pause_producing",
    "resume_producing",
    "stop_producing",
    "client start_factory",
    "started_connecting",
    "look_up",
    "the look-up's canceller",
    "client build_protocol",
    "client connection_made",
    "client data_received",
    "client connection_lost",
    "client protocol destroyed",
    "client_connection_failed",
    "client_connection_lost",
    "client stop_factory",
    "callback",
    "errback",
    "canceller",
    "coroutine",
};

/// Where what is thrown is reported. A destructor can't throw; what a resolver throws is no error
/// of the program, but the reason why there is no connection.
bool may_throw(const std::string& place) {
    return !place.ends_with("destroyed") && place != "a closure's end" && place != "look_up";
}

/// One in so many of the pairs of acts; TWIST_FULL=1 in the environment means all of them.
unsigned one_in() {
    return std::getenv("TWIST_FULL") != nullptr ? 1 : 10;
}

/// Makes what the process itself has, so that it does not count as forgotten.
const Reactor first;

} // namespace

TEST_CASE("in every place, everything may be done") {
    for (const std::string& place : places)
        for (const auto& [name, act] : acts)
            if (name != "throw" || may_throw(place)) {
                CAPTURE(place);
                CAPTURE(name);
                World(place, {act}).run();
            }
}

TEST_CASE("and then anything else") {
    unsigned number = 0;
    for (const std::string& place : places)
        for (const auto& [name, act] : acts)
            for (const auto& [then, act_then] : acts)
                if (name != then && name != "throw" && (then != "throw" || may_throw(place)) &&
                    ++number % one_in() == 0) {
                    CAPTURE(place);
                    CAPTURE(name);
                    CAPTURE(then);
                    World(place, {act, act_then}).run();
                }
}
