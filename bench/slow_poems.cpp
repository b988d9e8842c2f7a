// slow-poems - sends a poem slowly, to any number of clients at once. It keeps to its timetable: a
// late piece does not delay the next one.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "bench/peers.hpp"
#include "twist/net/port.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"

namespace {

struct Timetable {
    std::string poem;
    std::size_t pieces; // one is sent each `interval`; the last one ends the connection
    twist::Seconds interval;
};

// One delivery of the poem; it lives as long as its timer.
class Reading : public std::enable_shared_from_this<Reading> {
  public:
    Reading(twist::Reactor& reactor, const Timetable& timetable,
            std::shared_ptr<twist::Transport> client)
        : reactor_(reactor), timetable_(timetable), client_(std::move(client)) {}

    void wait() {
        const twist::Seconds due = start_ + timetable_.interval * static_cast<double>(sent_ + 1);
        reactor_.call_later(std::max(due - reactor_.seconds(), twist::Seconds(0)),
                            [self = shared_from_this()] { self->send(); });
    }

  private:
    void send() {
        const auto place = [this](std::size_t piece) {
            return timetable_.poem.size() * piece / timetable_.pieces;
        };
        const std::size_t from = place(sent_), to = place(++sent_);
        client_->write(std::string_view(timetable_.poem).substr(from, to - from));
        if (sent_ < timetable_.pieces)
            wait();
        else
            client_->lose_connection();
    }

    twist::Reactor& reactor_;
    const Timetable& timetable_;
    std::shared_ptr<twist::Transport> client_;
    twist::Seconds start_ = reactor_.seconds();
    std::size_t sent_ = 0;
};

class SlowPoetry : public twist::Protocol {
  public:
    SlowPoetry(twist::Reactor& reactor, const Timetable& timetable)
        : reactor_(reactor), timetable_(timetable) {}

    void connection_made() override {
        std::make_shared<Reading>(reactor_, timetable_, transport())->wait();
    }

  private:
    twist::Reactor& reactor_;
    const Timetable& timetable_;
};

class SlowPoetryFactory : public twist::ServerFactory {
  public:
    SlowPoetryFactory(twist::Reactor& reactor, Timetable timetable)
        : reactor_(reactor), timetable_(std::move(timetable)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<SlowPoetry>(reactor_, timetable_);
    }

  private:
    twist::Reactor& reactor_;
    const Timetable timetable_;
};

int server_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::size_t pieces = 100;
    twist::Seconds interval(0.05);
    twist::CommandLine command_line("[options] poetry-file", "Serves a poem slowly, to many.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("pieces", pieces, "how many pieces of the poem (default: 100)");
    command_line.option("interval", interval, "seconds before each piece (default: 0.05)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one poetry file.");
    twist::Reactor reactor;
    const auto factory = std::make_shared<SlowPoetryFactory>(
        reactor, Timetable{twist::read_file(arguments[0]), pieces, interval});
    const auto listener = twist::listen_tcp(reactor, {"localhost", port}, factory);
    std::cout << "Serving " << arguments[0] << " on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, server_main);
}
