// NetstringReceiver with a stream cut anywhere, compared with a parser of the whole stream.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/check.hpp"
#include "twist/net/netstring.hpp"

namespace {

using Strings = std::vector<std::string>;

// The strings in a stream, and whether the connection is closed.
struct Heard {
    Strings strings;
    bool closed = false;

    friend bool operator==(const Heard&, const Heard&) = default;
};

// The parser for comparison.
Heard parse(std::string_view stream, std::size_t max_length) {
    Heard heard;
    const auto malformed = [&] {
        heard.closed = true;
        return heard;
    };
    while (!stream.empty()) {
        const std::size_t digits = std::min(stream.find_first_not_of("0123456789"), stream.size());
        const std::string number(stream.substr(0, digits));
        if (digits == 0 || (number[0] == '0' && digits > 1))
            return malformed();
        if (digits > 6 || std::stoul(number) > max_length)
            return malformed();
        stream.remove_prefix(digits);
        if (stream.empty())
            break;
        if (stream[0] != ':')
            return malformed();
        stream.remove_prefix(1);
        const std::size_t length = std::stoul(number);
        if (stream.size() <= length)
            break;
        if (stream[length] != ',')
            return malformed();
        heard.strings.emplace_back(stream.substr(0, length));
        stream.remove_prefix(length + 1);
    }
    return heard;
}

class FakeTransport final : public twist::Transport {
  public:
    void write(std::string_view data) override { written += data; }
    void write(std::shared_ptr<const std::string> data) override { written += *data; }
    void lose_connection() override {
        fuzz::check(!closed, "it is closed once");
        closed = true;
    }
    void lose_write_connection() override {}
    void abort_connection() override {}
    void pause_producing() override {}
    void resume_producing() override {}
    void register_producer(std::shared_ptr<twist::Producer>, bool) override {}
    void unregister_producer() override {}
    twist::Address get_host() const override { return {}; }
    twist::Address get_peer() const override { return {}; }

    std::string written;
    bool closed = false;
};

class Receiver final : public twist::NetstringReceiver {
  public:
    using NetstringReceiver::NetstringReceiver;
    void string_received(std::string string) override { strings.push_back(std::move(string)); }

    Strings strings;
};

// Passes the stream on in segments. `sizes` are their sizes, used again and again.
Heard hear(std::string_view stream, std::string_view sizes, std::size_t max_length) {
    const auto transport = std::make_shared<FakeTransport>();
    Receiver receiver(max_length);
    receiver.make_connection(transport);
    for (std::size_t i = 0; !stream.empty(); ++i) {
        const auto size = static_cast<unsigned char>(sizes[i % sizes.size()]);
        const std::string segment(stream.substr(0, size)); // a copy, so that ASan sees its ends
        receiver.data_received(segment);
        stream.remove_prefix(segment.size());
    }
    return {receiver.strings, transport->closed};
}

std::string sent(const Strings& strings) {
    const auto transport = std::make_shared<FakeTransport>();
    Receiver sender;
    sender.make_connection(transport);
    for (const std::string& string : strings)
        sender.send_string(string);
    return transport->written;
}

} // namespace

// The first byte determines the length limit; the second is the number of bytes with segment sizes
// that follow. The rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::text_of(data, size);
    if (input.size() < 2)
        return -1;
    const std::size_t max_length = input[0] % 2 == 0 ? 99'999 : data[0] / 2;
    const std::string_view sizes = input.substr(2, data[1]);
    if (sizes.find_first_not_of('\0') == std::string_view::npos)
        return -1; // segments without bytes: it would never end
    const std::string_view stream = input.substr(2 + sizes.size());

    const Heard expected = parse(stream, max_length);
    fuzz::check(hear(stream, sizes, max_length) == expected, "cut, it is heard as it should be");
    fuzz::check(hear(stream, "\xff", max_length) == expected, "as a whole, too");
    fuzz::check(hear(stream, "\1", max_length) == expected, "byte by byte, too");
    fuzz::check(parse(sent(expected.strings), 99'999).strings == expected.strings,
                "what is sent is what is heard");
    return 0;
}
