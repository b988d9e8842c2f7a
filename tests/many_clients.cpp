// many-clients N ADDRESS FILE - connects N clients at once and checks every poem, byte for byte.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/resource.h>

#include "common/command_line.hpp"
#include "common/error.hpp"
#include "common/tcp.hpp"

namespace {

constexpr int skipped = 77; // what Meson takes for it

struct Count {
    std::size_t expected = 0, ended = 0, complete = 0;
    std::string first_complaint;
};

class Client : public twist::Protocol {
  public:
    Client(const std::string& poem, Count& count, std::function<void()> end)
        : poem_(poem), count_(count), end_(std::move(end)) {}

    void data_received(std::string_view data) override {
        right_ = right_ && poem_.compare(size_, data.size(), data) == 0;
        size_ += data.size();
    }

    void connection_lost(const twist::Failure& reason) override {
        if (right_ && size_ == poem_.size() && reason.check<twist::ConnectionDone>())
            ++count_.complete;
        else if (count_.first_complaint.empty())
            count_.first_complaint = std::to_string(size_) + " bytes, " + reason.text();
        end_();
    }

  private:
    const std::string& poem_;
    Count& count_;
    std::function<void()> end_;
    std::size_t size_ = 0;
    bool right_ = true;
};

class Clients : public twist::ClientFactory {
  public:
    Clients(twist::Reactor& reactor, std::string poem, Count& count)
        : reactor_(reactor), poem_(std::move(poem)), count_(count) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<Client>(poem_, count_, [this] { end(); });
    }

    void client_connection_failed(twist::Connector&, const twist::Failure& reason) override {
        if (count_.first_complaint.empty())
            count_.first_complaint = reason.text();
        end();
    }

  private:
    void end() {
        if (++count_.ended == count_.expected)
            reactor_.stop();
    }

    twist::Reactor& reactor_;
    std::string poem_;
    Count& count_;
};

bool can_open(std::size_t descriptors) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < descriptors)
        return false;
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, descriptors);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int load_main(int argc, char* argv[]) {
    twist::CommandLine command_line("N [HOST:]PORT FILE",
                                    "Connects N clients at once and checks every poem.");
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 3)
        command_line.fail("Three arguments are needed.");
    Count count;
    count.expected = std::stoul(arguments[0]);
    const auto address = command_line.address(arguments[1]);
    std::ifstream file(arguments[2], std::ios::binary);
    const std::string poem((std::istreambuf_iterator<char>(file)), {});

    if (!can_open(count.expected + 64)) {
        std::cout << "skipped: this machine allows too few descriptors for " << count.expected
                  << " clients\n";
        return skipped;
    }
    twist::Reactor reactor;
    const auto clients = std::make_shared<Clients>(reactor, poem, count);
    reactor.call_when_running([&] {
        for (std::size_t i = 0; i < count.expected; ++i)
            connect_tcp(reactor, address, clients, twist::Seconds(120));
    });
    reactor.run();
    std::cout << count.complete << " of " << count.expected << " poems complete\n"
              << count.first_complaint << std::flush;
    return count.complete == count.expected ? 0 : 1;
}

} // namespace

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, load_main);
}
