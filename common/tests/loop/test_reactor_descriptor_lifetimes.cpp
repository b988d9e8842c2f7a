// R17: raw readers and writers may be destroyed, replaced or moved at any time.
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

TEST_CASE("a descriptor's destructor removes it from the reactor") {
    Reactor reactor;
    SocketPair pair;
    {
        TestDescriptor reader(pair.here.get());
        reactor.add_reader(reader);
        reactor.add_writer(reader);
    }
    CHECK(reactor.descriptors().empty());
    send_to(pair.there, "x");
    reactor.call_later(1ms, [&] { reactor.stop(); });
    run(reactor);
}

TEST_CASE("a reader may delete itself in do_read, whatever it then returns") {
    for (const bool with_reason : {true, false}) {
        Reactor reactor;
        SocketPair pair;
        auto reader = std::make_unique<TestDescriptor>(pair.here.get());
        reader->on_read = [&reactor, &reader, with_reason]() -> std::optional<Failure> {
            Reactor& still_here = reactor; // the closure is destroyed with the reader
            const bool gives_reason = with_reason;
            reader.reset();
            still_here.call_later(1ms, [&still_here] { still_here.stop(); });
            return gives_reason ? std::optional(connection_done()) : go_on;
        };
        reactor.add_reader(*reader);
        reactor.add_writer(*reader);
        send_to(pair.there, "x");
        run(reactor);
        CHECK(reader == nullptr);
    }
}

TEST_CASE("R17: the reason of a reader that has gone is not that of the next with its number") {
    Reactor reactor;
    SocketPair pair;
    // A new reader may well stand where the old one stood, in memory and among the descriptors.
    std::unique_ptr<TestDescriptor> reader;
    bool was_registered = true;
    SUBCASE("registered to the end") {}
    SUBCASE("removed first") {
        was_registered = false;
    }
    int lost = 0;
    const auto replace = [&] {
        if (!was_registered)
            reactor.remove_reader(*reader);
        reader.reset();
        reader = std::make_unique<TestDescriptor>(pair.here.get());
        reader->on_lost = [&](const Failure&) { ++lost; };
        reactor.add_reader(*reader);
        reactor.call_later(1ms, [&] {
            CHECK(lost == 0);
            reactor.remove_reader(*reader);
            reactor.stop();
        });
    };
    reader = std::make_unique<TestDescriptor>(pair.here.get());
    reader->on_read = [&replace]() -> std::optional<Failure> {
        const auto& outlives_the_reader = replace;
        outlives_the_reader();
        return connection_done();
    };
    reactor.add_reader(*reader);
    send_to(pair.there, "x");
    run(reactor);
    CHECK(lost == 0);
}

TEST_CASE("a reader may delete itself in connection_lost, and another reader that is ready") {
    Reactor reactor;
    std::vector<std::unique_ptr<SocketPair>> pairs;
    std::vector<std::unique_ptr<TestDescriptor>> readers;
    int calls = 0;
    for (int i = 0; i < 5; ++i) {
        pairs.push_back(std::make_unique<SocketPair>());
        send_to(pairs.back()->there, "x");
        readers.push_back(std::make_unique<TestDescriptor>(pairs.back()->here.get()));
        readers.back()->on_read = [&] {
            ++calls;
            return std::optional(connection_done());
        };
        readers.back()->on_lost = [&](const Failure&) {
            reactor.stop();
            auto all = std::move(readers); // this function is destroyed with them
        };
        reactor.add_reader(*readers.back());
    }
    run(reactor);
    CHECK(calls == 1);
    CHECK(reactor.descriptors().empty());
}

TEST_CASE("a reused descriptor number belongs to the new descriptor") {
    Reactor reactor;
    std::string seen;
    auto pair = std::make_unique<SocketPair>();
    const int number = pair->here.get();
    std::unique_ptr<TestDescriptor> second;
    TestDescriptor first(number);
    first.on_read = [&] {
        seen += "first ";
        reactor.remove_reader(first);
        pair.reset();
        pair = std::make_unique<SocketPair>();
        CHECK(pair->here.get() == number);
        second = std::make_unique<TestDescriptor>(number);
        second->on_read = [&] {
            seen += "second";
            reactor.stop();
            return std::optional(connection_done());
        };
        reactor.add_reader(*second);
        send_to(pair->there, "y");
        return std::optional(connection_done()); // for a number that is no longer its own
    };
    first.on_lost = [&](const Failure&) { FAIL_CHECK("it was removed before"); };
    reactor.add_reader(first);
    send_to(pair->there, "x");
    run(reactor);
    CHECK(seen == "first second");
}

TEST_CASE("a descriptor closed without notice gives way to the next with its number") {
    Reactor reactor;
    auto pair = std::make_unique<SocketPair>();
    const int number = pair->here.get();
    TestDescriptor forgotten(number), next(number);
    reactor.add_reader(forgotten);
    pair.reset();
    pair = std::make_unique<SocketPair>();
    REQUIRE(pair->here.get() == number);
    next.on_read = [&] {
        reactor.stop();
        return std::optional(connection_done());
    };
    reactor.add_reader(next);
    CHECK_FALSE(contains(reactor.get_readers(), forgotten));
    reactor.remove_reader(forgotten); // the number is no longer its own
    CHECK(contains(reactor.get_readers(), next));
    send_to(pair->there, "x");
    run(reactor);
}

TEST_CASE("a descriptor may outlive its reactor, registered, removed or refused") {
    const SocketPair first, second, third;
    const FileDescriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    TestDescriptor registered(first.here.get()), removed(second.here.get()), refused(file.get());
    const auto adopted = std::make_shared<TestDescriptor>(third.here.get());
    {
        Reactor reactor("epoll");
        reactor.add_reader(registered);
        reactor.add_reader(removed);
        reactor.remove_reader(removed);
        CHECK_THROWS_AS(reactor.add_reader(refused), SystemError);
        reactor.keep_alive(adopted);
    }
    Reactor next;
    next.add_reader(registered);
    CHECK(contains(next.get_readers(), registered));
}

TEST_CASE("a descriptor can move from one reactor to another") {
    Reactor first, second;
    const SocketPair pair;
    TestDescriptor reader(pair.here.get());
    first.add_reader(reader);
    second.add_reader(reader);
    CHECK_FALSE(contains(first.get_readers(), reader));
    CHECK(contains(second.get_readers(), reader));
}

TEST_CASE("a descriptor passed to keep_alive lives until forget, and is told at the end") {
    Reactor reactor;
    const SocketPair pair;
    std::string told;
    auto owned = std::make_shared<TestDescriptor>(pair.here.get());
    owned->on_lost = [&](const Failure& reason) { told = name_of(reason); };
    const std::weak_ptr<TestDescriptor> weak = owned;
    reactor.keep_alive(std::move(owned));
    CHECK(reactor.descriptors().size() == 1);
    SUBCASE("released") {
        reactor.add_reader(*weak.lock());
        reactor.forget(*weak.lock());
        CHECK(told == "");
    }
    SUBCASE("at the end") {
        reactor.call_when_running([&] { reactor.stop(); });
        run(reactor);
        CHECK(told == "ConnectionLost");
    }
    CHECK(weak.expired());
    CHECK(reactor.descriptors().empty());
}

TEST_CASE("a descriptor that is kept alive and closed without notice may outlive its reactor") {
    auto pair = std::make_unique<SocketPair>();
    const auto forgotten = std::make_shared<TestDescriptor>(pair->here.get());
    Reactor next;
    {
        Reactor reactor;
        reactor.keep_alive(forgotten);
        pair.reset();
        pair = std::make_unique<SocketPair>();
        REQUIRE(pair->here.get() == forgotten->fileno());
        reactor.keep_alive(std::make_shared<TestDescriptor>(pair->here.get()));
        CHECK(reactor.descriptors().size() == 1);
    }
    next.add_reader(*forgotten);
    CHECK(contains(next.get_readers(), *forgotten));
}
