// A character in two pieces: the check cuts poems at every place.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/check/check.hpp"
#include "twist/net/protocol.hpp"

using namespace check;

using Finished = std::function<void(std::optional<std::string> poem)>;

std::unique_ptr<twist::Protocol> poetry_protocol(const Finished& finished);

namespace {

const Text the_poem{"the poem", "诗"};

// The poem that a protocol makes of these pieces.
std::string poem_of(const std::vector<std::string>& pieces,
                    const twist::Failure& reason = twist::connection_done()) {
    std::string all;
    const auto protocol = poetry_protocol(
        [&](const std::optional<std::string>& poem) { all += poem ? *poem : "(nothing)"; });
    for (const std::string& piece : pieces)
        protocol->data_received(piece);
    protocol->connection_lost(reason);
    return all;
}

// Tries the poem in two pieces, cut at every place, and byte by byte.
void expect_whole(const std::string& poem, const std::string& expected) {
    for (std::size_t cut = 1; cut < poem.size(); ++cut) {
        act({"the poem is cut after byte " + std::to_string(cut),
             "诗在第 " + std::to_string(cut) + " 个字节之后被切开"});
        expect_equal(the_poem, poem_of({poem.substr(0, cut), poem.substr(cut)}), expected);
    }
    act({"the poem comes byte by byte", "诗一个字节一个字节地到来"});
    std::vector<std::string> bytes;
    for (const char byte : poem)
        bytes.emplace_back(1, byte);
    expect_equal(the_poem, poem_of(bytes), expected);
}

} // namespace

CHECK(Text{"plain letters", "普通字母"}) {
    expect_whole("To Science", "To Science");
}

CHECK(Text{"characters of two, three and four bytes", "两字节、三字节、四字节的字符"}) {
    expect_whole("Già", "Già");
    expect_whole("床前明月光", "床前明月光");
    expect_whole("a 🌙 è 诗", "a 🌙 è 诗");
}

CHECK(Text{"invalid UTF-8", "不是 UTF-8 的内容"}) {
    expect_whole("a\xff z", "a? z");
    expect_whole("caf\xe9 noir", "caf? noir");
    expect_whole("\xe6\x9c", "??");
    expect_whole("the end\xc3", "the end?");
    expect_whole("\x9c\xe6\xe6\x9c\x88", "??月");
    expect_whole("\xf0\x9f\x8c, è", "???, è");
}

CHECK(Text{"a poem that is cut by a reset", "被重置中断的诗"}) {
    act({"a part comes, then a reset", "来了一部分，然后是重置"});
    expect_equal(the_poem, poem_of({"Gi"}, twist::Failure(twist::ConnectionLost())),
                 std::string("(nothing)"));
}

CHECK(Text{"two poems at the same time", "两首诗同时到来"}) {
    std::string first_poem, second_poem;
    const auto first = poetry_protocol(
        [&](const std::optional<std::string>& poem) { first_poem = poem.value_or("(nothing)"); });
    const auto second = poetry_protocol(
        [&](const std::optional<std::string>& poem) { second_poem = poem.value_or("(nothing)"); });
    act({"the first one gets half a character, then the second one a whole poem",
         "第一个得到半个字符，然后第二个得到一整首诗"});
    first->data_received("Gi\xc3");
    second->data_received("To Science");
    second->connection_lost(twist::connection_done());
    act({"the first one gets the rest", "第一个得到其余部分"});
    first->data_received("\xa0");
    first->connection_lost(twist::connection_done());
    expect_equal({"the second poem", "第二首诗"}, second_poem, std::string("To Science"));
    expect_equal({"the first poem", "第一首诗"}, first_poem, std::string("Già"));
}
