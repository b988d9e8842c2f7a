// Services: the order of starting and stopping, names and parents, and the port as a service.
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "application/log_file.hpp"
#include "application/service.hpp"
#include "application/tcp_server.hpp"
#include "common/tests/last_words.hpp"
#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/scratch.hpp"
#include "twist/base/error.hpp"
#include "twist/net/error.hpp"

using namespace twist;

namespace {

/// Writes its calls into a diary, and stops when `stopped` fires.
class TestService final : public Service {
  public:
    TestService(Diary& diary, std::string name) : diary_(diary) { set_name(std::move(name)); }

    void privileged_start_service() override { note("privileged"); }
    void start_service() override {
        note("start");
        if (fails)
            throw Exception("boom");
        Service::start_service();
    }
    Deferred<void> stop_service() override {
        note("stop");
        static_cast<void>(Service::stop_service());
        if (fails)
            throw Exception("boom");
        return stopped;
    }

    Deferred<void> stopped = succeed();
    bool fails = false;

  private:
    void note(const std::string& event) { diary_.note(name() + " " + event); }
    Diary& diary_;
};

struct Three {
    Diary diary;
    std::shared_ptr<TestService> a = std::make_shared<TestService>(diary, "a");
    std::shared_ptr<TestService> b = std::make_shared<TestService>(diary, "b");
    std::shared_ptr<TestService> c = std::make_shared<TestService>(diary, "c");
    MultiService all;

    Three() {
        for (const auto& service : {a, b, c})
            all.add_service(service);
    }
};

} // namespace

TEST_CASE("a service runs from its start to its stop") {
    Service service;
    CHECK_FALSE(service.running());
    service.privileged_start_service();
    CHECK_FALSE(service.running());
    service.start_service();
    CHECK(service.running());
    CHECK(service.stop_service().called());
    CHECK_FALSE(service.running());
}

TEST_CASE("a MultiService starts in order and stops in reverse order") {
    Three three;
    three.all.privileged_start_service();
    CHECK(three.diary.take() == "a privileged, b privileged, c privileged");
    three.all.start_service();
    CHECK(three.diary.take() == "a start, b start, c start");
    CHECK(three.all.running());
    CHECK(three.b->running());
    CHECK(three.all.stop_service().called());
    CHECK(three.diary.take() == "c stop, b stop, a stop");
    CHECK_FALSE(three.all.running());
    CHECK_FALSE(three.b->running());
}

TEST_CASE("its stop waits for all services, and no service waits for another") {
    Three three;
    three.a->stopped = Deferred<void>();
    three.c->stopped = Deferred<void>();
    three.all.start_service();
    three.diary.take();
    bool done = false;
    three.all.stop_service().add_callback([&] { done = true; });
    CHECK(three.diary.text() == "c stop, b stop, a stop");
    three.a->stopped.callback();
    CHECK_FALSE(done);
    three.c->stopped.callback();
    CHECK(done);
}

TEST_CASE(
    "its stop, asked for again meanwhile, is the same one, and ends for all at the same time") {
    Three three;
    three.a->stopped = Deferred<void>();
    three.all.start_service();
    three.diary.take();
    const auto first = three.all.stop_service();
    three.all.stop_service().callback(); // a caller fires its own Deferred
    const auto second = three.all.stop_service();
    const auto cancelled = three.all.stop_service();
    cancelled.add_errback([](const Failure&) {});
    cancelled.cancel();
    CHECK(three.diary.take() == "c stop, b stop, a stop");
    CHECK_FALSE(first.called());
    CHECK_FALSE(second.called());
    three.a->stopped.callback();
    CHECK(first.called());
    CHECK(second.called());
    three.a->stopped = succeed();
    CHECK(three.all.stop_service().called());
}

TEST_CASE("a stop after a new start stops again, although the first stop has not ended") {
    Three three;
    three.b->stopped = Deferred<void>();
    three.all.start_service();
    const auto first = three.all.stop_service();
    three.all.start_service();
    three.diary.take();
    const Deferred<void> late = std::exchange(three.b->stopped, Deferred<void>());
    const auto second = three.all.stop_service();
    CHECK(three.diary.take() == "c stop, b stop, a stop");
    late.callback();
    CHECK(first.called());
    CHECK_FALSE(second.called());
    three.b->stopped.callback();
    CHECK(second.called());
}

TEST_CASE("it may be destroyed before its stop has ended") {
    const auto service = std::make_shared<Three>();
    const Deferred<void> last = service->a->stopped = Deferred<void>();
    Deferred<void> stopped;
    {
        MultiService all;
        const auto inner = std::make_shared<TestService>(service->diary, "inner");
        inner->stopped = last;
        all.add_service(inner);
        all.start_service();
        stopped = all.stop_service();
    }
    last.callback();
    CHECK(stopped.called());
}

TEST_CASE("a failure to stop is reported, and delays no other service") {
    Reports reports;
    Three three;
    three.b->fails = true;
    three.c->stopped = fail<void>(Exception("late boom"));
    bool done = false;
    three.all.stop_service().add_callback([&] { done = true; });
    CHECK(done);
    CHECK(three.diary.text() == "c stop, b stop, a stop");
    const std::string told = reports.take();
    CHECK(told.find("[Failure: Exception: boom]") != std::string::npos);
    CHECK(told.find("[Failure: Exception: late boom]") != std::string::npos);
}

TEST_CASE("an exception at the start leaves the call, and later services are not started") {
    Three three;
    three.b->fails = true;
    CHECK_THROWS_WITH_AS(three.all.start_service(), "boom", Exception);
    CHECK(three.diary.text() == "a start, b start");
}

TEST_CASE("a service added to a running one is started at once") {
    Diary diary;
    MultiService all;
    all.start_service();
    all.add_service(std::make_shared<TestService>(diary, "late"));
    CHECK(diary.text() == "late privileged, late start");
}

TEST_CASE("MultiServices nest") {
    Three three;
    Diary diary;
    const auto inner = std::make_shared<MultiService>();
    inner->add_service(std::make_shared<TestService>(three.diary, "inner"));
    three.all.add_service(inner);
    three.all.start_service();
    three.all.stop_service();
    CHECK(three.diary.text() ==
          "a start, b start, c start, inner start, inner stop, c stop, b stop, a stop");
}

TEST_CASE("names and parents") {
    Three three;
    CHECK(&three.all.get_service_named("b") == three.b.get());
    CHECK_THROWS_AS(three.all.get_service_named("d"), std::out_of_range);
    CHECK(three.a->parent() == &three.all);
    CHECK(three.all.parent() == nullptr);
    CHECK_THROWS_AS(three.a->set_name("z"), std::logic_error);
    CHECK_THROWS_AS(three.all.add_service(three.a), std::logic_error);
    CHECK_THROWS_AS(three.all.add_service(std::make_shared<TestService>(three.diary, "a")),
                    std::logic_error);
    three.all.add_service(std::make_shared<Service>()); // any number may have none
    three.all.add_service(std::make_shared<Service>());
    CHECK(three.all.services().size() == 5);
}

TEST_CASE("a service that outlives its parent has none") {
    const auto service = std::make_shared<Service>();
    {
        MultiService all;
        all.add_service(service);
        CHECK(service->parent() == &all);
    }
    CHECK(service->parent() == nullptr);
}

TEST_CASE("TcpServer listens from its privileged start to its stop, and says so in the log") {
    const Scratch scratch;
    const log::LogFile log(scratch.path("log"));
    Reactor reactor;
    Diary diary;
    TcpServer server(reactor, {"127.0.0.1", 0}, std::make_shared<Server>(diary, "server"));
    CHECK(reactor.descriptors().empty());
    server.privileged_start_service();
    const Address here = server.get_host();
    connect_bare(here);
    CHECK_FALSE(server.running());
    CHECK(scratch.read("log") == "");
    server.start_service();
    CHECK(server.running());
    CHECK(server.get_host() == here);
    reactor.call_when_running([&] { server.stop_service().add_callback([&] { reactor.stop(); }); });
    run(reactor);
    CHECK_FALSE(server.running());
    CHECK_THROWS_AS(connect_bare(here), SystemError);
    CHECK(diary.text() == "server start_factory, server stop_factory");
    const std::string told = scratch.read("log");
    CHECK(told.find(" starting on " + to_string(here) + "\n") != std::string::npos);
    CHECK(told.find("[-] (TCP Port " + std::to_string(here.port) + " Closed)\n") !=
          std::string::npos);
}

TEST_CASE("TcpServer: a second stop fires when the port is closed, too") {
    Reactor reactor;
    TcpServer server(reactor, {"127.0.0.1", 0}, std::make_shared<Server>());
    server.start_service();
    const Address here = server.get_host();
    reactor.call_when_running([&] {
        server.stop_service();
        const auto second = server.stop_service();
        CHECK_FALSE(second.called());
        second.add_callback([&] {
            CHECK_THROWS_AS(connect_bare(here), SystemError);
            CHECK(server.stop_service().called());
            reactor.stop();
        });
    });
    run(reactor);
}

TEST_CASE("TcpServer needs no privileged start, and can be started again") {
    Reactor reactor;
    TcpServer server(reactor, {"127.0.0.1", 0}, std::make_shared<Server>());
    CHECK(server.stop_service().called()); // never started
    reactor.call_when_running([&] {
        server.start_service();
        connect_bare(server.get_host());
        server.stop_service().add_callback([&] {
            server.start_service();
            connect_bare(server.get_host());
            server.stop_service().add_callback([&] { reactor.stop(); });
        });
    });
    run(reactor);
}

TEST_CASE("TcpServer: a used port is a CannotListenError; it does not run") {
    Reactor reactor;
    const BareServer used;
    TcpServer server(reactor, used.address(), std::make_shared<Server>());
    CHECK_THROWS_AS(server.privileged_start_service(), CannotListenError);
    CHECK_THROWS_AS(server.start_service(), CannotListenError);
    CHECK_FALSE(server.running());
}

TEST_CASE("a service destroyed with its parent sees no parent") {
    struct Child final : Service {
        explicit Child(std::function<void()> f) : last(std::move(f)) {}
        LastWords last;
    };
    std::vector<std::size_t> seen;
    auto owner = std::make_unique<MultiService>();
    const MultiService* const parent = owner.get();
    for (int i = 0; i < 2; ++i)
        owner->add_service(
            std::make_shared<Child>([&, parent] { seen.push_back(parent->services().size()); }));
    owner.reset();
    CHECK(seen == std::vector<std::size_t>{0, 0});
}
