// R35: producers, which are told to pause while too much is queued.
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// Notes its calls, and calls the functions of the test.
class TestProducer final : public Producer {
  public:
    explicit TestProducer(Diary& diary) : diary_(diary) {}
    ~TestProducer() override { diary_.note("destroyed"); }
    void pause_producing() override {
        diary_.note("pause");
        call_if_set(on_pause);
    }
    void resume_producing() override {
        diary_.note("resume");
        call_if_set(on_resume);
    }
    void stop_producing() override {
        diary_.note("stop");
        call_if_set(on_stop);
    }

    std::function<void()> on_pause, on_resume, on_stop;

  private:
    Diary& diary_;
};

/// A server with a producer, and a client that counts the bytes that it receives.
struct Fixture {
    Fixture() {
        client->on.data_received = [this](auto&, std::string_view data) {
            received += data.size();
        };
        server->on.connection_lost = [this](auto&, const Failure& why) {
            diary.note("lost " + name_of(why));
            one_has_ended();
        };
        client->on.client_connection_lost = [this](auto&, auto&) { one_has_ended(); };
    }
    void one_has_ended() {
        if (++ended == 2)
            reactor.stop();
    }
    void run() {
        connect_tcp(reactor, port->get_host(), client);
        twist::run(reactor);
        producer.reset();
    }

    Reports reports;
    Reactor reactor;
    Diary diary;
    std::shared_ptr<TestProducer> producer = std::make_shared<TestProducer>(diary);
    std::shared_ptr<Server> server = std::make_shared<Server>();
    std::shared_ptr<Client> client = std::make_shared<Client>();
    std::shared_ptr<Port> port = listen_anywhere(reactor, server);
    std::size_t received = 0;
    int ended = 0; // the ends of client and server
};

const std::string much(65537, 'x');
const std::string very_much(10'000'000, 'x');

} // namespace

TEST_CASE_FIXTURE(Fixture, "R35: a streaming producer pauses above 64 KiB, and resumes at none") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->register_producer(producer, true);
        transport->write(much.substr(1));
        CHECK(diary.text() == "");
        transport->write("x");
        CHECK(diary.text() == "pause");
        transport->write(very_much); // this is allowed while paused
        CHECK(diary.text() == "pause");
        producer->on_resume = [&, transport] {
            transport->unregister_producer();
            transport->lose_connection();
        };
    };
    run();
    CHECK(diary.text() == "pause, resume, lost ConnectionDone, destroyed");
    CHECK(received == much.size() + very_much.size());
}

TEST_CASE_FIXTURE(Fixture,
                  "R35: a producer is resumed again and again while the connection lives") {
    int rounds = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->register_producer(producer, true);
        producer->on_resume = [&, transport] {
            if (++rounds == 5) {
                transport->unregister_producer();
                transport->lose_connection();
            } else {
                transport->write(much);
            }
        };
        transport->write(much);
    };
    run();
    CHECK(received == 5 * much.size());
    CHECK(diary.text() == "pause, resume, pause, resume, pause, resume, pause, resume, pause, "
                          "resume, lost ConnectionDone, destroyed");
}

TEST_CASE_FIXTURE(Fixture,
                  "R35: a producer that does not stream is asked at once and at every drain") {
    int rounds = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        producer->on_resume = [&, transport] {
            if (++rounds <= 3)
                return transport->write("0123456789");
            transport->unregister_producer();
            transport->lose_connection();
        };
        transport->register_producer(producer, false);
        CHECK(rounds == 1);
    };
    run();
    CHECK(received == 30);
    CHECK(diary.text() == "resume, resume, resume, resume, lost ConnectionDone, destroyed");
}

TEST_CASE_FIXTURE(Fixture, "R35: lose_write_connection waits until the producer is done") {
    int rounds = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        producer->on_resume = [&, transport] {
            if (++rounds <= 3)
                return transport->write("0123456789");
            transport->unregister_producer();
        };
        transport->register_producer(producer, false);
        transport->lose_write_connection();
    };
    run();
    CHECK(received == 30);
    CHECK(diary.text() == "resume, resume, resume, resume, lost ConnectionDone, destroyed");
}

TEST_CASE_FIXTURE(Fixture, "R35: a producer may be destroyed in each of its calls") {
    // The connection has the last handle on it, as in Twisted's FileSender.
    SUBCASE("in the first resume") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_resume = [&, transport] {
                transport->unregister_producer();
                diary.note("unregistered");
                transport->lose_connection();
            };
            transport->register_producer(std::move(producer), false);
        };
        run();
        CHECK(diary.text() == "resume, unregistered, destroyed, lost ConnectionDone");
    }
    SUBCASE("in a later resume") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_resume = [&, transport] {
                transport->unregister_producer();
                diary.note("unregistered");
                transport->lose_connection();
            };
            transport->register_producer(std::move(producer), true);
            transport->write(much);
        };
        run();
        CHECK(diary.text() == "pause, resume, unregistered, destroyed, lost ConnectionDone");
    }
    SUBCASE("in pause") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_pause = [&, transport] {
                transport->unregister_producer();
                diary.note("unregistered");
                transport->lose_connection();
            };
            transport->register_producer(std::move(producer), true);
            transport->write(much);
        };
        run();
        CHECK(diary.text() == "pause, unregistered, destroyed, lost ConnectionDone");
        CHECK(received == much.size());
    }
    SUBCASE("in stop") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_stop = [&, transport] {
                transport->unregister_producer();
                diary.note("unregistered");
            };
            transport->register_producer(std::move(producer), true);
            transport->abort_connection();
        };
        run();
        CHECK(diary.text() == "stop, unregistered, destroyed, lost ConnectionAborted");
    }
}

TEST_CASE_FIXTURE(Fixture, "R35: a second producer is refused, unless the first is unregistered") {
    const auto second = std::make_shared<TestProducer>(diary);
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->register_producer(producer, true);
        CHECK_THROWS_AS(transport->register_producer(second, true), std::logic_error);
        transport->unregister_producer();
        transport->unregister_producer();
        transport->register_producer(second, true);
        transport->lose_connection();
    };
    run();
    CHECK(diary.has("stop, lost ConnectionDone"));
}

TEST_CASE_FIXTURE(Fixture,
                  "R35: when the connection ends the producer is told first, then the protocol") {
    server->on.connection_made = [&](const TransportPtr& transport) {
        transport->register_producer(producer, true);
        transport->write(very_much);
    };
    client->on.data_received = [](auto& transport, std::string_view) {
        transport->abort_connection();
    };
    run();
    CHECK(diary.text() == "pause, stop, lost ConnectionLost, destroyed");
}

TEST_CASE_FIXTURE(Fixture, "R35: registering with a dead connection stops the producer") {
    TransportPtr kept;
    server->on.connection_made = [&](const TransportPtr& transport) {
        kept = transport;
        transport->lose_connection();
    };
    run();
    const auto late = std::make_shared<TestProducer>(diary);
    diary.take();
    kept->register_producer(late, true);
    kept->register_producer(late, false); // the first one was not kept
    CHECK(diary.text() == "stop, stop");
    late->on_stop = [] { throw Exception("boom"); };
    CHECK_NOTHROW(kept->register_producer(late, true));
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
}

TEST_CASE_FIXTURE(Fixture, "R35: lose_connection waits for a producer that does not stream") {
    int rounds = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        producer->on_resume = [&, transport] {
            if (++rounds == 4)
                return transport->unregister_producer();
            transport->write("0123456789");
        };
        transport->register_producer(producer, false);
        transport->lose_connection();
    };
    run();
    CHECK(rounds == 4);
    CHECK(received == 30);
    CHECK(diary.has("lost ConnectionDone"));
}

TEST_CASE_FIXTURE(Fixture, "R35: a peer that does not read pauses only its own producer") {
    const FileDescriptor deaf = connect_bare(port->get_host());
    Diary deafs_diary;
    const auto deafs_producer = std::make_shared<TestProducer>(deafs_diary);
    int connections = 0, rounds = 0;
    server->on.connection_made = [&](const TransportPtr& transport) {
        if (++connections == 1) {
            transport->register_producer(deafs_producer, true);
            return transport->write(very_much);
        }
        transport->register_producer(producer, true);
        producer->on_resume = [&, transport] {
            if (++rounds == 20) {
                transport->unregister_producer();
                return transport->lose_connection();
            }
            transport->write(much);
        };
        transport->write(much);
    };
    run();
    CHECK(received == 20 * much.size());
    CHECK(deafs_diary.text() == "pause, stop"); // the stop is from the end of the reactor
}

TEST_CASE_FIXTURE(Fixture,
                  "R35: one connection can be the producer of another: a relay keeps pace") {
    // client --(fast)--> server, which passes the data on to a slow reader; little data waits in
    // between.
    struct Relay final : Producer {
        explicit Relay(TransportPtr from) : source(std::move(from)) {}
        void pause_producing() override { source->pause_producing(); }
        void resume_producing() override { source->resume_producing(); }
        void stop_producing() override { source->lose_connection(); }
        TransportPtr source;
    };
    const BareServer end;
    const auto relay = std::make_shared<Client>();
    relay->on.connection_made = [&](const TransportPtr& out) {
        server->on.connection_made = [out](const TransportPtr& in) {
            out->register_producer(std::make_shared<Relay>(in), true);
        };
        server->on.data_received = [out](auto&, std::string_view data) { out->write(data); };
        server->on.connection_lost = [out](auto&, const Failure&) {
            out->unregister_producer();
            out->lose_connection();
        };
        connect_tcp(reactor, port->get_host(), client);
    };
    client->on.connection_made = [](auto& transport) {
        transport->write(very_much);
        transport->lose_connection();
    };
    connect_tcp(reactor, end.address(), relay);
    const FileDescriptor slow = end.accept();
    std::size_t arrived = 0;
    std::function<void()> read_some = [&] {
        arrived += read_now(slow, 300'000).size();
        if (arrived == very_much.size())
            reactor.stop();
        else
            reactor.call_later(0s, read_some);
    };
    read_some();
    twist::run(reactor);
    CHECK(arrived == very_much.size());
}

TEST_CASE_FIXTURE(Fixture,
                  "R35: an exception from a producer is reported and ends its connection") {
    SUBCASE("at the end of a turn") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_resume = [] { throw Exception("boom"); };
            transport->register_producer(producer, true);
            transport->write(much); // the kernel takes it at once
        };
    }
    SUBCASE("in do_write") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_resume = [] { throw Exception("boom"); };
            transport->register_producer(producer, true);
            transport->write(very_much);
        };
    }
    SUBCASE("in stop") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            producer->on_stop = [] { throw Exception("boom"); };
            transport->register_producer(producer, true);
            transport->lose_connection();
        };
    }
    run();
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(diary.has("stop, lost "));
}

TEST_CASE_FIXTURE(Fixture,
                  "R35: the same if another connection's callback writes, which is unharmed") {
    const auto other = std::make_shared<Client>();
    TransportPtr produced;
    SUBCASE("in pause") {
        producer->on_pause = [] { throw Exception("boom"); };
        server->on.data_received = [&](auto&, auto) { produced->write(much); };
    }
    SUBCASE("in the first resume") {
        producer->on_resume = [] { throw Exception("boom"); };
        server->on.data_received = [&](auto&, auto) {
            produced->unregister_producer();
            produced->register_producer(producer, false);
        };
    }
    server->on.connection_made = [&](const TransportPtr& transport) {
        if (produced)
            return;
        produced = transport;
        transport->register_producer(producer, true);
        connect_tcp(reactor, port->get_host(), other);
    };
    other->on.connection_made = [](const TransportPtr& transport) { transport->write("go"); };
    std::string reason = "none";
    other->on.connection_lost = [&](auto&, const Failure& why) { reason = name_of(why); };
    run();
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(diary.has("stop, lost Exception"));
    CHECK(reason == "ConnectionLost"); // only when the reactor stopped
}
