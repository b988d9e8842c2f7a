// What ports and attempts to connect do when the process runs out of descriptors.
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/base/error.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

/// While it lives, this process may open only `spare` more descriptors.
class FewDescriptors {
  public:
    explicit FewDescriptors(int spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        std::vector<FileDescriptor> reserved;
        for (int i = 0; i < spare; ++i)
            reserved.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        // All numbers below the next free one are taken.
        const FileDescriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        const rlimit few{static_cast<rlim_t>(next.get()), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

  private:
    rlimit before_{};
};

// UBSan needs a pipe when it sees a type for the first time. So the calls that are to run without
// descriptors run once with them first.
void rehearse_with_descriptors() {
    for (const Failure& failure : {Failure(SystemError("", {})), Failure(ConnectError("", {})),
                                   Failure(CannotListenError("", {}))})
        failure.text();
    Reports reports;
    Reactor reactor;
    const auto port = listen_anywhere(reactor, std::make_shared<Server>());
    const auto client = std::make_shared<Client>();
    const BareServer refuses(BareServer::Does::refuse);
    client->on.connection_made = [&](auto& transport) { transport->lose_connection(); };
    client->on.client_connection_lost = [&](auto&, const Failure&) {
        connect_tcp(reactor, refuses.address(), client);
    };
    client->on.client_connection_failed = [&](auto&, const Failure&) {
        stop_listening(*port).add_callback([&] { reactor.stop(); });
    };
    connect_tcp(reactor, port->get_host(), client);
    run(reactor);
}

const char* const complaint = "Can't accept more connections for now: [Failure: SystemError: 24: "
                              "Too many open files]";

} // namespace

TEST_CASE("out of descriptors, a port waits, reports it once, and continues when there are some") {
    rehearse_with_descriptors();
    Reports reports;
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    const auto port = listen_anywhere(reactor, server);
    std::vector<FileDescriptor> peers;
    for (int i = 0; i < 3; ++i)
        peers.push_back(connect_bare(port->get_host()));
    auto few = std::make_unique<FewDescriptors>(1);
    int accepted = 0;
    Seconds worked{0};
    server->on.connection_made = [&](auto&) {
        if (++accepted == 3)
            return reactor.stop();
        if (accepted > 1)
            return;
        const Seconds before = processor_time();
        reactor.call_later(a_while, [&, before] {
            worked = processor_time() - before;
            CHECK(accepted == 1);
            few.reset();
        });
    };
    run(reactor);
    CHECK(accepted == 3);
    CHECK(worked < hardly_any_time); // it did not spin
    CHECK(reports.take() == complaint);
}

TEST_CASE("a port that can't be watched again for now tries once more") {
    rehearse_with_descriptors();
    Reports reports;
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    const auto port = listen_anywhere(reactor, server);
    const int fd = reactor.descriptors().front()->fileno();
    const FileDescriptor listening(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC)); // epoll refuses it
    const FileDescriptor first = connect_bare(port->get_host());
    const FileDescriptor second = connect_bare(port->get_host());
    auto few = std::make_unique<FewDescriptors>(1);
    int accepted = 0;
    server->on.connection_made = [&](auto&) {
        if (++accepted == 2)
            return reactor.stop();
        reactor.call_at_end_of_turn([&] { // by now it waits
            few.reset();
            ::dup2(file.get(), fd);
            reactor.call_later(a_while, [&] { ::dup2(listening.get(), fd); });
        });
    };
    run(reactor);
    CHECK(accepted == 2);
    CHECK(reports.take() == complaint);
}

TEST_CASE("a port leaves each connection a spare descriptor, and reports a shortage once") {
    rehearse_with_descriptors();
    Reports reports;
    Reactor reactor;
    const auto server = std::make_shared<Server>();
    const FewDescriptors few(1 + 4 + 3); // the port, the peers, and three more
    const auto port = listen_anywhere(reactor, server);
    std::vector<FileDescriptor> peers;
    for (int i = 0; i < 4; ++i)
        peers.push_back(connect_bare(port->get_host()));
    FileDescriptor own; // one more, as on the server side of a proxy
    int lost = 0;
    server->on.connection_made = [&](auto& transport) {
        own = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        CHECK(own);
        reactor.call_later(20ms, [&, transport] {
            own.close();
            transport->lose_connection();
        });
    };
    server->on.connection_lost = [&](auto&, const Failure&) {
        if (++lost == 4)
            reactor.stop();
    };
    run(reactor);
    CHECK(reports.take() == complaint);
}

TEST_CASE("a port that waits for descriptors can be closed, and dropped with its reactor") {
    rehearse_with_descriptors();
    Reports reports;
    auto reactor = std::make_unique<Reactor>();
    const auto server = std::make_shared<Server>();
    const auto port = listen_anywhere(*reactor, server);
    const FileDescriptor peer = connect_bare(port->get_host());
    auto few = std::make_unique<FewDescriptors>(0);
    bool close = false;
    SUBCASE("closed") {
        close = true;
    }
    SUBCASE("dropped") {}
    after_turns(*reactor, 2, [&] {
        few.reset(); // the port does not know this
        if (close)
            stop_listening(*port).add_callback([&] { reactor->stop(); });
        else
            reactor->stop();
    });
    run(*reactor);
    reactor.reset();
    CHECK(server.use_count() == 1);
    CHECK(reports.take() == complaint);
}

TEST_CASE("out of descriptors, an attempt to connect fails, and listen_tcp throws") {
    rehearse_with_descriptors();
    Reports reports;
    Reactor reactor;
    const BareServer bare;
    const auto client = std::make_shared<Client>();
    std::string reason;
    client->on.client_connection_failed = [&](Connector&, const Failure& why) {
        reason = why.text();
        reactor.stop();
    };
    const FewDescriptors few(0);
    CHECK_THROWS_AS(listen_anywhere(reactor, std::make_shared<Server>()), CannotListenError);
    connect_tcp(reactor, bare.address(), client);
    CHECK(reason == "");
    run(reactor);
    CHECK(reason ==
          "[Failure: ConnectError: An error occurred while connecting: 24: Too many open files.]");
}
