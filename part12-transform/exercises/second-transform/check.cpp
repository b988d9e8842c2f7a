// A second transform: one request per connection, as netstrings.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

std::string netstring(const std::string& text) {
    return std::to_string(text.size()) + ":" + text + ",";
}

// Asks for a transform of a poem; returns the whole reply.
std::string ask(Program& server, const std::string& name, const std::string& poem) {
    act({"a client asks for " + name + " of " + show(poem),
         "客户端请求对 " + show(poem) + " 做 " + name});
    Connection client = connect(server.port());
    client.send(netstring(name + "." + poem));
    return client.receive_all();
}

const Text reply{"the reply", "应答"};

} // namespace

CHECK(Text{"lines in reverse order", "各行倒序"}) {
    Program server({});
    expect_equal(reply, ask(server, "backwards", "one\ntwo\nthree\n"),
                 netstring("three\ntwo\none\n"));
    expect_equal(reply, ask(server, "backwards", "one line\n"), netstring("one line\n"));
    expect_equal(reply, ask(server, "backwards", "not. reversed\n"), netstring("not. reversed\n"));
}

CHECK(Text{"empty lines, and no newline at the end", "空行，以及末尾没有换行"}) {
    Program server({});
    expect_equal(reply, ask(server, "backwards", "one\n\nthree\n\n"),
                 netstring("\nthree\n\none\n"));
    expect_equal(reply, ask(server, "backwards", "\none\n"), netstring("one\n\n"));
    expect_equal(reply, ask(server, "backwards", "one\ntwo"), netstring("two\none\n"));
    expect_equal(reply, ask(server, "backwards", "\n"), netstring("\n"));
    expect_equal(reply, ask(server, "backwards", ""), netstring(""));
}

CHECK(Text{"the existing features", "原有的功能"}) {
    Program server({});
    expect_equal(reply, ask(server, "cummingsify", "ONE\nTWO\n"), netstring("one\ntwo\n"));
    expect_equal({"the reply to an unknown transform", "未知转换得到的内容"},
                 ask(server, "shout", "one\n"), std::string());
}
