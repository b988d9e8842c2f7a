// Several poems on several ports.
#include <csignal>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

// The port in the line "Serving FILE on HOST:PORT."
std::string port_of(Program& server, const File& file) {
    const std::string where = server.wait_for("Serving " + file.path() + " on ");
    const std::size_t colon = where.rfind(':');
    return where.substr(colon + 1, where.rfind('.') - colon - 1);
}

// The files named in the lines "Serving FILE on ADDRESS."
std::vector<std::string> files_in(const std::string& printed) {
    std::vector<std::string> files;
    std::istringstream lines(printed);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("Serving "))
            files.push_back(line.substr(8, line.rfind(" on ") - 8));
    return files;
}

} // namespace

CHECK(Text{"three poems", "三首诗"}) {
    const File first("the first poem"), second("the second poem"), third("the third poem");
    act({"start it with three files", "用三个文件启动它"});
    Program server({first.path(), second.path(), third.path()});
    const std::string one = port_of(server, first), two = port_of(server, second),
                      three = port_of(server, third);
    act({"a client connects to each port", "每个端口各有一个客户端连接"});
    Connection a = connect(one), b = connect(two), c = connect(three);
    expect_equal({"the poem on the third port", "第三个端口上的诗"}, c.receive_all(),
                 std::string("the third poem"));
    expect_equal({"the poem on the second port", "第二个端口上的诗"}, b.receive_all(),
                 std::string("the second poem"));
    expect_equal({"the poem on the first port", "第一个端口上的诗"}, a.receive_all(),
                 std::string("the first poem"));
}

CHECK(Text{"the second file can't be read", "第二个文件读不出来"}) {
    const File file("a poem");
    act({"start it with a file and a directory", "用一个文件和一个目录启动它"});
    Program server({file.path(), "/"});
    const Ending ending = server.wait();
    expect_equal({"the exit status", "退出状态"}, ending.status, 1);
    expect(ending.out.find("Serving") == std::string::npos,
           {"It says that it serves a poem, and then it ends.", "它说在提供诗，却结束了。"});
    expect(!(ending.out + ending.err).empty(),
           {"It does not say why it cannot serve.", "它没有说明为什么不提供诗。"});
}

CHECK(Text{"one file twice, and names in no order", "一个文件出现两次，次序也不是名字的次序"}) {
    const File one("a poem"), another("another poem");
    std::string first = one.path(), second = another.path();
    if (first < second)
        std::swap(first, second);
    act({"start it with two files, and the first one again", "用两个文件启动它，第一个再写一遍"});
    Program server({first, second, first});
    server.wait_for("Serving ");
    expect(server.is_idle(),
           {"It keeps looping while no client is connected.", "没有人的时候，它在空转。"});
    act({"stop the server", "结束服务器"});
    server.signal(SIGKILL);
    expect_equal({"the list of files in its messages", "它说在提供的文件"},
                 files_in(server.wait().out), std::vector<std::string>{first, second, first});
}
