// A second poem: the check is a client in the reactor of the services.
#include <memory>
#include <string>

#include "application/service.hpp"
#include "application/tcp_server.hpp"
#include "tools/check/check.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/deferred/inline_callbacks.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/protocol.hpp"

using namespace check;

std::shared_ptr<twist::TcpServer> add_poem(twist::MultiService& services, twist::Reactor& reactor,
                                           const std::string& name, const std::string& poem,
                                           const twist::Address& address);

namespace {

const twist::Address any_port{"127.0.0.1", 0};
const std::string ecstasy = "the ecstasy", tyger = "the tyger", science = "science";

const Text called{"add_poem, twice", "调用 add_poem 两次"};
const Text started{"services.start_service()", "调用 services.start_service()"};
const Text first_poem{"the poem of the first port", "第一个端口的诗"};
const Text second_poem{"the poem of the second port", "第二个端口的诗"};
const Text children{"the number of children of `services`", "`services` 的子服务的数目"};

class Client : public twist::Protocol {
  public:
    explicit Client(twist::Deferred<std::string> d) : d_(std::move(d)) {}
    void data_received(std::string_view data) override { poem_ += data; }
    void connection_lost(const twist::Failure&) override { d_.callback(poem_); }

  private:
    twist::Deferred<std::string> d_;
    std::string poem_;
};

class ClientFactory : public twist::ClientFactory {
  public:
    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<Client>(d);
    }
    void client_connection_failed(twist::Connector&, const twist::Failure&) override {
        d.callback(std::string("nothing listens"));
    }
    const twist::Deferred<std::string> d;
};

// What a client gets at that address.
twist::Deferred<std::string> fetch(twist::Reactor& reactor, const twist::Address& address) {
    const auto factory = std::make_shared<ClientFactory>();
    twist::connect_tcp(reactor, address, factory);
    return factory->d;
}

// The address of the port, which must be open.
twist::Address address_of(const twist::TcpServer& port) {
    expect(port.running(),
           {"The port is not open, although its services run.", "服务正在运行，端口却没有打开。"});
    return port.get_host();
}

// Whether a service is this port, or contains nothing else.
bool is_only(const twist::Service& service, const twist::TcpServer& port) {
    const auto* const parent = dynamic_cast<const twist::MultiService*>(&service);
    return &service == &port || (parent != nullptr && parent->services().size() == 1 &&
                                 parent->services().front().get() == &port);
}

// Runs `play()` to its end in the loop.
template <class Play>
void run_play(twist::Reactor& reactor, Play play) {
    reactor.call_when_running([&] {
        play()
            .add_errback([](const twist::Failure& reason) {
                fail({"An exception was thrown.", "有异常抛了出来。"}, reason.text());
            })
            .add_callback([&reactor] { reactor.stop(); });
    });
    run(reactor);
}

} // namespace

CHECK(Text{"before the start", "启动之前"}) {
    twist::Reactor reactor;
    twist::MultiService services;
    act(called);
    const auto first = add_poem(services, reactor, "ecstasy", ecstasy, any_port);
    const auto second = add_poem(services, reactor, "tyger", tyger, any_port);
    expect(!first->running() && !second->running(),
           {"The port is open before `services` is started.",
            "`services` 还没有启动，端口就已经打开。"});
}

CHECK(Text{"both poems are served", "两首诗都可以得到"}) {
    twist::Reactor reactor;
    twist::MultiService services;
    act(called);
    const auto first = add_poem(services, reactor, "ecstasy", ecstasy, any_port);
    const auto second = add_poem(services, reactor, "tyger", tyger, any_port);
    run_play(reactor, [&]() -> twist::Deferred<void> {
        act(started);
        services.start_service();
        const auto got_first = co_await fetch(reactor, address_of(*first));
        expect_equal(first_poem, got_first, ecstasy);
        const auto got_second = co_await fetch(reactor, address_of(*second));
        expect_equal(second_poem, got_second, tyger);
    });
    expect_equal(children, services.services().size(), 2U);
}

CHECK(Text{"stop one, keep the other", "停止一首，另一首照常"}) {
    twist::Reactor reactor;
    twist::MultiService services;
    act(called);
    const auto first = add_poem(services, reactor, "ecstasy", ecstasy, any_port);
    const auto second = add_poem(services, reactor, "tyger", tyger, any_port);
    run_play(reactor, [&]() -> twist::Deferred<void> {
        act(started);
        services.start_service();
        const auto first_address = address_of(*first), second_address = address_of(*second);
        expect(!is_only(services.get_service_named("tyger"), *second),
               {"The service \"tyger\" is only the port: stopping it does not stop its "
                "`PoetryService`.",
                "服务 \"tyger\" 只是那个端口：停止它，并不会停止它的 `PoetryService`。"});
        act({"stop the service \"tyger\"", "停止服务 \"tyger\""});
        co_await services.get_service_named("tyger").stop_service();
        const auto from_stopped = co_await fetch(reactor, second_address);
        expect_equal(second_poem, from_stopped, std::string("nothing listens"));
        const auto from_other = co_await fetch(reactor, first_address);
        expect_equal(first_poem, from_other, ecstasy);
        act({"stop all services", "停止全部服务"});
        co_await services.stop_service();
        const auto from_nobody = co_await fetch(reactor, first_address);
        expect_equal(first_poem, from_nobody, std::string("nothing listens"));
    });
}

CHECK(Text{"add a poem while they run", "运行时加入一首"}) {
    twist::Reactor reactor;
    twist::MultiService services;
    run_play(reactor, [&]() -> twist::Deferred<void> {
        act(started);
        services.start_service();
        act({"add_poem", "调用 add_poem"});
        const auto late = add_poem(services, reactor, "science", science, any_port);
        const auto got = co_await fetch(reactor, address_of(*late));
        expect_equal({"the added poem", "后来加入的诗"}, got, science);
    });
}
