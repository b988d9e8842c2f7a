// R14, R16 to R22: raw readers and writers, as Part 4's client uses them.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("R16: do_read is called once a turn while there is something to read") {
    Reactor reactor;
    std::string seen;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_read = [&] {
        seen += read_now(pair.here, 1);
        reactor.call_at_end_of_turn([&] { seen += "|"; });
        if (seen == "a|b|c")
            reactor.stop();
        return go_on;
    };
    reactor.add_reader(reader);
    send_to(pair.there, "abc");
    run(reactor);
    CHECK(seen == "a|b|c|");
}

TEST_CASE("R16: adding twice has the effect of adding once; removing an unknown one does nothing") {
    Reactor reactor, other;
    int calls = 0;
    SocketPair pair, unknown_pair;
    TestDescriptor reader(pair.here.get()), unknown(unknown_pair.here.get());
    reader.on_read = [&] {
        ++calls;
        reactor.remove_reader(reader);
        reactor.call_later(1ms, [&] { reactor.stop(); });
        return go_on;
    };
    reactor.add_reader(reader);
    reactor.add_reader(reader);
    CHECK(reactor.get_readers().size() == 2); // including the reactor's own
    reactor.remove_reader(unknown);
    reactor.remove_writer(reader);
    other.remove_reader(reader);
    reactor.forget(unknown);
    send_to(pair.there, "x");
    run(reactor);
    CHECK(calls == 1);
    CHECK_FALSE(contains(reactor.get_readers(), reader));
}

TEST_CASE("R17: a reader that returns a reason is removed first, then told the reason") {
    for (const Failure& reason : {connection_done(), Failure(ConnectionLost())}) {
        Reactor reactor;
        std::string told;
        SocketPair pair;
        TestDescriptor reader(pair.here.get());
        reader.on_read = [&] { return std::optional(reason); };
        reader.on_lost = [&](const Failure& why) {
            CHECK(why == reason);
            CHECK_FALSE(contains(reactor.get_readers(), reader));
            told += why.text();
            reactor.stop();
        };
        reactor.add_reader(reader);
        send_to(pair.there, "x");
        run(reactor);
        CHECK(told == (reason == connection_done()
                           ? "[Failure: ConnectionDone: Connection was closed cleanly.]"
                           : "[Failure: ConnectionLost: Connection to the other side was lost in a "
                             "non-clean fashion.]"));
    }
}

TEST_CASE("R18: an exception from do_read or do_write is reported, and is the reason of the end") {
    for (const bool reading : {true, false}) {
        CAPTURE(reading);
        Reports reports;
        Reactor reactor;
        std::string told;
        SocketPair pair;
        TestDescriptor descriptor(pair.here.get());
        descriptor.on_read =
            descriptor.on_write = []() -> std::optional<Failure> { throw Exception("boom"); };
        descriptor.on_lost = [&](const Failure& reason) {
            told += reason.text();
            reactor.stop();
        };
        if (reading)
            reactor.add_reader(descriptor);
        else
            reactor.add_writer(descriptor);
        send_to(pair.there, "x");
        run(reactor);
        CHECK(told == "[Failure: Exception: boom]");
        CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
        CHECK(reactor.descriptors().empty());
    }
}

TEST_CASE("R18: an exception from connection_lost is reported, too, and harms no other reader") {
    Reports reports;
    Reactor reactor;
    SocketPair pair, good_pair;
    TestDescriptor bad(pair.here.get()), good(good_pair.here.get());
    bad.on_read = [&] { return std::optional(connection_done()); };
    bad.on_lost = [&](const Failure&) {
        send_to(good_pair.there, "x");
        throw Exception("boom");
    };
    good.on_read = [&] {
        reactor.stop();
        return std::optional(connection_done());
    };
    reactor.add_reader(bad);
    reactor.add_reader(good);
    send_to(pair.there, "x");
    run(reactor);
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
}

TEST_CASE("R20: a reader whose fileno has become -1 gets ConnectionFdescWentAway") {
    Reactor reactor;
    std::string told;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_read = [&] {
        FAIL_CHECK("it has no descriptor to read");
        return go_on;
    };
    reader.on_lost = [&](const Failure& reason) {
        told = name_of(reason);
        reactor.stop();
    };
    reactor.add_reader(reader);
    reader.set_fileno(-1);
    send_to(pair.there, "x");
    run(reactor);
    CHECK(told == "ConnectionFdescWentAway");
}

TEST_CASE("R21: a program finds its own readers by filtering get_readers by type") {
    Reactor reactor;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    const auto count = [&] {
        const auto all = reactor.get_readers();
        return std::count_if(all.begin(), all.end(), [](const ReadDescriptor* one) {
            return dynamic_cast<const TestDescriptor*>(one) != nullptr;
        });
    };
    CHECK(reactor.get_readers().size() == 1); // idle: only the reactor's own, which wakes it
    CHECK(count() == 0);
    reactor.add_reader(reader);
    CHECK(reactor.get_readers().size() == 2);
    CHECK(count() == 1);
    CHECK(reactor.get_writers().empty());
    reactor.add_writer(reader);
    CHECK(reactor.get_writers() == std::vector<ReadDescriptor*>{&reader});
    CHECK(reactor.descriptors() == std::vector<ReadDescriptor*>{&reader});
}

TEST_CASE("R22: while a do_read blocks, nothing else runs") {
    Reactor reactor;
    std::string seen;
    SocketPair pair;
    TestDescriptor reader(pair.here.get());
    reader.on_read = [&] {
        reactor.call_later(1ms, [&] {
            seen += "timer";
            reactor.stop();
        });
        const Seconds until = reactor.seconds() + 10ms;
        while (reactor.seconds() < until)
            continue;
        seen += "read ";
        return std::optional(connection_done());
    };
    reactor.add_reader(reader);
    send_to(pair.there, "x");
    run(reactor);
    CHECK(seen == "read timer");
}

TEST_CASE("R14: raw readers get connection_lost when the reactor shuts down") {
    Reports reports;
    Reactor reactor;
    std::string told;
    SocketPair first_pair, second_pair;
    TestDescriptor first(first_pair.here.get()), second(second_pair.here.get());
    first.on_lost = [&](const Failure& reason) {
        told += name_of(reason) + (reactor.running() ? " running " : " ");
        throw Exception("boom");
    };
    second.on_lost = [&](const Failure& reason) { told += name_of(reason); };
    reactor.add_reader(first);
    reactor.add_writer(first);
    reactor.add_writer(second);
    reactor.call_when_running([&] { reactor.stop(); });
    run(reactor);
    CHECK(told == "ConnectionLost ConnectionLost");
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: boom]");
}

TEST_CASE("do_write is called while there is room, as well as do_read") {
    Reactor reactor;
    int reads = 0, writes = 0, losses = 0;
    SocketPair pair;
    TestDescriptor both(pair.here.get());
    both.on_read = [&] {
        ++reads;
        reactor.remove_reader(both);
        return go_on;
    };
    both.on_write = [&] {
        if (++writes == 3)
            reactor.stop();
        return go_on;
    };
    both.on_lost = [&](const Failure&) { ++losses; };
    reactor.add_reader(both);
    reactor.add_writer(both);
    send_to(pair.there, "x");
    run(reactor);
    CHECK(reads == 1);
    CHECK(writes == 3);
    CHECK(losses == 1);
}

TEST_CASE("a descriptor that ends is not called again, even if it can be read and written") {
    Reactor reactor;
    SocketPair pair;
    TestDescriptor both(pair.here.get());
    int calls = 0;
    both.on_read = both.on_write = [&] {
        ++calls;
        return std::optional(connection_done());
    };
    both.on_lost = [&](const Failure&) {
        CHECK(calls == 1);
        reactor.call_later(1ms, [&] { reactor.stop(); });
    };
    reactor.add_reader(both);
    reactor.add_writer(both);
    pair.there.close();
    run(reactor);
    CHECK(calls == 1);
}

TEST_CASE("R19: a descriptor that can't be watched is refused") {
    Reactor reactor("epoll");
    TestDescriptor closed(-1);
    CHECK_THROWS_AS(reactor.add_reader(closed), std::invalid_argument);
    const FileDescriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    TestDescriptor plain(file.get());
    CHECK_THROWS_WITH_AS(reactor.add_reader(plain), // a plain file is always ready
                         "the test's descriptor can't be watched: 1: Operation not permitted.",
                         SystemError);
    CHECK(reactor.descriptors().empty());
}

TEST_CASE("R19: the error is the kernel's, even if log_prefix changes errno") {
    class Changing final : public ReadDescriptor {
      public:
        int fileno() const override { return file_.get(); }
        std::optional<Failure> do_read() override { return {}; }
        void connection_lost(const Failure&) override {}
        std::string log_prefix() const override {
            errno = ENOTSOCK;
            return "this one";
        }

      private:
        FileDescriptor file_{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    };
    Reactor reactor("epoll");
    Changing descriptor;
    try {
        reactor.add_reader(descriptor);
        FAIL_CHECK("a plain file is always ready");
    } catch (const SystemError& error) {
        CHECK(error.code() == std::errc::operation_not_permitted);
    }
}

TEST_CASE("of two hundred ready readers, every one is served") {
    for (const std::string backend : {"epoll", "poll", "select"}) {
        CAPTURE(backend);
        Reactor reactor(backend);
        std::vector<std::unique_ptr<SocketPair>> pairs;
        std::vector<std::unique_ptr<TestDescriptor>> readers;
        int served = 0;
        for (int i = 0; i < 200; ++i) {
            pairs.push_back(std::make_unique<SocketPair>());
            send_to(pairs.back()->there, "x");
            readers.push_back(std::make_unique<TestDescriptor>(pairs.back()->here.get()));
            readers.back()->on_read = [&] {
                if (++served == 200)
                    reactor.stop();
                return std::optional(connection_done());
            };
            reactor.add_reader(*readers.back());
        }
        run(reactor);
        CHECK(served == 200);
    }
}
