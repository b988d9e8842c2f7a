// many-clients [options] N ADDRESS FILE - connects N clients at once, checks every poem, byte for
// byte, and prints how many of them ended in which way.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include "common/command_line.hpp"
#include "common/error.hpp"
#include "common/seconds.hpp"
#include "common/tcp.hpp"

namespace {

constexpr int skipped = 77; // what Meson takes for it

/// Where clients wait until all are connected.
class Gate {
  public:
    explicit Gate(std::size_t missing) : missing_(missing) {}

    void wait(const std::shared_ptr<twist::Transport>& client) {
        client->pause_producing();
        waiting_.push_back(client);
        one_less();
    }

    /// Somebody is here, or will never be.
    void one_less() {
        if (--missing_ == 0)
            for (const auto& client : std::exchange(waiting_, {}))
                client->resume_producing();
    }

  private:
    std::size_t missing_;
    std::vector<std::shared_ptr<twist::Transport>> waiting_;
};

/// All of them, and what became of them. The reactor stops when the last one has ended.
class Clients : public twist::ClientFactory, public std::enable_shared_from_this<Clients> {
  public:
    Clients(twist::Reactor& reactor, twist::Address server, std::string the_poem)
        : poem(std::move(the_poem)), reactor_(reactor), server_(std::move(server)) {}

    const std::string poem;
    std::optional<Gate> gate;
    bool again = false; // who has the poem comes for it again, until the server is gone

    void come(std::size_t number) {
        present_ += number;
        for (std::size_t i = 0; i < number; ++i)
            connect_tcp(reactor_, server_, shared_from_this(), twist::Seconds(120));
    }

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        if (gate)
            gate->one_less();
        ended("not connected: " + reason.text());
    }

    void ended(const std::string& how) {
        const bool complete = how == "complete";
        if (++number_[how] == 1 && complete)
            std::cout << "The first poem is complete." << std::endl;
        if (complete && again)
            come(1);
        if (--present_ == 0 && reactor_.running())
            reactor_.stop();
    }

    void print() const {
        std::cout << duration_.elapsed().count() << " seconds\n";
        for (const auto& [how, number] : number_)
            std::cout << number << ' ' << how << '\n';
    }

  private:
    twist::Reactor& reactor_;
    const twist::Address server_;
    std::size_t present_ = 0;
    std::map<std::string, std::size_t> number_;
    twist::Stopwatch duration_;
};

class Client : public twist::Protocol {
  public:
    explicit Client(Clients& all) : all_(all) {}

    void connection_made() override {
        if (all_.gate)
            all_.gate->wait(transport());
    }

    void data_received(std::string_view data) override {
        right_ = right_ && all_.poem.compare(size_, data.size(), data) == 0;
        size_ += data.size();
    }

    void connection_lost(const twist::Failure& reason) override {
        const bool clean = reason.check<twist::ConnectionDone>();
        const bool whole = size_ == all_.poem.size();
        if (!right_)
            all_.ended("wrong");
        else if (clean)
            all_.ended(whole ? "complete" : size_ == 0 ? "empty" : "cut short");
        else
            all_.ended(whole ? "complete, then reset" : "reset");
    }

  private:
    Clients& all_;
    std::size_t size_ = 0;
    bool right_ = true;
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
    twist::CommandLine command_line("[options] N [HOST:]PORT FILE",
                                    "Connects N clients at once and checks every poem.");
    command_line.flag("together", together, "nobody reads before all are connected");
    command_line.flag("again", again, "who has the poem comes again, until the server is gone");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 3)
        command_line.fail("Three arguments are needed.");
    const std::size_t number = std::stoul(arguments[0]);
    const auto address = command_line.address(arguments[1]);
    std::ifstream file(arguments[2], std::ios::binary);
    std::string poem((std::istreambuf_iterator<char>(file)), {});

    if (!can_open(number + 64)) {
        std::cout << "This machine allows too few descriptors for " << number << " clients.\n";
        return skipped;
    }
    twist::Reactor reactor;
    const auto clients = std::make_shared<Clients>(reactor, address, std::move(poem));
    if (together)
        clients->gate.emplace(number);
    clients->again = again;
    reactor.call_when_running([&] { clients->come(number); });
    reactor.run();
    clients->print();
    return 0;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, load_main);
}
