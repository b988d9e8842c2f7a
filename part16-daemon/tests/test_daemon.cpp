// The pid file, and the parts of a daemon that need no second process. test_daemon.py has the rest.
#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

#include "application/daemon.hpp"
#include "application/pid_file.hpp"
#include "common/tests/child.hpp"
#include "common/tests/scratch.hpp"
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

const std::string our_pid = std::to_string(::getpid());

std::string refusal(const std::string& path) {
    try {
        const PidFile file(path);
        return "none";
    } catch (const Exception& error) {
        return error.what();
    }
}

bool is_open(int fd) {
    return ::access(("/proc/self/fd/" + std::to_string(fd)).c_str(), F_OK) == 0;
}

} // namespace

TEST_CASE("a pid file holds the number of the process, and is removed with it") {
    const Scratch scratch;
    {
        const PidFile file(scratch.path("pid"));
        CHECK(scratch.read("pid") == our_pid + "\n");
    }
    CHECK_FALSE(scratch.has("pid"));
}

TEST_CASE("a second process is refused while the first runs, and changes nothing") {
    const Scratch scratch;
    const PidFile file(scratch.path("pid"));
    CHECK(refusal(scratch.path("pid")) == "Another server is running, PID " + our_pid + ".");
    CHECK_THROWS_AS(PidFile(scratch.path("pid")), AlreadyRunningError);
    CHECK(scratch.read("pid") == our_pid + "\n");
    scratch.write("pid", "");
    CHECK(refusal(scratch.path("pid")) == "Another server is running, PID not written yet.");
}

TEST_CASE("a stale pid file is replaced, whatever its number") {
    const Scratch scratch;
    for (const std::string old : {"99999999", "1", "", "12345\n"}) {
        CAPTURE(old);
        scratch.write("pid", old);
        const PidFile file(scratch.path("pid"));
        CHECK(scratch.read("pid") == our_pid + "\n");
    }
}

TEST_CASE("a file with other contents is left alone") {
    const Scratch scratch;
    scratch.write("poem", "Tyger, tyger");
    CHECK(refusal(scratch.path("poem")) ==
          "Not a pid file, so it is left alone: " + scratch.path("poem"));
    CHECK(scratch.read("poem") == "Tyger, tyger");
    scratch.write("poem", "12345678901234567890");
    CHECK(refusal(scratch.path("poem")) == "none");
    std::filesystem::create_symlink("nowhere", scratch.path("link"));
    CHECK(refusal(scratch.path("link")).ends_with("Too many levels of symbolic links."));
    CHECK(refusal("/nowhere/pid") ==
          "Can't make the pid file /nowhere/pid: 2: No such file or directory.");
}

TEST_CASE("a pid file must be a regular file") {
    const Scratch scratch;
    REQUIRE(::mkfifo(scratch.path("fifo").c_str(), 0600) == 0);
    for (const std::string& path : {scratch.path("fifo"), std::string("/dev/null")})
        CHECK(refusal(path) == "Not a pid file, so it is left alone: " + path);
    CHECK(scratch.has("fifo"));
    CHECK(refusal(scratch.path(".")) ==
          "Can't make the pid file " + scratch.path(".") + ": 21: Is a directory.");
}

TEST_CASE("only our own pid file is removed") {
    const Scratch scratch;
    {
        const PidFile file(scratch.path("pid"));
        std::filesystem::rename(scratch.path("pid"), scratch.path("moved"));
        scratch.write("pid", "4711\n");
    }
    CHECK(scratch.read("pid") == "4711\n");
    {
        const PidFile file(scratch.path("other"));
        std::filesystem::remove(scratch.path("other"));
    }
    CHECK_FALSE(scratch.has("other"));
}

TEST_CASE("the process that waits for a daemon that fails ends after it, so after its last word") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    const FileDescriptor reading(ends[0]), writing(ends[1]);
    const int status = in_a_child([&] {
        { const Daemon daemon; }           // as when an exception destroys it
        std::this_thread::sleep_for(50ms); // so that one that does not wait is found out
        return ::write(writing.get(), "!", 1) == 1 ? 0 : 1;
    });
    CHECK(status == 1);
    char word = 0;
    CHECK(::read(reading.get(), &word, 1) == 1);
}

TEST_CASE("inherited_socket: nothing, unless the variables mean this process") {
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    CHECK_FALSE(inherited_socket().has_value());
    for (const std::string pid : {"1", "", "x"}) {
        CAPTURE(pid);
        ::setenv("LISTEN_PID", pid.c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
        CHECK_FALSE(inherited_socket().has_value());
        CHECK(std::getenv("LISTEN_PID") == nullptr);
        CHECK(std::getenv("LISTEN_FDS") == nullptr);
    }
}

TEST_CASE("inherited_socket: several, or none, for this process are an error") {
    for (const std::string count : {"2", "0", "", "x"}) {
        CAPTURE(count);
        ::setenv("LISTEN_PID", our_pid.c_str(), 1);
        ::setenv("LISTEN_FDS", count.c_str(), 1);
        CHECK_THROWS_AS(inherited_socket(), Exception);
        CHECK(std::getenv("LISTEN_PID") == nullptr);
    }
}

TEST_CASE("inherited_socket: it is descriptor 3, and the caller owns it") {
    const bool is_free = !is_open(3);
    if (is_free)
        REQUIRE(::dup2(0, 3) == 3);
    else
        MESSAGE("descriptor 3 is in use here");
    ::setenv("LISTEN_PID", our_pid.c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    if (is_free) {
        const auto socket = inherited_socket();
        REQUIRE(socket.has_value());
        CHECK(socket->get() == 3);
    }
    CHECK(is_open(3) == !is_free);
}

TEST_CASE("shed_privileges: refuses an unknown user, and root") {
    CHECK_THROWS_WITH_AS(shed_privileges("no-such-user"), "There is no user no-such-user here.",
                         Exception);
    CHECK_THROWS_AS(shed_privileges("root"), Exception); // for whatever reason
}
