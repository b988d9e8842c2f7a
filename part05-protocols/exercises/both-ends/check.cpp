// Both ends of a connection: the check plays each conversation, notes what happens, and compares.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/base/failure.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"

using namespace check;

using Lines = std::vector<std::string>;
Lines server_closes();
Lines client_closes();
Lines client_aborts();

namespace {

using Action = std::function<void(twist::Transport& transport, Lines& noted)>;

// Does one thing when the connection is made, another when data arrives, and notes the rest.
class Speaker : public twist::Protocol {
  public:
    Speaker(std::string name, Lines& noted, Action at_first, Action with_data)
        : name_(std::move(name)), noted_(noted), at_first_(std::move(at_first)),
          with_data_(std::move(with_data)) {}

    void connection_made() override { at_first_(*transport(), noted_); }
    void data_received(std::string_view) override {
        noted_.push_back(name_ + ": data_received");
        with_data_(*transport(), noted_);
    }
    void connection_lost(const twist::Failure& reason) override {
        noted_.push_back(name_ + ": connection_lost, " + twist::type_name(reason.type()));
    }

  private:
    std::string name_;
    Lines& noted_;
    Action at_first_, with_data_;
};

template <class Base>
class Speakers : public Base {
  public:
    Speakers(std::string name, Lines& noted, Action at_first, Action with_data)
        : name_(std::move(name)), noted_(noted), at_first_(std::move(at_first)),
          with_data_(std::move(with_data)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<Speaker>(name_, noted_, at_first_, with_data_);
    }

  protected:
    std::string name_;
    Lines& noted_;
    Action at_first_, with_data_;
};

using Servers = Speakers<twist::ServerFactory>;

class Clients final : public Speakers<twist::ClientFactory> {
  public:
    using Speakers::Speakers;
    void client_connection_lost(twist::Connector&, const twist::Failure&) override {
        noted_.push_back(name_ + "'s factory: client_connection_lost");
    }
};

// Each conversation notes five lines; a few more turns show that there is no sixth.
Lines play(const Action& server_at_first, const Action& client_with_data) {
    const Action nothing = [](twist::Transport&, Lines&) {};
    Lines noted;
    twist::Reactor reactor;
    const auto port =
        twist::listen_tcp(reactor, {"127.0.0.1", 0},
                          std::make_shared<Servers>("server", noted, server_at_first, nothing));
    twist::connect_tcp(reactor, port->get_host(),
                       std::make_shared<Clients>("client", noted, nothing, client_with_data));
    int turns_left = 5;
    const std::function<void()> look = [&] {
        if (noted.size() >= 5 && --turns_left == 0)
            reactor.stop();
        else
            reactor.call_later(twist::Seconds(0), look);
    };
    look();
    run(reactor);
    return noted;
}

void compare(const Lines& said, const Lines& truth) {
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (i >= said.size() || said[i] != truth[i])
            fail({"Line " + std::to_string(i + 1) + " is not what happens then.",
                  "第 " + std::to_string(i + 1) + " 行不是那时发生的事。"},
                 i < said.size() ? said[i] : "", truth[i]);
        act({said[i], said[i]});
    }
    expect_equal({"the number of lines", "行数"}, said.size(), truth.size());
}

void write_poem(twist::Transport& transport, Lines&) {
    transport.write("a poem");
}

} // namespace

CHECK(Text{"the server closes", "服务器关闭连接"}) {
    compare(server_closes(), play(
                                 [](twist::Transport& transport, Lines& noted) {
                                     transport.write("a poem");
                                     transport.lose_connection();
                                     noted.push_back("server: lose_connection has returned");
                                 },
                                 [](twist::Transport&, Lines&) {}));
}

CHECK(Text{"the client closes", "客户端关闭连接"}) {
    compare(client_closes(), play(write_poem, [](twist::Transport& transport, Lines& noted) {
                transport.lose_connection();
                noted.push_back("client: lose_connection has returned");
            }));
}

CHECK(Text{"the client aborts", "客户端中止连接"}) {
    compare(client_aborts(), play(write_poem, [](twist::Transport& transport, Lines& noted) {
                transport.write("thanks");
                transport.abort_connection();
                noted.push_back("client: abort_connection has returned");
            }));
}
