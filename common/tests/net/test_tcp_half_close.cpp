// R30: each half of a connection ends separately.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "common/tests/bare_peer.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

using namespace twist;

namespace {

/// A server whose protocol is told the end of each half.
struct Halves {
    struct Half final : Protocol, HalfCloseable {
        explicit Half(Halves& fixture) : test(fixture) {}
        void connection_made() override { call_if_set(test.made, transport()); }
        void data_received(std::string_view data) override {
            test.diary.note("received " + std::string(data));
        }
        void read_connection_lost() override {
            test.diary.note("read_connection_lost");
            call_if_set(test.read_lost, transport());
        }
        void write_connection_lost() override {
            test.diary.note("write_connection_lost");
            call_if_set(test.write_lost, transport());
        }
        void connection_lost(const Failure& why) override {
            test.diary.note("connection_lost " + name_of(why));
            test.lost();
        }
        Halves& test;
    };
    struct Makes final : ServerFactory {
        explicit Makes(Halves& fixture) : test(fixture) {}
        std::unique_ptr<Protocol> build_protocol(const Address&) override {
            return std::make_unique<Half>(test);
        }
        Halves& test;
    };

    void peer_ends() const { ::shutdown(peer.get(), SHUT_WR); }

    std::function<void(const TransportPtr&)> made, read_lost, write_lost;
    std::function<void()> lost = [this] { reactor.stop(); };
    Reports reports;
    Diary diary;
    Reactor reactor;
    std::shared_ptr<Port> port = listen_anywhere(reactor, std::make_shared<Makes>(*this));
    FileDescriptor peer = connect_bare(port->get_host());
};

} // namespace

TEST_CASE_FIXTURE(Halves, "R30: a peer that has ended its half still gets its answer") {
    send_to(peer, "question");
    peer_ends();
    read_lost = [&](const TransportPtr& transport) {
        after_turns(reactor, 5, [&, transport] {
            CHECK(diary.take() == "received question, read_connection_lost");
            transport->write("answer");
            transport->lose_connection();
        });
    };
    run(reactor);
    CHECK(diary.text() == "connection_lost ConnectionDone");
    CHECK(read_to_end(peer) == "answer");
}

TEST_CASE_FIXTURE(Halves, "R30: a peer that ends its half at once gets all of a long poem") {
    peer_ends();
    made = [&](const TransportPtr& transport) { transport->write(long_poem); };
    read_lost = [](const TransportPtr& transport) { transport->lose_connection(); };
    lost = [] {};
    Talker reader(reactor, peer); // its own data is not sent
    reader.on_end = [&] { reactor.stop(); };
    run(reactor);
    CHECK(reader.received == long_poem.size());
    CHECK(diary.text() == "read_connection_lost, connection_lost ConnectionDone");
}

TEST_CASE_FIXTURE(Halves,
                  "R30: read_connection_lost comes once, even if reading is paused and resumed") {
    peer_ends();
    read_lost = [&](const TransportPtr& transport) {
        transport->pause_producing();
        transport->resume_producing();
        transport->write("answer");
        after_turns(reactor, 5, [&, transport] {
            transport->resume_producing();
            after_turns(reactor, 5, [&, transport] { transport->lose_connection(); });
        });
    };
    run(reactor);
    CHECK(diary.text() == "read_connection_lost, connection_lost ConnectionDone");
}

TEST_CASE_FIXTURE(Halves, "R30: our half ends when all is sent; the other side still talks") {
    made = [&](const TransportPtr& transport) {
        transport->write("all that there is");
        transport->lose_write_connection();
        CHECK(diary.text().empty());
    };
    write_lost = [&](const TransportPtr&) {
        CHECK(read_to_end(peer) == "all that there is");
        send_to(peer, "thanks");
        after_turns(reactor, 3, [&] { peer.close(); });
    };
    run(reactor);
    CHECK(diary.text() == "write_connection_lost, received thanks, read_connection_lost, "
                          "connection_lost ConnectionDone");
}

TEST_CASE_FIXTURE(Halves, "R30: the connection ends with its second half, ours or the other") {
    peer_ends();
    read_lost = [&](const TransportPtr& transport) {
        transport->write("the rest");
        transport->lose_write_connection();
    };
    run(reactor);
    CHECK(diary.text() ==
          "read_connection_lost, write_connection_lost, connection_lost ConnectionDone");
    CHECK(read_to_end(peer) == "the rest");
}

TEST_CASE_FIXTURE(Halves, "R30: an exception from either function is reported, and is the reason") {
    const auto boom = [](const TransportPtr&) { throw Exception("boom"); };
    SUBCASE("read_connection_lost") {
        peer_ends();
        read_lost = boom;
    }
    SUBCASE("write_connection_lost") {
        made = [](const TransportPtr& transport) { transport->lose_write_connection(); };
        write_lost = boom;
    }
    run(reactor);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
    CHECK(diary.text().ends_with("connection_lost Exception"));
}

TEST_CASE_FIXTURE(Fixture, "R30: for any other protocol the end of one half ends the connection") {
    ::shutdown(peer.get(), SHUT_WR);
    run(reactor);
    CHECK(reason == "ConnectionDone");
}
