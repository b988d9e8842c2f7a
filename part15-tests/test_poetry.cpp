// test_poetry - tests the poetry server and client. Answers tests/test_poetry.py
#include "trial.hpp"
#include "twist/async/stop_listening.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

// Under test: the server of Part 11, and the client of Part 8 -------------------------------------

class PoetryServerFactory : public twist::ServerFactory {
  public:
    explicit PoetryServerFactory(std::string text)
        : poem(std::make_shared<const std::string>(std::move(text))) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    const std::shared_ptr<const std::string> poem; // shared by all connections, never copied
};

class PoetryServerProtocol : public twist::Protocol {
  public:
    explicit PoetryServerProtocol(PoetryServerFactory& factory) : factory_(factory) {}

    void connection_made() override {
        transport()->write(factory_.poem);
        transport()->lose_connection();
    }

  private:
    PoetryServerFactory& factory_;
};

std::unique_ptr<twist::Protocol> PoetryServerFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryServerProtocol>(*this);
}

class PoetryClientFactory : public twist::ClientFactory {
  public:
    explicit PoetryClientFactory(twist::Deferred<std::string> deferred)
        : deferred_(std::move(deferred)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void poem_finished(std::string poem) {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->callback(std::move(poem));
    }

    void poem_failed(const twist::Failure& reason) {
        if (const auto d = std::exchange(deferred_, std::nullopt))
            d->errback(reason);
    }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        poem_failed(reason);
    }

  private:
    std::optional<twist::Deferred<std::string>> deferred_; // until it is fired
};

class PoetryClientProtocol : public twist::Protocol {
  public:
    explicit PoetryClientProtocol(PoetryClientFactory& factory) : factory_(factory) {}

    void data_received(std::string_view data) override { poem_ += data; }

    void connection_lost(const twist::Failure& reason) override {
        if (reason.check<twist::ConnectionDone>())
            factory_.poem_finished(std::move(poem_));
        else
            factory_.poem_failed(reason);
    }

  private:
    PoetryClientFactory& factory_;
    std::string poem_;
};

std::unique_ptr<twist::Protocol> PoetryClientFactory::build_protocol(const twist::Address&) {
    return std::make_unique<PoetryClientProtocol>(*this);
}

// Returns at once. The Deferred is fired later.
twist::Deferred<std::string> get_poetry(twist::Reactor& reactor, const twist::Address& address) {
    twist::Deferred<std::string> d;
    const auto factory = std::make_shared<PoetryClientFactory>(d);
    twist::connect_tcp(reactor, address, factory);
    return d;
}

// The tests ---------------------------------------------------------------------------------------

const std::string test_poem =
    "What comes in parts is read as one:\nthe last byte tells that it is done.";

class PoetryTestCase : public twist::trial::TestCase {
  protected:
    PoetryTestCase()
        : port_(listen_tcp(reactor, {"127.0.0.1", 0},
                           std::make_shared<PoetryServerFactory>(test_poem))) {}

    twist::Deferred<void> tear_down() override { return twist::stop_listening(*port_); }

    const std::shared_ptr<twist::Port> port_;
};

TEST_CASE_FIXTURE(PoetryTestCase, "test_client: get_poetry gets the server's poem") {
    const auto got_poem = [](const std::string& poem) { CHECK(poem == test_poem); };
    run([&] { return get_poetry(reactor, port_->get_host()).add_callback(got_poem); });
}

TEST_CASE_FIXTURE(PoetryTestCase, "test_failure: get_poetry fails where there is no server") {
    run([&] {
        const auto d = get_poetry(reactor, {"127.0.0.1", 0});
        return twist::trial::assert_failure<twist::ConnectError>(d);
    });
}

// Variations that fail, each for a different reason. Skipped unless you pass --no-skip. -----------

TEST_SUITE("variations" * doctest::skip()) {
    TEST_CASE_FIXTURE(PoetryTestCase, "the wrong poem") {
        const auto got_poem = [](const std::string& poem) { CHECK(poem == "another poem"); };
        run([&] { return get_poetry(reactor, port_->get_host()).add_callback(got_poem); });
    }

    class CarelessTestCase : public PoetryTestCase {
        twist::Deferred<void> tear_down() override { return twist::succeed(); }
    };

    TEST_CASE_FIXTURE(CarelessTestCase, "a port that is not closed") {
        const auto got_poem = [](const std::string& poem) { CHECK(poem == test_poem); };
        run([&] { return get_poetry(reactor, port_->get_host()).add_callback(got_poem); });
    }

    TEST_CASE_FIXTURE(PoetryTestCase, "a Deferred that is not returned") {
        const auto got_poem = [](const std::string& poem) { CHECK(poem == "another poem"); };
        run([&] { get_poetry(reactor, port_->get_host()).add_callback(got_poem); });
    }

    TEST_CASE_FIXTURE(PoetryTestCase, "a Deferred that never fires") {
        run([] { return twist::Deferred<std::string>(); }, twist::Seconds(0.1));
    }
}
