// Several requests on one connection, as netstrings.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

std::string netstring(const std::string& text) {
    return std::to_string(text.size()) + ":" + text + ",";
}

std::string request(const std::string& poem, const std::string& name = "cummingsify") {
    return netstring(name + "." + poem);
}

// Reads until `size` bytes have arrived, or the connection ends.
std::string receive(Connection& client, std::size_t size) {
    std::string all;
    for (std::string some = client.receive(); !some.empty(); some = client.receive()) {
        all += some;
        if (all.size() >= size)
            break;
    }
    return all;
}

const Text replies{"the server's reply", "服务器的应答"};

} // namespace

CHECK(Text{"one request after another", "一个请求接着一个请求"}) {
    Program server({});
    Connection client = connect(server.port());
    for (const std::string poem : {"one", "two", "three"}) {
        std::string capitals = poem;
        for (char& letter : capitals)
            letter = static_cast<char>(letter - 'a' + 'A');
        act({"the client asks for cummingsify of " + capitals,
             "客户端请求对 " + capitals + " 做 cummingsify"});
        client.send(request(capitals));
        const std::string reply = netstring(poem);
        expect_equal(replies, receive(client, reply.size()), reply);
    }
}

CHECK(Text{"three requests in one piece, one request in two pieces",
           "三个请求合为一段，一个分成两段"}) {
    Program server({});
    Connection client = connect(server.port());
    act({"three requests arrive together, with half of a fourth",
         "三个请求一起到来，还有第四个的一半"});
    const std::string fourth = request("FOUR");
    client.send(request("ONE") + request("TWO") + request("THREE") + fourth.substr(0, 7));
    const std::string three = netstring("one") + netstring("two") + netstring("three");
    expect_equal(replies, receive(client, three.size()), three);
    act({"the other half arrives", "另一半来了"});
    client.send(fourth.substr(7));
    expect_equal(replies, receive(client, 7), netstring("four"));
    act({"the client closes", "客户端关闭连接"});
    client.finish();
}

CHECK(Text{"an unknown transform", "未知的转换"}) {
    Program server({});
    Connection client = connect(server.port());
    act({"a good request, one for 'shout', and a good one arrive together",
         "一个正常的请求、一个 'shout' 请求、又一个正常的请求一起到来"});
    client.send(request("ONE") + request("TWO", "shout") + request("THREE"));
    expect_equal(replies, client.receive_all(), netstring("one"));
    act({"another client sends a good request", "又来了一个客户端，请求正常"});
    Connection other = connect(server.port());
    other.send(request("FOUR"));
    expect_equal({"the reply to the other client", "另一个客户端得到的应答"}, receive(other, 7),
                 netstring("four"));
}

CHECK(Text{"a request without a dot", "没有点号的请求"}) {
    Program server({});
    Connection client = connect(server.port());
    act({"a request without a dot and a good one arrive together",
         "一个没有点号的请求和一个正常的请求一起到来"});
    client.send(netstring("cummingsify") + request("TWO"));
    expect_equal(replies, client.receive_all(), std::string());
}
