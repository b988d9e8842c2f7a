// hostile-poet - a server that is a bad peer in one of eight ways, each time exactly the same.
// For tests, exercises and demonstrations; it has no original.
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using Deed = std::function<void(twist::Transport& client)>;

// The script for a client: the pieces, with a delay after each, and then the misdeed.
struct Script {
    std::vector<std::string> pieces;
    Deed deed;
};

// The scripts -------------------------------------------------------------------------------------

const std::vector<std::string> modes{"dribble", "split",   "half-close", "reset",
                                     "silent",  "endless", "close",      "after-end"};
const std::string after_the_end = "This comes after the end.\n";

// Cut before every byte for which `cut_before` is true.
template <class F>
std::vector<std::string> cut(std::string_view poem, F cut_before) {
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < poem.size(); ++i) {
        if (i == 0 || cut_before(i))
            pieces.emplace_back();
        pieces.back() += poem[i];
    }
    return pieces;
}

std::vector<std::string> cut_bytes(std::string_view poem) {
    return cut(poem, [](std::size_t) { return true; });
}

// Every UTF-8 character of several bytes is cut after its first byte.
std::vector<std::string> cut_characters(std::string_view poem) {
    return cut(poem, [poem](std::size_t i) {
        const auto before = static_cast<unsigned char>(poem[i - 1]);
        const auto here = static_cast<unsigned char>(poem[i]);
        return before >= 0b1100'0000 && (here & 0b1100'0000) == 0b1000'0000;
    });
}

// Sends its poem again whenever the client has taken it.
class EndlessPoem : public twist::Producer {
  public:
    EndlessPoem(twist::Transport& client, std::shared_ptr<const std::string> poem)
        : client_(client), poem_(std::move(poem)) {}

    void pause_producing() override {}
    void resume_producing() override { client_.write(poem_); }
    void stop_producing() override {}

  private:
    twist::Transport& client_; // owns us
    std::shared_ptr<const std::string> poem_;
};

bool stops_early(const std::string& mode) {
    return mode == "half-close" || mode == "reset" || mode == "silent" || mode == "close";
}

// `after`: how many bytes of the poem come before the misdeed; 0 means the mode's default.
Script script_of(const std::string& mode, const std::string& poem, std::size_t after) {
    const auto first = [&](std::size_t best) {
        return std::vector{poem.substr(0, after > 0 ? after : best)};
    };
    const Deed lose_connection = &twist::Transport::lose_connection;
    if (mode == "dribble")
        return {cut_bytes(poem), lose_connection};
    if (mode == "split")
        return {cut_characters(poem), lose_connection};
    if (mode == "half-close")
        return {first(poem.size()), &twist::Transport::lose_write_connection};
    if (mode == "reset")
        return {first(poem.size() / 2), &twist::Transport::abort_connection};
    if (mode == "silent")
        return {first(0), [](twist::Transport&) {}};
    if (mode == "endless")
        return {{}, [shared = std::make_shared<const std::string>(poem)](twist::Transport& client) {
                    client.register_producer(std::make_shared<EndlessPoem>(client, shared), false);
                }};
    if (mode == "after-end")
        return {{poem, after_the_end}, lose_connection};
    return {first(0), lose_connection};
}

// The whole poem at once.
Script good_script(const std::string& poem) {
    return {{}, [shared = std::make_shared<const std::string>(poem)](twist::Transport& client) {
                client.write(shared);
                client.lose_connection();
            }};
}

// The protocol ------------------------------------------------------------------------------------

class HostileFactory : public twist::ServerFactory {
  public:
    HostileFactory(twist::Reactor& the_reactor, twist::Seconds the_delay, Script bad, Script good,
                   std::size_t victims)
        : reactor(the_reactor), delay(the_delay), bad_(std::move(bad)), good_(std::move(good)),
          victims_(victims) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    twist::Reactor& reactor;
    const twist::Seconds delay;

  private:
    const Script bad_, good_;
    std::size_t victims_; // still to come
};

class HostileProtocol : public twist::Protocol {
  public:
    HostileProtocol(HostileFactory& factory, const Script& script)
        : factory_(factory), script_(script) {}

    void connection_made() override { go_on(); }

    void connection_lost(const twist::Failure&) override {
        if (next_.active())
            next_.cancel();
    }

  private:
    void go_on() {
        if (said_ == script_.pieces.size())
            return script_.deed(*transport());
        transport()->write(script_.pieces[said_++]);
        next_ = factory_.reactor.call_later(factory_.delay, [this] { go_on(); });
    }

    HostileFactory& factory_;
    const Script& script_;
    std::size_t said_ = 0;
    twist::DelayedCall next_; // it does not outlive the connection, so it may keep `this`
};

std::unique_ptr<twist::Protocol> HostileFactory::build_protocol(const twist::Address&) {
    const bool suffers = victims_ > 0;
    if (suffers)
        --victims_;
    return std::make_unique<HostileProtocol>(*this, suffers ? bad_ : good_);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    std::string mode = modes.front();
    std::size_t after = 0;
    twist::Seconds delay(0.01);
    std::size_t victims = std::numeric_limits<std::size_t>::max();
    twist::CommandLine command_line(
        "[options] poetry-file", "Serves a poem, as a bad peer would, to any number of clients.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.choice("mode", mode, modes, "what is bad about it (default: dribble)");
    command_line.option("after", after,
                        "the bytes of the poem that come before the half-close (default: all), "
                        "the reset (half of them), the silence and the close (none)");
    command_line.option("delay", delay, "the wait after every piece (default: 0.01)");
    command_line.option("victims", victims,
                        "how many clients to treat badly; the rest get their poem (default: all)");
    const std::string poetry_file = twist::parse_poetry_file(command_line, argc, argv);
    if (after > 0 && !stops_early(mode))
        command_line.fail("option --after: not with --mode " + mode);

    twist::Reactor reactor;
    const std::string poem = twist::read_file(poetry_file);
    const auto factory = std::make_shared<HostileFactory>(
        reactor, delay, script_of(mode, poem, after), good_script(poem), victims);
    const auto listener = twist::listen_tcp(reactor, {iface, port}, factory);
    std::cout << "Serving " << poetry_file << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
