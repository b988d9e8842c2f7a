#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/network.hpp"
#include "common/tests/reports.hpp"
#include "twist/net/netstring.hpp"

using namespace twist;

namespace {

using Strings = std::vector<std::string>;

/// Keeps the written data, and counts the calls of lose_connection.
class FakeTransport final : public Transport {
  public:
    void write(std::string_view data) override { written += data; }
    void write(std::shared_ptr<const std::string> data) override { written += *data; }
    void lose_connection() override { ++closings; }
    void lose_write_connection() override {}
    void abort_connection() override {}
    void pause_producing() override {}
    void resume_producing() override {}
    void register_producer(std::shared_ptr<Producer>, bool) override {}
    void unregister_producer() override {}
    Address get_host() const override { return {}; }
    Address get_peer() const override { return {}; }

    std::string written;
    int closings = 0;
};

/// Collects the strings; calls `on_string` for each.
class Receiver final : public NetstringReceiver {
  public:
    using NetstringReceiver::NetstringReceiver;

    void string_received(std::string string) override {
        strings.push_back(std::move(string));
        if (on_string)
            on_string();
    }
    void lose_connection() const { transport()->lose_connection(); }

    Strings strings;
    std::function<void()> on_string;
};

/// A receiver on a fake transport.
struct Conversation {
    explicit Conversation(std::size_t max_length = 99'999) : receiver(max_length) {
        receiver.make_connection(transport);
    }
    void hear(std::string_view data) { receiver.data_received(data); }

    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
    Receiver receiver;
};

std::string netstring(std::string_view string) {
    return std::to_string(string.size()) + ':' + std::string(string) + ',';
}

std::string every_byte() {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte)
        bytes += static_cast<char>(byte);
    return bytes;
}

} // namespace

TEST_CASE("R43: strings arrive whole and in order, wherever the stream is cut") {
    const Strings strings{"hello", "", every_byte(), "1:2,3:", std::string(3, '\0'), ",", "0", "à"};
    std::string stream;
    for (const std::string& string : strings)
        stream += netstring(string);
    for (std::size_t i = 0; i <= stream.size(); ++i)
        for (std::size_t j = i; j <= stream.size(); ++j) {
            Conversation conversation;
            conversation.hear(stream.substr(0, i));
            conversation.hear(stream.substr(i, j - i));
            conversation.hear(stream.substr(j));
            if (conversation.receiver.strings != strings || conversation.transport->closings != 0)
                FAIL_CHECK("cut at " << i << " and " << j);
        }
    Conversation byte_by_byte;
    for (const char& byte : stream)
        byte_by_byte.hear({&byte, 1});
    CHECK(byte_by_byte.receiver.strings == strings);
}

TEST_CASE("R43: an empty string is delivered, too, and an empty segment changes nothing") {
    Conversation conversation;
    conversation.hear("0:");
    CHECK(conversation.receiver.strings.empty());
    conversation.hear("");
    conversation.hear(",0:,");
    CHECK(conversation.receiver.strings == Strings{"", ""});
}

TEST_CASE("R43: closing does not stop the delivery of strings that have already arrived") {
    Conversation conversation;
    conversation.receiver.on_string = [&] {
        conversation.receiver.send_string(conversation.receiver.strings.back());
        conversation.receiver.lose_connection();
    };
    conversation.hear("2:ab,2:cd,");
    CHECK(conversation.transport->written == "2:ab,2:cd,");
}

TEST_CASE("R43: each byte is handled once") { // otherwise this test would take hours
    const std::size_t length = 4'000'000;
    Conversation one(length);
    one.hear("4000000:");
    for (std::size_t i = 0; i < length; ++i)
        one.hear("x");
    one.hear(",");
    CHECK(one.receiver.strings == Strings{std::string(length, 'x')});

    std::string tiny;
    for (int i = 0; i < 1'000'000; ++i)
        tiny += "1:x,";
    Conversation many;
    many.hear(tiny);
    CHECK(many.receiver.strings == Strings(1'000'000, "x"));
}

TEST_CASE("R44: an invalid netstring closes the connection, and nothing after it is delivered") {
    // Each is wrong only at its last byte.
    for (const std::string_view wrong :
         {"a", ":", ",", "-", "+", " ", "\r", "\xff", "1a", "1 ", "1-", "1,", "00", "01", "0:x",
          "5:helloo", "3:abc:", "100000", "999999"}) {
        CAPTURE(wrong);
        const std::string stream = "4:good," + std::string(wrong) + ",3:bad,";
        for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
            Conversation conversation;
            conversation.hear(stream.substr(0, cut));
            conversation.hear(stream.substr(cut));
            conversation.hear("3:bad,");
            CHECK(conversation.receiver.strings == Strings{"good"});
            CHECK(conversation.transport->closings == 1);
        }
        Conversation conversation;
        conversation.hear(wrong.substr(0, wrong.size() - 1));
        CHECK(conversation.transport->closings == 0);
        conversation.hear(wrong.substr(wrong.size() - 1));
        CHECK(conversation.transport->closings == 1);
    }
}

TEST_CASE("R44: a length over 99,999 bytes is refused before the colon") {
    const std::string longest(99'999, 'x');
    Conversation conversation;
    conversation.hear(netstring(longest));
    CHECK(conversation.receiver.strings == Strings{longest});
    CHECK(conversation.transport->closings == 0);
    conversation.hear("10000");
    CHECK(conversation.transport->closings == 0);
    conversation.hear("0"); // the colon is not needed
    CHECK(conversation.transport->closings == 1);
}

TEST_CASE("R44: a receiver can have its own limit") {
    struct {
        std::size_t limit;
        std::string_view longest, too_long;
    } const cases[]{
        {0, "0:", "1"},
        {5, "5:", "6"},
        {5, "5", "10"},
        {20, "20:", "21"},
        {static_cast<std::size_t>(-1), "18446744073709551615:", "18446744073709551616"},
        {static_cast<std::size_t>(-1), "1844674407370955161", "184467440737095516150"},
    };
    for (const auto& one : cases) {
        Conversation conversation(one.limit), other(one.limit);
        conversation.hear(one.longest);
        CHECK(conversation.transport->closings == 0);
        other.hear(one.too_long);
        CHECK(other.transport->closings == 1);
    }
}

TEST_CASE("R44: the receiver waits for the rest of an incomplete string") {
    for (const std::string_view part : {"", "2", "27", "27:", "27:cummingsify.HERE", "1:x"}) {
        Conversation conversation;
        conversation.hear(part);
        CHECK(conversation.receiver.strings.empty());
        CHECK(conversation.transport->closings == 0);
    }
}

TEST_CASE("R45: a string is sent with its length, of any size") {
    Conversation conversation;
    for (const std::string& string :
         {std::string("hello"), std::string(), every_byte(), std::string(1'000'000, 'x')}) {
        conversation.receiver.send_string(string);
        CHECK(std::exchange(conversation.transport->written, "") == netstring(string));
    }
}

TEST_CASE("R43, R44, R45: over a connection") {
    /// Sends every string back; "throw" also makes it throw. At the end it stops the reactor.
    struct Echo final : NetstringReceiver {
        explicit Echo(Reactor& its_reactor) : reactor(its_reactor) {}
        void string_received(std::string string) override {
            send_string(string);
            if (string == "throw")
                throw Exception("as you like");
        }
        void connection_lost(const Failure&) override { reactor.stop(); }
        Reactor& reactor;
    };
    struct EchoFactory final : ServerFactory {
        explicit EchoFactory(Reactor& its_reactor) : reactor(its_reactor) {}
        std::unique_ptr<Protocol> build_protocol(const Address&) override {
            return std::make_unique<Echo>(reactor);
        }
        Reactor& reactor;
    };
    const auto answer_to = [](std::string_view said) {
        Reactor reactor;
        const auto port = listen_anywhere(reactor, std::make_shared<EchoFactory>(reactor));
        const FileDescriptor client = connect_bare(port->get_host());
        send_to(client, said);
        run(reactor);
        return read_to_end(client);
    };
    Reports reports;
    CHECK(answer_to("5:hello,0:,3:a:,,bad") == "5:hello,0:,3:a:,,");
    CHECK(reports.take() == "");
    CHECK(answer_to("5:hello,5:throw,5:never,") == ""); // closed at once: nothing was sent yet
    CHECK(reports.take() == "Unhandled Error: [Failure: Exception: as you like]");
}
