#include "application/daemon.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <iostream>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "twist/base/error.hpp"

namespace twist {

namespace {

constexpr int first_inherited = 3; // SD_LISTEN_FDS_START

// Opens any of the three that are closed; otherwise the next open would get their numbers.
void open_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(fd, F_GETFD) == -1 && ::open("/dev/null", O_RDWR) != fd)
            throw_last_error("Can't open the standard streams");
}

pid_t fork_or_throw() {
    const pid_t child = ::fork();
    if (child == -1)
        throw_last_error("Can't make a process for the daemon");
    return child;
}

// Waits until the daemon has written, or has ended. The pipe closes with its last process.
[[noreturn]] void wait_for_daemon(const FileDescriptor& pipe) {
    char word = 0;
    ssize_t size = 0;
    while ((size = ::read(pipe.get(), &word, 1)) == -1 && errno == EINTR) {
    }
    ::_exit(size == 1 ? 0 : 1);
}

} // namespace

// The first child calls setsid, which the leader of a process group must not do. It leads the new
// session, and a session leader could still acquire a terminal by opening one. Its child can't.
Daemon::Daemon() {
    open_standard_streams();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) == -1)
        throw_last_error("Can't make the daemon's pipe");
    FileDescriptor wait(ends[0]);
    caller_ = ends[1];

    std::cout << std::flush; // else each process would write the rest of the buffer
    std::fflush(nullptr);
    if (const pid_t child = fork_or_throw(); child != 0) {
        ::close(caller_);
        ::waitpid(child, nullptr, 0);
        wait_for_daemon(wait);
    }
    wait.close();
    ::setsid();
    if (fork_or_throw() != 0)
        ::_exit(0);
    ::umask(022);
    if (::chdir("/") == -1)
        throw_last_error("Can't go to the directory /");
}

void Daemon::started(int log) {
    redirect_standard_streams(log);
    std::signal(SIGPIPE, SIG_IGN);
    if (::write(caller_, "!", 1) != 1)
        throw_last_error("The process that started the daemon has ended");
    ::close(caller_);
}

void redirect_standard_streams(int out) {
    const FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null || ::dup2(null.get(), STDIN_FILENO) == -1 || ::dup2(out, STDOUT_FILENO) == -1 ||
        ::dup2(out, STDERR_FILENO) == -1)
        throw_last_error("Can't redirect the standard streams");
}

void shed_privileges(const std::string& user) {
    errno = 0;
    const passwd* const entry = ::getpwnam(user.c_str());
    if (entry == nullptr && errno != 0)
        throw_last_error("Can't look up the user " + user);
    if (entry == nullptr)
        throw Exception("There is no user " + user + " here.");
    const uid_t uid = entry->pw_uid;
    const gid_t gid = entry->pw_gid;
    if (::initgroups(user.c_str(), gid) == -1 || ::setresgid(gid, gid, gid) == -1 ||
        ::setresuid(uid, uid, uid) == -1)
        throw_last_error("Can't become the user " + user);
    if (::setuid(0) != -1 || ::setgid(0) != -1)
        throw Exception("As the user " + user + " the program would still be root.");
}

std::optional<FileDescriptor> inherited_socket() {
    const auto take = [](const char* name) {
        const char* const value = std::getenv(name);
        std::string text = value == nullptr ? "" : value;
        ::unsetenv(name);
        return text;
    };
    const std::string pid = take("LISTEN_PID");
    const std::string count = take("LISTEN_FDS");
    if (pid != std::to_string(::getpid()))
        return {};
    if (count != "1")
        throw Exception("This program can serve on one socket, but LISTEN_FDS=" + count + ".");
    return FileDescriptor(first_inherited);
}

} // namespace twist
