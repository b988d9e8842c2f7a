// R24, R25: much data is written, to peers that read fast, slowly, or not at all.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    unsigned number = 1;
    for (char& byte : bytes) {
        number = number * 1103515245 + 12345;
        byte = static_cast<char>(number >> 16);
    }
    return bytes;
}

/// A server that talks to a client on the same reactor; `got` is all data that arrives. The reactor
/// stops when both have ended.
struct Fixture {
    Fixture() {
        client->on.data_received = [this](auto&, std::string_view data) { got += data; };
        client->on.client_connection_lost = [this](auto&, const Failure& why) {
            client_reason = name_of(why);
            one_has_ended();
        };
        server->on.connection_lost = [this](auto&, const Failure& why) {
            server_reason = name_of(why);
            one_has_ended();
        };
    }
    void one_has_ended() {
        if (++ended == 2)
            reactor.stop();
    }
    void run() {
        connect_tcp(reactor, port->get_host(), client);
        twist::run(reactor);
    }

    Reports reports;
    Reactor reactor;
    std::shared_ptr<Server> server = std::make_shared<Server>();
    std::shared_ptr<Client> client = std::make_shared<Client>();
    std::shared_ptr<Port> port = listen_anywhere(reactor, server);
    std::string got, client_reason, server_reason;
    int ended = 0;
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "R25: 3 MB written before lose_connection arrive completely") {
    const std::string sent = noise(3'000'000);
    server->on.connection_made = [&](auto& transport) {
        transport->write(sent);
        transport->lose_connection();
    };
    run();
    CHECK(got == sent);
    CHECK(client_reason == "ConnectionDone");
    CHECK(server_reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R25: 3 MB written before lose_write_connection arrive completely") {
    const std::string sent = noise(3'000'000);
    server->on.connection_made = [&](auto& transport) {
        transport->write(sent);
        transport->lose_write_connection();
    };
    run(); // ends: for the client the end of one half is the end, so it closes, too
    CHECK(got == sent);
    CHECK(client_reason == "ConnectionDone");
    CHECK(server_reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R25: 3 MB arrive completely at a peer that pauses again and again") {
    const std::string sent = noise(3'000'000);
    server->on.connection_made = [&](auto& transport) {
        transport->write(sent);
        transport->lose_connection();
    };
    client->on.data_received = [&](const TransportPtr& transport, std::string_view data) {
        got += data;
        transport->pause_producing();
        reactor.call_later(0s, [transport] { transport->resume_producing(); });
    };
    run();
    CHECK(got == sent);
    CHECK(client_reason == "ConnectionDone");
    CHECK(server_reason == "ConnectionDone");
}

TEST_CASE_FIXTURE(Fixture, "R24: many writes of all sizes arrive in order") {
    std::string sent;
    const std::string bytes = noise(200'000);
    server->on.connection_made = [&](auto& transport) {
        std::size_t size = 1;
        for (int i = 0; i < 2000; ++i) {
            size = (size * 31 + 7) % 1500;
            const std::string piece = bytes.substr(size, size);
            sent += piece;
            if (i % 3 == 0)
                transport->write(std::make_shared<const std::string>(piece));
            else
                transport->write(piece);
        }
        transport->write(bytes);
        sent += bytes;
        transport->lose_connection();
    };
    run();
    CHECK(got == sent);
}

TEST_CASE_FIXTURE(Fixture, "R24: small writes of one turn go out together") {
    int pieces = 0;
    server->on.connection_made = [](auto& transport) {
        for (int i = 0; i < 1000; ++i)
            transport->write("0123456789");
        transport->lose_connection();
    };
    client->on.data_received = [&](auto&, std::string_view data) {
        ++pieces;
        got += data;
    };
    run();
    CHECK(got.size() == 10'000);
    CHECK(pieces <= 2);
}

TEST_CASE_FIXTURE(Fixture, "R24: both sides may write at once, and keep answering") {
    const std::string request = noise(1'000'000);
    std::string echo;
    client->on.connection_made = [&](auto& transport) { transport->write(request); };
    client->on.data_received = [&](auto& transport, std::string_view data) {
        echo += data;
        if (echo.size() == request.size())
            transport->lose_connection();
    };
    server->on.data_received = [](auto& transport, std::string_view data) {
        transport->write(data);
    };
    run();
    CHECK(echo == request);
}

TEST_CASE_FIXTURE(Fixture,
                  "R24: an endless stream to one peer does not keep others from their turn") {
    int turns_of_other = 0;
    std::function<void()> other = [&] {
        ++turns_of_other;
        reactor.call_later(0s, other);
    };
    server->on.connection_made = [&](auto& transport) {
        transport->write(noise(3'000'000));
        transport->lose_connection();
        other();
    };
    run();
    CHECK(turns_of_other > 10); // 3 MB in pieces of 64 KiB are 46 turns
}

TEST_CASE_FIXTURE(Fixture, "a shared string is kept, not copied, and released when it is sent") {
    const auto poem = std::make_shared<const std::string>(noise(100'000));
    server->on.connection_made = [&](auto& transport) {
        for (int i = 0; i < 20; ++i)
            transport->write(poem);
        CHECK(poem.use_count() == 21);
        transport->write(std::make_shared<const std::string>());
        transport->lose_connection();
    };
    run();
    CHECK(got.size() == 2'000'000);
    CHECK(got.substr(1'900'000) == *poem);
    CHECK(poem.use_count() == 1);
}

TEST_CASE_FIXTURE(Fixture,
                  "shared strings are released one by one, and all of them when the peer is gone") {
    const auto poem = std::make_shared<const std::string>(noise(1'000'000));
    long seen_in_between = 0;
    server->on.connection_made = [&](auto& transport) {
        for (int i = 0; i < 20; ++i)
            transport->write(poem);
    };
    client->on.data_received = [&](auto& transport, std::string_view data) {
        got += data;
        if (got.size() > 10'000'000) {
            seen_in_between = poem.use_count();
            transport->abort_connection();
        }
    };
    run();
    CHECK(seen_in_between > 1);
    CHECK(seen_in_between <= 12);
    CHECK(poem.use_count() == 1);
    CHECK(server_reason == "ConnectionLost");
}

TEST_CASE_FIXTURE(Fixture, "a hundred thousand shared strings in one turn are sent quickly") {
    const auto word = std::make_shared<const std::string>("word ");
    server->on.connection_made = [&](auto& transport) {
        for (int i = 0; i < 100'000; ++i)
            transport->write(word);
        transport->lose_connection();
    };
    const Seconds before = processor_time();
    run();
    CHECK(got.size() == 500'000);
    CHECK(processor_time() - before < 5s);
}

TEST_CASE_FIXTURE(Fixture,
                  "a stream whose reader is always a little behind needs only bounded memory") {
    // Sent data must be released even if the queue is never empty. The server writes as much as the
    // client has read, so about the same amount waits all the time.
    constexpr std::size_t total = 40'000'000;
    const std::string start = noise(8'000'000), more = noise(65'536);
    std::size_t written = 0, received = 0;
    TransportPtr writer;
    server->on.connection_made = [&](const TransportPtr& transport) {
        writer = transport;
        transport->write(start);
        written = start.size();
    };
    std::size_t most = 0;
    const auto memory_in_use = [] { // in bytes
        std::size_t size = 0, resident = 0;
        if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
            if (std::fscanf(file, "%zu %zu", &size, &resident) != 2)
                resident = 0;
            std::fclose(file);
        }
        return resident * 4096;
    };
#ifdef __SANITIZE_ADDRESS__
    constexpr std::size_t bound = 400'000'000; // it keeps freed memory for some time
#else
    constexpr std::size_t bound = 30'000'000;
#endif
    const std::size_t at_first = memory_in_use();
    client->on.data_received = [&](auto&, std::string_view data) {
        received += data.size();
        while (written < received + start.size() && written < total) {
            writer->write(more);
            written += more.size();
        }
        if (written >= total)
            writer->lose_connection();
        most = std::max(most, memory_in_use());
    };
    run();
    CHECK(received == written);
    CHECK(most - at_first < bound);
}

TEST_CASE_FIXTURE(Fixture, "a peer that does not read does not hold up the others") {
    const FileDescriptor deaf = connect_bare(port->get_host());
    int served = 0;
    server->on.connection_made = [&](auto& transport) {
        ++served;
        transport->write(noise(8'000'000));
        transport->lose_connection();
    };
    server->on.connection_lost = nullptr;
    client->on.client_connection_lost = [&](auto&, const Failure&) { reactor.stop(); };
    run();
    CHECK(served == 2);
    CHECK(got.size() == 8'000'000);
}
