// R5: a reactor and fork: the child may destroy its copy, but may not run it.
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "common/tests/child.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/loop/reactor.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// Runs the loop until its reader has read; the test fails after 30 s if nothing wakes the loop.
std::string reads(Reactor& reactor, TestDescriptor& reader, const SocketPair& pair) {
    std::string heard;
    reader.on_read = [&]() -> std::optional<Failure> {
        heard = read_now(pair.here);
        reactor.stop();
        return {};
    };
    reactor.call_when_running([&] { send_to(pair.there, "hello"); });
    run(reactor);
    return heard;
}

} // namespace

TEST_CASE("R5: a child's changes to its copy of the reactor do not affect the parent") {
    Reports reports;
    const SocketPair pair;
    auto reactor = std::make_unique<Reactor>();
    auto reader = std::make_unique<TestDescriptor>(pair.here.get());
    reactor->add_reader(*reader);
    SUBCASE("it destroys the reactor") {
        CHECK(in_a_child([&] {
                  reactor.reset();
                  return 0;
              }) == 0);
    }
    SUBCASE("it destroys a reader") {
        CHECK(in_a_child([&] {
                  reader.reset();
                  return 0;
              }) == 0);
    }
    SUBCASE("it adds another with the same number") {
        CHECK(in_a_child([&] {
                  TestDescriptor another(pair.here.get());
                  reactor->remove_reader(*reader);
                  reactor->add_reader(another);
                  reactor->add_writer(another);
                  return 0;
              }) == 0);
    }
    CHECK(reads(*reactor, *reader, pair) == "hello");
}

TEST_CASE("R5: a child does not take another thread's calls from the parent") {
    Reports reports;
    auto reactor = std::make_unique<Reactor>();
    reactor->call_from_thread([&] { reactor->stop(); });
    CHECK(in_a_child([&] {
              reactor.reset();
              return 0;
          }) == 0);
    run(*reactor);
}

TEST_CASE("R5: a child can't run its parent's reactor; it makes its own") {
    Reports reports;
    Reactor reactor;
    bool called = false;
    reactor.call_when_running([&] {
        called = true;
        reactor.stop();
    });
    CHECK(in_a_child([&] {
              try {
                  reactor.run();
                  return 1;
              } catch (const std::logic_error& error) {
                  if (std::string(error.what()).find("Make a new reactor") == std::string::npos)
                      return 2;
              }
              if (called)
                  return 3;
              Reactor own;
              own.call_when_running([&] { own.stop(); });
              own.run();
              return 0;
          }) == 0);
    run(reactor);
    CHECK(called);
}

TEST_CASE("R5: a child that returns from a callback does not continue the loop") {
    Reports reports;
    const SocketPair pair;
    Reactor reactor;
    TestDescriptor reader(pair.here.get());
    reactor.add_reader(reader);
    pid_t child = -1;
    std::string heard;
    SUBCASE("a timer's") {
        reactor.call_later(0s, [&] { child = ::fork(); });
    }
    SUBCASE("an end-of-turn function") {
        reactor.call_when_running([&] { reactor.call_at_end_of_turn([&] { child = ::fork(); }); });
    }
    try {
        heard = reads(reactor, reader, pair);
    } catch (const std::logic_error&) {
        if (child == 0)
            ::_exit(77);
    }
    if (child == 0)
        ::_exit(1);
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 77);
    CHECK(heard == "hello");
}
