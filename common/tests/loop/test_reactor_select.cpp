// R19: select can't watch a descriptor of 1,024 or more; such a descriptor causes an error.
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/base/error.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

constexpr int too_high = 1024;

/// While it lives, this process may have more descriptors than select can watch.
class ManyDescriptors {
  public:
    ManyDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit many{std::max<rlim_t>(before_.rlim_cur, 2 * too_high), before_.rlim_max};
        are_allowed_ = ::setrlimit(RLIMIT_NOFILE, &many) == 0;
        if (!are_allowed_)
            MESSAGE("SKIPPED: this process may not have 2,048 descriptors");
    }
    ~ManyDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    ManyDescriptors(const ManyDescriptors&) = delete;
    ManyDescriptors& operator=(const ManyDescriptors&) = delete;

    explicit operator bool() const { return are_allowed_; }

  private:
    rlimit before_{};
    bool are_allowed_ = false;
};

/// Occupies all numbers that select can watch: the next descriptor gets a number that is too high.
std::vector<FileDescriptor> take_all_low_ones() {
    std::vector<FileDescriptor> taken;
    do
        taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    while (taken.back().get() < too_high - 1);
    return taken;
}

const std::string words = "can't be watched: select only watches descriptors below 1,024.";

} // namespace

TEST_CASE("R19: with select, a descriptor of 1,024 or more is refused with SystemError") {
    const ManyDescriptors many;
    if (!many)
        return;
    Reactor reactor("select");
    const SocketPair pair;
    const FileDescriptor high(::fcntl(pair.here.get(), F_DUPFD_CLOEXEC, too_high));
    TestDescriptor descriptor(high.get());
    const std::string all = "the test's descriptor " + words;
    CHECK_THROWS_WITH_AS(reactor.add_reader(descriptor), all.c_str(), SystemError);
    CHECK_THROWS_WITH_AS(reactor.add_writer(descriptor), all.c_str(), SystemError);
    CHECK(reactor.descriptors().empty());
    reactor.remove_reader(descriptor);
    Reactor other("poll");
    other.add_reader(descriptor);
    CHECK(other.descriptors().size() == 1);
}

TEST_CASE("R19: listen_tcp and adopt_tcp throw CannotListenError, and stop the factory") {
    const ManyDescriptors many;
    if (!many)
        return;
    Reports reports;
    Reactor reactor("select");
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto taken = take_all_low_ones();
    std::string told;
    try {
        listen_anywhere(reactor, server);
        FAIL_CHECK("select can't watch this port");
    } catch (const CannotListenError& error) {
        told = error.what();
        CHECK(error.code() == std::errc::too_many_files_open);
    }
    CHECK(told.starts_with("Couldn't listen on 127.0.0.1:"));
    CHECK(told.ends_with(words));
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::listen(socket.get(), 1) == 0);
    const int number = socket.get();
    CHECK_THROWS_AS(adopt_tcp(reactor, std::move(socket), server), CannotListenError);
    CHECK(::fcntl(number, F_GETFD) == -1); // closed
    CHECK(diary.text() ==
          "server start_factory, server stop_factory, server start_factory, server stop_factory");
    CHECK(reactor.descriptors().empty());
    CHECK(server.use_count() == 1);
}

TEST_CASE("R19: connect_tcp fails with a ConnectError, later") {
    const ManyDescriptors many;
    if (!many)
        return;
    Reports reports;
    Reactor reactor("select");
    Diary diary;
    const BareServer bare;
    const auto client = std::make_shared<Client>(diary, "client");
    client->on.client_connection_failed = [&](Connector&, const Failure& reason) {
        CHECK(reason.message().starts_with("An error occurred while connecting: connecting to "));
        CHECK(reason.message().ends_with(words));
    };
    client->on.stop_factory = [&] { reactor.stop(); };
    const auto taken = take_all_low_ones();
    connect_tcp(reactor, bare.address(), client);
    CHECK(diary.text() == "client start_factory, client started_connecting");
    run(reactor);
    CHECK(diary.text() == "client start_factory, client started_connecting, "
                          "client client_connection_failed ConnectError, client stop_factory");
    CHECK(reactor.descriptors().empty());
    CHECK(read_to_end(bare.accept()) == "");
}

TEST_CASE("R19: a server reports the error, closes the connection, and continues") {
    const ManyDescriptors many;
    if (!many)
        return;
    Reports reports;
    Reactor reactor("select");
    Diary diary;
    const auto server = std::make_shared<Server>(diary, "server");
    const auto port = listen_anywhere(reactor, server);
    auto peer = connect_bare(port->get_host());
    auto taken = take_all_low_ones();
    SUBCASE("at once") {}
    SUBCASE("when it is resumed") {
        server->on.connection_made = [&](const TransportPtr& transport) {
            transport->pause_producing();
            after_turns(reactor, 1, [&, transport] {
                transport->resume_producing();
                CHECK_FALSE(diary.has("connection_lost"));
            });
        };
    }
    server->on.connection_lost = [&](auto&, const Failure&) {
        CHECK(read_to_end(peer) == "");
        taken.clear();
        server->on.connection_made = [](const TransportPtr& t) { t->write("hello"); };
        server->on.data_received = [](const TransportPtr& t, auto) { t->lose_connection(); };
        server->on.connection_lost = [&](auto&, const Failure&) { reactor.stop(); };
        peer = connect_bare(port->get_host());
        send_to(peer, "x");
    };
    run(reactor);
    CHECK(read_to_end(peer) == "hello");
    CHECK(diary.has("connection_made, server connection_lost SystemError"));
    CHECK(reports.take().ends_with(words + "]"));
}
