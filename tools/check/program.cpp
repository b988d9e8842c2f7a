#include "tools/check/program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/check/check.hpp"

extern char** environ;

namespace check {

namespace {

constexpr std::size_t most_output = 1'000'000;

// The programs that run beside the check.
std::vector<Program*>& running() {
    static std::vector<Program*> all;
    return all;
}

struct Look {
    bool asleep;    // all threads wait for something, or have ended
    bool ended;     // all threads have ended
    double seconds; // of processor time so far
};

Look look_at(pid_t pid) {
    Look seen{true, true, 0};
    std::error_code gone;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
        std::ifstream file(task.path() / "stat");
        std::string stat;
        std::getline(file, stat);
        std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
        std::string state, skipped;
        long user = 0, system = 0;
        fields >> state;
        for (int i = 0; i < 10; ++i)
            fields >> skipped;
        fields >> user >> system;
        const bool ended = state.empty() || state == "Z";
        seen.asleep = seen.asleep && (ended || state == "S");
        seen.ended = seen.ended && ended;
        seen.seconds +=
            static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    return seen;
}

// Decides whether to go on waiting; to be asked every 50 ms.
class Patience {
  public:
    Patience() {
        for (const Program* const program : running())
            at_first_.push_back(look_at(program->pid()).seconds);
    }

    bool is_over() {
        bool asleep = true, busy = false;
        for (std::size_t i = 0; i < running().size() && i < at_first_.size(); ++i) {
            const Look now = look_at(running()[i]->pid());
            asleep = asleep && now.asleep;
            busy = busy || now.seconds - at_first_[i] > 5;
        }
        quiet_looks_ += asleep ? 1 : 0;
        return busy || quiet_looks_ >= 100 || ++looks_ >= 4000; // the last for all other cases
    }

  private:
    std::vector<double> at_first_;
    int quiet_looks_ = 0;
    int looks_ = 0;
};

// Waits until one of them can be read; false if none can.
bool readable(std::array<pollfd, 2>& watched) {
    Patience patience;
    do {
        if (::poll(watched.data(), watched.size(), 50) > 0)
            return true;
    } while (!patience.is_over());
    return false;
}

} // namespace

bool wait_until(const std::function<bool()>& happened) {
    Patience patience;
    for (int milliseconds = 1; !happened(); ++milliseconds) {
        if (milliseconds % 50 == 0 && patience.is_over())
            return false;
        ::poll(nullptr, 0, 1);
    }
    return true;
}

bool have_all_ended() {
    return !running().empty() && std::all_of(running().begin(), running().end(),
                                             [](auto* each) { return look_at(each->pid()).ended; });
}

std::string what_they_say() {
    std::string all;
    for (Program* const program : std::vector(running())) // so_far() may change the list
        all += program->so_far();
    return all;
}

// Program -----------------------------------------------------------------------------------------

Program::Program(const std::vector<std::string>& arguments) {
    std::array<int, 2> out{}, err{};
    if (::pipe2(out.data(), O_CLOEXEC) == -1 || ::pipe2(err.data(), O_CLOEXEC) == -1)
        fail({"The check could not make a pipe.", "检查程序无法建立管道。"});
    out_pipe_ = twist::FileDescriptor(out[0]);
    err_pipe_ = twist::FileDescriptor(err[0]);
    const twist::FileDescriptor out_end(out[1]), err_end(err[1]);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    std::vector<char*> words{const_cast<char*>(program_path().c_str())};
    for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        fail({"The program could not be started.", "程序无法启动。"}, program_path());
    running().push_back(this);
}

Program::~Program() {
    if (ended_)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    has_ended();
}

void Program::has_ended() {
    ended_ = true;
    running().erase(std::find(running().begin(), running().end(), this));
}

std::array<pollfd, 2> Program::pipes() const {
    return {{{out_pipe_.get(), POLLIN, 0}, {err_pipe_.get(), POLLIN, 0}}};
}

// Reads some output, and waits for it if necessary; false if none arrives.
bool Program::read_some() {
    std::array<pollfd, 2> watched = pipes();
    return readable(watched) && read_from(watched);
}

// Reads from the pipes that poll() found readable; false if both have ended.
bool Program::read_from(const std::array<pollfd, 2>& watched) {
    for (const pollfd& each : watched) {
        if (each.revents == 0)
            continue;
        const bool is_out = each.fd == out_pipe_.get();
        std::array<char, 65536> buffer{};
        const ssize_t size = ::read(each.fd, buffer.data(), buffer.size());
        if (size > 0)
            (is_out ? out_ : err_).append(buffer.data(), static_cast<std::size_t>(size));
        else
            (is_out ? out_pipe_ : err_pipe_).close();
    }
    if (out_.size() + err_.size() > most_output)
        fail({"The program prints without end.", "程序没完没了地打印。"},
             show(err_.size() > out_.size() ? err_ : out_));
    return out_pipe_.get() >= 0 || err_pipe_.get() >= 0;
}

std::string Program::wait_for(const std::string& text) {
    while (true) {
        for (const std::string& all : {out_, err_}) {
            const std::size_t at = all.find(text);
            const std::size_t end = at == std::string::npos ? at : all.find('\n', at);
            if (end != std::string::npos)
                return all.substr(at + text.size(), end - at - text.size());
        }
        if (!read_some())
            fail({"The program does not print what it should.", "程序没有打印应该打印的内容。"},
                 show(out_ + err_), show(text));
    }
}

Ending Program::wait() {
    while (read_some()) {
    }
    if (out_pipe_.get() >= 0 || err_pipe_.get() >= 0)
        fail({"The program does not end.", "程序没有结束。"}, show(out_ + err_));
    int status = 0;
    ::waitpid(pid_, &status, 0);
    has_ended();
    return {out_, err_, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)};
}

std::string Program::so_far() {
    std::string state = "[still running]";
    if (look_at(pid_).ended) {
        state = "[status " + std::to_string(wait().status) + "]";
    } else {
        std::array<pollfd, 2> watched = pipes();
        if (::poll(watched.data(), watched.size(), 0) > 0)
            read_from(watched);
    }
    return state + ' ' +
           (out_.empty() && err_.empty() ? "it has printed nothing" : show(out_ + err_));
}

void Program::signal(int number) const {
    ::kill(pid_, number);
}

void Program::pause() const {
    signal(SIGSTOP);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
}

void Program::resume() const {
    signal(SIGCONT);
}

int Program::threads() const {
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid_) + "/task");
    return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

std::string Program::port() {
    const std::string where = wait_for("Serving ");
    const std::size_t last = where.find_last_of("0123456789");
    const std::size_t before = where.find_last_not_of("0123456789", last);
    return where.substr(before + 1, last - before);
}

// Asleep several times in a row: a program that only prints is also asleep now and then.
bool Program::is_idle() const {
    constexpr double busy = 2; // seconds of processor time
    const double before = look_at(pid_).seconds;
    int in_a_row = 0;
    return wait_until([&] {
               const Look now = look_at(pid_);
               in_a_row = now.asleep ? in_a_row + 1 : 0;
               return in_a_row == 10 || now.seconds - before > busy;
           }) &&
           in_a_row == 10;
}

// File --------------------------------------------------------------------------------------------

File::File(const std::string& bytes)
    : path_((std::filesystem::temp_directory_path() / "poem-XXXXXX").string()) {
    const twist::FileDescriptor file(::mkstemp(path_.data()));
    if (!file ||
        ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        fail({"The check could not write a file.", "检查程序无法写文件。"}, path_);
}

File::~File() {
    ::unlink(path_.c_str());
}

} // namespace check
