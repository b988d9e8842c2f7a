// From inside every callback: every operation on a program's connections, ports, timers, readers,
// Deferreds and reactor, and then a second one. Under AddressSanitizer this proves that nothing is
// used after its destruction.
#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/acts.hpp"
#include "common/tests/reentrancy.hpp"
#include "twist/async/shutdown.hpp"
#include "twist/async/stop_listening.hpp"

namespace twist {

// Events ------------------------------------------------------------------------------------------

void World::forget_all() {
    let_go(transports);
    let_go(connectors);
    let_go(ports);
    let_go(deferreds);
    let_go(coroutine);
}

void World::new_reader() {
    let_go(reader);
    reader = std::make_unique<WorldReader>(*this, pair.here.get());
    reactor->add_reader(*reader);
    reactor->add_writer(*reader);
}

// The first turns; each step continues even if another throws.
void World::begin() {
    new_reader();
    send_to(pair.there, "x");

    install_resolver(*reactor, std::make_shared<WorldResolver>(*this));
    in_a_turn([this] { connect_tcp(*reactor, refuses.address(), client_); });
    in_a_turn([this] {
        const auto nowhere = connect_tcp(*reactor, {"a.name", 1}, client_);
        in_a_turn([nowhere] { nowhere->disconnect(); });
    });
    in_a_turn([this] {
        ports.push_back(listen_anywhere(*reactor, server_));
        const Address address = ports.back()->get_host();
        connect_tcp(*reactor, address, client_);
        connect_tcp(*reactor, address, client_);
    });
    in_a_turn([this] {
        const auto other = listen_anywhere(*reactor, other_server_);
        ports.push_back(other);
        in_a_turn([this, other] {
            stop_listening(*other).add_callback([this] { here("stop_listening's callback"); });
        });
    });
    begin_calls();
    begin_deferreds();
}

void World::begin_calls() {
    in_a_turn([this] { here("timer"); });
    timers.push_back(reactor->call_later(
        std::chrono::hours(1),
        [last = std::make_shared<WorldLastWords>(*this, "a closure's end")] {}));
    in_a_turn([timer = timers.back()]() mutable { timer.cancel(); });
    reactor->call_at_end_of_turn([this] { here("call_at_end_of_turn"); });
    reactor->call_from_thread([this] { here("call_from_thread"); });
    reactor->on_signal(SIGUSR1, [this] { here("on_signal"); });
    in_a_turn([] { ::kill(::getpid(), SIGUSR1); });
    using Shutdown = Reactor::Shutdown;
    before_shutdown(*reactor, [this] { return download_->complete; });
    reactor->add_system_event_trigger(Shutdown::before, [this] { here("trigger before"); });
    reactor->add_system_event_trigger(Shutdown::during, [this] { here("trigger during"); });
    reactor->add_system_event_trigger(Shutdown::after, [this] { here("trigger after"); });
}

void World::begin_deferreds() {
    const auto add = [this](Deferred<int> deferred) {
        deferred.add_errback([](const Failure& reason) {
            reason.trap<CancelledError>();
            return 0;
        });
        deferreds.push_back(deferred);
        return deferred;
    };
    Deferred<int> good, bad, awaited;
    Deferred<int> cancelled([this](auto&) { here("canceller"); });
    add(good.add_callback([this](int value) {
        here("callback");
        return value;
    }));
    add(bad.add_errback([this](const Failure&) {
        here("errback");
        return 0;
    }));
    add(cancelled);
    deferreds.push_back(awaited);
    coroutine = body(awaited);
    add(*coroutine);
    deferreds.pop_back();
    in_a_turn([good] { fire(good); });
    in_a_turn([bad] {
        if (!bad.called())
            bad.errback(Exception("expected"));
    });
    in_a_turn([cancelled] { cancelled.cancel(); });
    in_a_turn([awaited] { fire(awaited); });
}

Deferred<int> World::body(Deferred<int> awaited) {
    const int value = co_await awaited;
    here("coroutine");
    co_return value;
}

// The download continues for some turns after the visit; the reactor is stopped in the middle.
void World::each_turn() {
    const bool at_the_end = place_.starts_with("trigger");
    const bool it_never_comes = download_->lines > 10'000;
    if (visits == 0 && !at_the_end && !it_never_comes)
        return;
    --turns_to_come_;
    if (turns_to_come_ == 10)
        stop();
    if (turns_to_come_ == 0)
        download_->end();
}

void World::stop() {
    try {
        reactor->stop();
    } catch (const ReactorNotRunning&) { // it is already stopping
    }
}

void World::run() {
    Reports reports;
    server_ = std::make_shared<WorldServer>(*this);
    other_server_ = std::make_shared<WorldServer>(*this);
    client_ = std::make_shared<WorldClient>(*this);
    download_->start(*reactor);
    reactor->call_when_running([this] { here("call_when_running"); });
    reactor->call_when_running([this] { begin(); });
    twist::run(*reactor);
    if (in_the_loop) {
        CHECK(reactor->descriptors().empty());
        CHECK(attempts == look_ups);
        CHECK(reactor->delayed_calls().size() == static_cast<std::size_t>(look_ups));
    }
    let_go(reactor);
    forget_all();
    let_go(timers);
    let_go(reader);

    CHECK(visits > 0);
    CHECK(download_->received == download_->sent);
    CHECK(download_->reason == "ConnectionDone");
    CHECK(made == lost);
    CHECK(protocols == 0);
    CHECK(server_.use_count() + other_server_.use_count() + client_.use_count() == 3);
    CHECK(open_descriptors() == open_before);
    const std::string reported = reports.take();
    CHECK(count_booms(reported) == thrown);
    CHECK(std::count(reported.begin(), reported.end(), '\n') + (reported.empty() ? 0 : 1) ==
          thrown);
}

} // namespace twist

using namespace twist;

namespace {

// Acts and places ---------------------------------------------------------------------------------

class IdleProducer final : public Producer {
    void pause_producing() override {}
    void resume_producing() override {}
    void stop_producing() override {}
};

const std::map<std::string, World::Act> acts{
    {"throw",
     [](World& world) {
         ++world.thrown;
         throw Boom();
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
    {"destroy the reader", [](World& world) { let_go(world.reader); }},
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
    {"forget all", [](World& world) { world.forget_all(); }},
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

/// Where an exception is reported. A destructor can't throw; an exception from a resolver is not an
/// error of the program, but the reason why there is no connection.
bool may_throw(const std::string& place) {
    return !place.ends_with("destroyed") && place != "a closure's end" && place != "look_up";
}

/// Opens the descriptors that every process has, so that they do not count as leaked.
const Reactor first;

} // namespace

TEST_CASE("in every place, every act may be done") {
    for (const std::string& place : places)
        for (const auto& [name, act] : acts)
            if (name != "throw" || may_throw(place)) {
                CAPTURE(place);
                CAPTURE(name);
                World(place, {act}).run();
            }
}

TEST_CASE("and then any other") {
    unsigned number = 0;
    for (const std::string& place : places)
        for (const auto& [name, act] : acts)
            for (const auto& [then, act_then] : acts)
                if (name != then && name != "throw" && (then != "throw" || may_throw(place)) &&
                    ++number % one_in(10) == 0) {
                    CAPTURE(place);
                    CAPTURE(name);
                    CAPTURE(then);
                    World(place, {act, act_then}).run();
                }
}
