// The proxy as a daemon: the check starts it, reads its pid file and its log, acts as its server
// and its client, and stops it with SIGTERM.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "tools/check/check.hpp"
#include "tools/check/program.hpp"

using namespace check;

namespace {

constexpr int limit = 5000; // milliseconds

using Path = std::filesystem::path;

const Path home = [] { // for the pid files and logs
    std::string path = std::filesystem::temp_directory_path() / "check-daemon-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
        fail({"The check could not make a directory.", "检查程序无法建立目录。"}, path);
    return path;
}();

// A daemon leaves the check's session, and would stay if the check failed. So the check runs in a
// child, and its parent ends all processes left behind: the nearest subreaper inherits them.
[[noreturn]] void keep(pid_t check) {
    int status = 0;
    while (::waitpid(check, &status, 0) == -1 && errno == EINTR) {
    }
    do {
        std::ifstream left("/proc/thread-self/children");
        for (pid_t pid = 0; left >> pid;)
            ::kill(pid, SIGKILL);
    } while (::wait(nullptr) != -1);
    std::error_code ignored;
    std::filesystem::remove_all(home, ignored);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

[[maybe_unused]] const bool is_kept = [] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (const pid_t child = ::fork(); child > 0)
        keep(child);
    return ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0; // the daemons are the check's own children now
}();

// An empty directory for the program.
Path new_directory() {
    static int number = 0;
    const Path path = home / std::to_string(++number);
    std::filesystem::create_directory(path);
    return path;
}

std::string read(const Path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Starts the program and waits until the command ends.
Ending start(const Path& directory, const Listener& server, const std::string& port = "0") {
    Program command({"--port", port, "--pidfile", directory / "proxy.pid", "--logfile",
                     directory / "proxy.log", server.port()});
    return command.wait();
}

// The number in the pid file; it must belong to a daemon that the check has started.
pid_t number_in(const Path& file) {
    expect(std::filesystem::exists(file),
           {"The command has ended, but there is no pid file.", "命令已经结束，却没有 pid 文件。"});
    const std::string text = read(file);
    const pid_t number = std::atoi(text.c_str());
    siginfo_t ended{};
    const int found =
        ::waitid(P_PID, static_cast<id_t>(number), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (found == -1 || ended.si_pid != 0)
        fail({"The pid file does not contain the number of a running process.",
              "pid 文件里不是一个正在运行的进程的进程号。"},
             show(text));
    expect(::getsid(number) != ::getsid(0),
           {"The proxy is still in the session of the process that started it.",
            "代理仍然在启动者的会话里。"});
    return number;
}

// The port in the log's line "Proxying … on HOST:PORT."
std::string port_in(const Path& file) {
    const std::string log = read(file);
    const std::size_t begin = log.find("Proxying ");
    if (begin == std::string::npos)
        fail({"The command has ended, but the log does not say where the proxy serves.",
              "命令已经结束，日志却没有说明代理在哪里提供服务。"},
             show(log));
    const std::string line = log.substr(begin, log.find('\n', begin) - begin);
    const std::size_t last = line.find_last_of("0123456789");
    const std::size_t before = line.find_last_not_of("0123456789", last);
    return line.substr(before + 1, last - before);
}

// The proxy serves the poem of `server`; this shows that its loop runs.
void expect_poem(const Path& log, Listener& server) {
    const std::string poem = "Tyger, tyger, burning bright\n";
    act({"get the poem", "取诗"});
    Connection client = connect(port_in(log));
    Connection request = server.accept();
    request.send(poem);
    request.finish();
    expect_equal({"the poem", "诗"}, client.receive_all(), poem);
}

// Stops it with SIGTERM. Returns its exit status.
int end(pid_t daemon) {
    ::kill(daemon, SIGTERM);
    int status = 0;
    for (int tries = limit; ::waitpid(daemon, &status, WNOHANG) <= 0; --tries) {
        expect(tries > 0, {"SIGTERM does not end the proxy.", "SIGTERM 没有使代理结束。"});
        ::poll(nullptr, 0, 1);
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

const Text exit_status{"the exit status", "退出状态"};

} // namespace

CHECK(Text{"the port is in use", "端口被占用"}) {
    const Path directory = new_directory();
    const Listener taken, server;
    act({"start it on a port that is in use", "在被占用的端口上启动它"});
    const Ending ending = start(directory, server, taken.port());
    expect_equal(exit_status, ending.status, 1);
    expect(!ending.err.empty(), {"It does not say on stderr why it cannot start.",
                                 "它没有在 stderr 上说明为什么不启动。"});
    expect(!std::filesystem::exists(directory / "proxy.pid"),
           {"The start failed, but a pid file is left behind.", "启动失败了，却留下了 pid 文件。"});
}

CHECK(Text{"start, and stop with SIGTERM", "启动，然后用 SIGTERM 结束"}) {
    const Path directory = new_directory();
    Listener server;
    act({"start it; the command should end, and the proxy should keep running",
         "启动它；命令应当结束，代理应当继续运行"});
    expect_equal(exit_status, start(directory, server).status, 0);
    const pid_t daemon = number_in(directory / "proxy.pid");
    expect_poem(directory / "proxy.log", server);
    act({"stop it with SIGTERM", "用 SIGTERM 结束它"});
    expect_equal(exit_status, end(daemon), 0);
    expect(!std::filesystem::exists(directory / "proxy.pid"),
           {"The proxy has ended, but its pid file is still there.",
            "代理已经结束，它的 pid 文件还在。"});
}

CHECK(Text{"a second proxy with the same pid file", "用同一个 pid 文件启动第二个"}) {
    const Path directory = new_directory();
    Listener server;
    act({"start it", "启动它"});
    expect_equal(exit_status, start(directory, server).status, 0);
    const pid_t daemon = number_in(directory / "proxy.pid");
    act({"start it again", "再启动一次"});
    expect_equal(exit_status, start(directory, server).status, 1);
    expect_equal({"the number in the pid file", "pid 文件里的进程号"},
                 number_in(directory / "proxy.pid"), daemon);
    expect_poem(directory / "proxy.log", server);
    act({"stop the first one with SIGTERM", "用 SIGTERM 结束第一个"});
    expect_equal(exit_status, end(daemon), 0);
}

CHECK(Text{"relative paths", "相对路径"}) {
    const Path directory = new_directory();
    Listener server;
    std::filesystem::current_path(directory.parent_path());
    act({"start it with relative paths for the pid file and the log",
         "用相对路径的 pid 文件和日志启动它"});
    expect_equal({"the exit status with relative paths", "使用相对路径时的退出状态"},
                 start(directory.filename(), server).status, 0);
    const pid_t daemon = number_in(directory / "proxy.pid");
    expect_poem(directory / "proxy.log", server);
    act({"stop it with SIGTERM", "用 SIGTERM 结束它"});
    expect_equal(exit_status, end(daemon), 0);
}
