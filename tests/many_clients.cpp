// many-clients [options] N ADDRESS FILE - connects N clients at once, checks every poem byte for
// byte, and prints how many clients ended in each way. It always ends: see Clients::look.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "twist/net/connection.hpp"
#include "twist/net/connector.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/file.hpp"
#include "twist/program/stopwatch.hpp"

namespace {

constexpr int skipped = 77; // Meson's status for a skipped test

/// Where clients wait until all are connected.
class Gate {
  public:
    explicit Gate(std::size_t missing) : missing_(missing) {}

    void wait(const std::shared_ptr<twist::Transport>& client) {
        client->pause_producing();
        waiting_.push_back(client);
        one_less();
    }

    /// One more client has arrived, or will never arrive.
    void one_less() {
        if (--missing_ == 0)
            for (const auto& client : std::exchange(waiting_, {}))
                client->resume_producing();
    }

  private:
    std::size_t missing_;
    std::vector<std::shared_ptr<twist::Transport>> waiting_;
};

enum class State { connecting, waiting, reading }; // waiting: for the first byte
constexpr int most_quiet_looks = 100;

/// All clients and their results. The reactor stops when the last client has ended, or when nothing
/// has happened for a while.
class Clients : public twist::ClientFactory, public std::enable_shared_from_this<Clients> {
  public:
    Clients(twist::Reactor& reactor, twist::Address server, std::string the_poem)
        : poem(std::move(the_poem)), reactor_(reactor), server_(std::move(server)) {}

    const std::string poem;
    std::optional<Gate> gate;
    bool again = false; // a client that has the poem fetches it again, until the server is gone
    twist::Seconds patience{100};

    void come(std::size_t number) {
        present_[State::connecting] += number;
        for (std::size_t i = 0; i < number; ++i)
            connect_tcp(reactor_, server_, shared_from_this(), twist::Seconds(120));
    }

    /// Checks whether anything has happened since the last look. Counts looks, not seconds: a
    /// process that was stopped for a while could not do anything, either.
    void look() {
        quiet_looks_ = std::exchange(something_happened_, false) ? 0 : quiet_looks_ + 1;
        if (quiet_looks_ == most_quiet_looks) {
            gave_up_ = true;
            print();
            print_who_is_left();
            return reactor_.stop();
        }
        reactor_.call_later(patience / most_quiet_looks, [this] { look(); });
    }

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        if (gate)
            gate->one_less();
        ended(State::connecting, "not connected: " + reason.text());
    }

    void happened() { something_happened_ = true; }

    void moved(State from, State to) {
        happened();
        --present_[from];
        ++present_[to];
    }

    void ended(State in, const std::string& how) {
        happened();
        --present_[in];
        const bool complete = how == "complete";
        if (++number_[how] == 1 && complete)
            std::cout << "The first poem is complete." << std::endl;
        again = again && complete; // another server may get the port of the old one
        if (again)
            come(1);
        if (nobody_is_left() && reactor_.running())
            reactor_.stop();
    }

    bool nobody_is_left() const {
        return std::all_of(present_.begin(), present_.end(),
                           [](const auto& state) { return state.second == 0; });
    }

    bool gave_up() const { return gave_up_; }

    void print() const {
        std::cout << duration_.elapsed().count() << " seconds\n";
        for (const auto& [how, number] : number_)
            std::cout << number << ' ' << how << '\n';
    }

  private:
    void print_who_is_left() {
        std::cerr << "many-clients: nothing has happened for " << patience.count() << " s. "
                  << present_[State::connecting] << " clients are connecting, "
                  << present_[State::waiting] << " are connected and have no byte, "
                  << present_[State::reading] << " are in the middle of the poem.\n";
    }

    twist::Reactor& reactor_;
    const twist::Address server_;
    std::map<State, std::size_t> present_;
    std::map<std::string, std::size_t> number_;
    twist::Stopwatch duration_;
    bool something_happened_ = false;
    int quiet_looks_ = 0;
    bool gave_up_ = false;
};

/// Makes the kernel probe a silent server. A client that never sends would not notice the server's
/// end if that packet got lost, as can happen on a busy machine.
void hear_of_the_end(const twist::Transport& transport) {
    const int fd = dynamic_cast<const twist::Connection&>(transport).fileno();
    const int yes = 1, seconds = 5;
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

class Client : public twist::Protocol {
  public:
    explicit Client(Clients& all) : all_(all) {}

    void connection_made() override {
        all_.moved(State::connecting, State::waiting);
        hear_of_the_end(*transport());
        // If nobody listens any more, the kernel may connect a socket to itself.
        with_itself_ = transport()->get_host() == transport()->get_peer();
        if (with_itself_)
            transport()->abort_connection();
        if (all_.gate)
            all_.gate->wait(transport());
    }

    void data_received(std::string_view data) override {
        all_.happened();
        if (size_ == 0)
            all_.moved(State::waiting, State::reading);
        right_ = right_ && all_.poem.compare(size_, data.size(), data) == 0;
        size_ += data.size();
    }

    void connection_lost(const twist::Failure& reason) override {
        all_.ended(size_ == 0 ? State::waiting : State::reading, how_it_ended(reason));
    }

  private:
    std::string how_it_ended(const twist::Failure& reason) const {
        const bool clean = reason.check<twist::ConnectionDone>();
        const bool whole = size_ == all_.poem.size();
        if (with_itself_)
            return "not connected: but with itself";
        if (!right_)
            return "wrong";
        if (clean)
            return whole ? "complete" : size_ == 0 ? "empty" : "cut short";
        return whole ? "complete, then reset" : "reset";
    }

    Clients& all_;
    std::size_t size_ = 0;
    bool right_ = true;
    bool with_itself_ = false;
};

std::unique_ptr<twist::Protocol> Clients::build_protocol(const twist::Address&) {
    return std::make_unique<Client>(*this);
}

bool can_open(std::size_t descriptors) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < descriptors)
        return false;
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, descriptors);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int load_main(int argc, char* argv[]) {
    bool together = false, again = false;
    twist::Seconds patience(100);
    twist::CommandLine command_line("[options] N [HOST:]PORT FILE",
                                    "Connects N clients at once and checks every poem.");
    command_line.flag("together", together, "nobody reads before all are connected");
    command_line.flag("again", again, "who has the poem comes again, until the server is gone");
    command_line.option("patience", patience, "how long nothing may happen (default: 100)");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 3)
        command_line.fail("Three arguments are needed.");
    const std::size_t number = std::stoul(arguments[0]);
    const auto address = twist::parse_address(command_line, arguments[1]);
    std::string poem = twist::read_file(arguments[2]);

    if (!can_open(number + 64)) {
        std::cout << "This machine allows too few descriptors for " << number << " clients.\n";
        return skipped;
    }
    twist::Reactor reactor;
    const auto clients = std::make_shared<Clients>(reactor, address, std::move(poem));
    if (together)
        clients->gate.emplace(number);
    clients->again = again;
    clients->patience = patience;
    reactor.call_when_running([&] {
        clients->come(number);
        clients->look();
    });
    reactor.run();
    if (clients->gave_up())
        return 1;
    clients->print();
    return 0;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, load_main);
}
