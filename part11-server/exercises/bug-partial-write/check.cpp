// Where is the rest of the poem? Sends two clients a poem that is too big for one send.
#include <string>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

std::string verses(int number) {
    std::string poem;
    for (int verse = 1; verse <= number; ++verse)
        poem += "This is the verse with the number " + std::to_string(verse) + ".\n";
    return poem;
}

// Reads to the end, or until there are too many bytes.
void expect_poem(Connection& client, const std::string& poem) {
    std::string got;
    for (std::string some = client.receive(); !some.empty(); some = client.receive()) {
        got += some;
        if (got.size() > poem.size())
            break;
    }
    expect_equal({"the number of bytes that arrived", "到达的字节数"}, got.size(), poem.size());
    expect(got == poem,
           {"All bytes have arrived, but they are not the poem.", "字节数对了，但不是那首诗。"});
}

} // namespace

CHECK(Text{"a short poem", "一首短诗"}) {
    const std::string poem = verses(2);
    const File file(poem);
    Program server({file.path()});
    act({"a client connects", "一个客户端连接"});
    Connection client = connect(server.port());
    expect_poem(client, poem);
}

CHECK(Text{"a poem of many megabytes", "一首许多兆字节的诗"}) {
    const std::string poem = verses(400'000);
    const File file(poem);
    Program server({file.path()});
    const std::string port = server.port();
    act({"a client connects and does not read yet", "一个客户端连接，但还不读"});
    Connection slow = connect(port);
    act({"a second client connects and reads to the end", "第二个客户端连接，并一直读到结束"});
    Connection quick = connect(port);
    expect_poem(quick, poem);
    act({"the first client reads to the end", "第一个客户端一直读到结束"});
    expect_poem(slow, poem);
}
