// poll(2) instead of select(2): three servers; and once, a thousand descriptors are open.
#include <algorithm>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"
#include "twist/base/file_descriptor.hpp"

using namespace check;

namespace {

const Text poems_got{"the number of poems that it reports", "它说自己得到的诗的数目"};
const Text exit_status{"the exit status", "退出状态"};

std::string poems(const Ending& ending) {
    const std::size_t got = ending.out.rfind("Got ");
    return got == std::string::npos ? ending.err : ending.out.substr(got, 11);
}

// Descriptors that the program inherits, so that its own have numbers above 1023.
std::vector<twist::FileDescriptor> a_thousand_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 2048));
    ::setrlimit(RLIMIT_NOFILE, &limit);
    std::vector<twist::FileDescriptor> all;
    do
        all.emplace_back(::open("/dev/null", O_RDONLY)); // not O_CLOEXEC
    while (all.back() && all.back().get() < 1023);
    for (int fd = 0; fd <= 1023; ++fd)
        ::fcntl(fd, F_SETFD, 0); // and neither are the check's own
    return all;
}

} // namespace

CHECK(Text{"three servers take turns", "三个服务器轮流发送"}) {
    Listener first, second, third;
    act({"start it with three servers", "用三个服务器启动它"});
    Program program({first.port(), second.port(), third.port()});
    Connection one = first.accept(), two = second.accept(), three = third.accept();
    act({"the third one sends 5 bytes", "第三个发送 5 个字节"});
    three.send("Once ");
    program.wait_for("Task 3: got 5 bytes of poetry");
    act({"the first one sends 4 bytes", "第一个发送 4 个字节"});
    one.send("upon");
    program.wait_for("Task 1: got 4 bytes of poetry");
    act({"the first one closes", "第一个关闭连接"});
    one.finish();
    program.wait_for("Task 1 finished");
    act({"nobody sends anything for a while", "一段时间内谁都不发送"});
    expect(program.is_idle(), {"It spins while nothing arrives.", "没有东西到来时，它在空转。"});
    act({"the second one sends 6 bytes", "第二个发送 6 个字节"});
    two.send(" a mid");
    program.wait_for("Task 2: got 6 bytes of poetry");
    act({"the second and the third close", "第二个和第三个关闭连接"});
    two.finish();
    three.finish();
    const Ending ending = program.wait();
    expect(ending.out.find("Task 3: 5 bytes of poetry\n") != std::string::npos,
           {"At the end, it no longer says how long each poem is.",
            "它最后没有像原来那样说出每首诗有多长。"});
    expect_equal(poems_got, poems(ending), std::string("Got 3 poems"));
    expect_equal(exit_status, ending.status, 0);
}

CHECK(Text{"one of two is reset", "两个中有一个被重置"}) {
    Listener first, second;
    act({"start it with two servers", "用两个服务器启动它"});
    Program program({first.port(), second.port()});
    Connection one = first.accept(), two = second.accept();
    act({"the first one resets the connection", "第一个重置连接"});
    one.reset();
    program.wait_for("Incomplete poem from");
    act({"the second one sends a poem, and closes", "第二个发送一首诗，然后关闭"});
    two.send("a poem");
    two.finish();
    const Ending ending = program.wait();
    expect_equal(poems_got, poems(ending), std::string("Got 1 poems"));
    expect_equal(exit_status, ending.status, 1);
}

CHECK(Text{"the sockets have numbers above 1023", "套接字的编号大于 1023"}) {
    Listener server;
    const std::vector<twist::FileDescriptor> open = a_thousand_descriptors();
    if (!open.back())
        return; // this machine does not allow that many
    act({"start it with all numbers up to 1023 taken", "在 1023 以下的编号都被占用时启动它"});
    Program program({server.port()});
    act({"the server sends a poem, and closes", "服务器发送一首诗，然后关闭"});
    Connection client = server.accept();
    client.send("a poem");
    client.finish();
    expect_equal(poems_got, poems(program.wait()), std::string("Got 1 poems"));
}
