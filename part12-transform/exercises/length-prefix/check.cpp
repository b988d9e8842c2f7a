// Strings with a length prefix, cut everywhere, next to netstrings.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/wire.hpp"
#include "twist/net/protocol.hpp"

using namespace check;

class TransformService;
using Service = std::shared_ptr<const TransformService>;
using Server = std::shared_ptr<twist::ServerFactory>;

Service transform_service();
Server netstring_server(Service service);
Server int32_string_server(Service service);

namespace {

std::string prefix(std::uint32_t length) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0})
        bytes += static_cast<char>(length >> shift & 0xff);
    return bytes;
}

std::string framed(const std::string& text) {
    return prefix(static_cast<std::uint32_t>(text.size())) + text;
}

std::string request(const std::string& poem, const std::string& name = "cummingsify") {
    return framed(name + "." + poem);
}

// Shows bytes that are not letters as numbers: "\x00\x00\x00\x07a poem!".
std::string readable(const std::string& bytes) {
    std::string text;
    for (const char byte : bytes) {
        char number[8];
        std::snprintf(number, sizeof number, "\\x%02x", static_cast<unsigned char>(byte));
        text += byte >= ' ' && byte <= '~' ? std::string(1, byte) : number;
    }
    return text;
}

void expect_replied(const Wire& client, const std::string& replies) {
    expect_equal({"the server's reply", "服务器的应答"}, readable(client.received()),
                 readable(replies));
}

void expect_closed(const Wire& client) {
    expect(client.closed(), {"The server does not close the connection.", "服务器没有关闭连接。"});
}

void expect_open(const Wire& client) {
    expect(!client.closed(),
           {"The server closes before the request is complete.", "请求还不完整，服务器就关闭了。"});
}

// A new client of a new server.
struct Client : Wire {
    Client() : Wire(int32_string_server(transform_service())) {}
};

} // namespace

CHECK(Text{"one service, both kinds of strings", "一个服务，两种字符串"}) {
    Service service = transform_service();
    Wire netstrings(netstring_server(service)), int32_strings(int32_string_server(service));
    service.reset(); // the factories keep it
    act({"a client sends a netstring", "一个客户端发送网络字符串"});
    netstrings.send("18:cummingsify.A POEM,");
    expect_replied(netstrings, "6:a poem,");
    expect_closed(netstrings);
    act({"another client sends the same with a length prefix", "另一个发送同样的内容，长度在前"});
    int32_strings.send(request("A POEM"));
    expect_replied(int32_strings, framed("a poem"));
    expect_closed(int32_strings);
}

CHECK(Text{"a request in two pieces", "被切开的请求"}) {
    const std::string whole = request("HERE IS MY POEM");
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        act({"the first piece ends after byte " + std::to_string(cut),
             "请求在第 " + std::to_string(cut) + " 个字节之后被切开"});
        Client client;
        client.send(whole.substr(0, cut));
        expect_replied(client, "");
        expect_open(client);
        client.send(whole.substr(cut));
        expect_replied(client, framed("here is my poem"));
        expect_closed(client);
    }
    act({"the request comes byte by byte", "请求一个字节一个字节地到来"});
    Client client;
    for (const char byte : whole)
        client.send(std::string(1, byte));
    expect_replied(client, framed("here is my poem"));
}

CHECK(Text{"several requests at once", "几个请求一起到来"}) {
    act({"three requests arrive in one piece", "三个请求合为一段"});
    Client three;
    three.send(request("ONE") + request("TWO") + request("THREE"));
    expect_replied(three, framed("one") + framed("two") + framed("three"));
    act({"two requests arrive, with a part of a third", "来了两个请求，还有第三个的一部分"});
    Client two;
    two.send(request("ONE") + request("TWO") + request("THREE").substr(0, 6));
    expect_replied(two, framed("one") + framed("two"));
    act({"half of a request arrives; then the rest, with another request",
         "来了半个请求；然后是剩下的一半和另一个请求"});
    Client half;
    half.send(request("ONE").substr(0, 9));
    half.send(request("ONE").substr(9) + request("TWO"));
    expect_replied(half, framed("one") + framed("two"));
}

CHECK(Text{"lengths of every size, bytes of every kind", "各种长度，各种字节"}) {
    for (const std::size_t length : {127U, 128U, 255U, 256U, 65'535U, 65'536U, 99'999U}) {
        act({"a request of " + std::to_string(length) + " bytes arrives",
             "来了一个 " + std::to_string(length) + " 字节的请求"});
        const std::size_t size = length - std::string("cummingsify.").size();
        const std::string whole = request(std::string(size, 'A'));
        Client client;
        client.send(whole.substr(0, 50'000)); // a piece has 65,536 bytes at most
        if (whole.size() > 50'000)
            client.send(whole.substr(50'000));
        expect_replied(client, framed(std::string(size, 'a')));
    }
    act({"a request with an empty poem arrives", "来了一首空诗"});
    Client empty;
    empty.send(request(""));
    expect_replied(empty, framed(""));
    act({"a poem with a zero byte, a dot and a comma arrives", "来了一首有零字节、点号和逗号的诗"});
    Client client;
    client.send(request(std::string("A\0.B,", 5)));
    expect_replied(client, framed(std::string("a\0.b,", 5)));
}

CHECK(Text{"strings that are too long", "太长的字符串"}) {
    for (const std::uint32_t length : {100'000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        act({"the length " + std::to_string(length) + " arrives, and nothing else",
             "来了长度 " + std::to_string(length) + "，别的还没有来"});
        Client client;
        client.send(prefix(length).substr(0, 2));
        expect_open(client);
        client.send(prefix(length).substr(2));
        expect_closed(client);
    }
    act({"a good request, a length of 100,000, and a good request arrive in one piece",
         "一个正常的请求、长度 100,000、又一个正常的请求合为一段到来"});
    Client client;
    client.send(request("ONE") + prefix(100'000) + request("TWO"));
    expect_replied(client, framed("one"));
    expect_closed(client);
}

CHECK(Text{"requests that can't be answered", "无法应答的请求"}) {
    const auto refuse = [](const Text& what, const std::string& request) {
        act(what);
        Client client;
        client.send(request);
        expect_replied(client, "");
        expect_closed(client);
    };
    refuse({"a request for 'shout' arrives", "来了一个 'shout' 请求"}, request("ONE", "shout"));
    refuse({"a request without a dot arrives", "来了一个没有点号的请求"}, framed("cummingsify"));
    refuse({"a string of no bytes arrives", "来了一个零字节的字符串"}, framed(""));
}
