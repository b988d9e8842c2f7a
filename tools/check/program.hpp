// The learner's program, as a process, and the sockets by which the check talks to it. Everything
// waits for what must happen, and fails where it does not: see wait_until.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <poll.h>
#include <string>
#include <sys/types.h>
#include <vector>

#include "twist/base/file_descriptor.hpp"

namespace check {

/// Waits until something has happened. False if the programs that run beside the check have had
/// their chance: they were found asleep at a hundred looks, or one has used five seconds of the
/// processor's time. (Seconds on the clock say nothing of them: the machine may be busy.)
bool wait_until(const std::function<bool()>& happened);

/// Whether all programs that were started have ended. Nothing comes from them any more.
bool have_all_ended();

/// Which of them still run, and what they have printed, to be shown. Does not wait.
std::string what_they_say();

/// One end of a connection between the check and the program.
class Connection {
  public:
    explicit Connection(twist::FileDescriptor socket) : socket_(std::move(socket)) {}

    void send(const std::string& data);
    std::string receive();     ///< some bytes; "" at the end of what the other side sends
    std::string receive_all(); ///< everything up to that end
    bool ended();              ///< whether the other side closes: waits for that
    void finish();             ///< closes in good order: the other side has it all
    void reset();              ///< ends it with a reset, once all has arrived on the other side

    /// Sends some bytes, if the other side has not closed yet; says whether it had not.
    bool offer(const std::string& data);

  private:
    twist::FileDescriptor socket_;
};

/// A listening socket of the check's.
class Listener {
  public:
    Listener();
    std::string port() const;
    Connection accept();     ///< the next connection of the program; fails if that has ended
    bool is_waiting() const; ///< whether one has come that was not accepted; does not wait

  private:
    twist::FileDescriptor socket_;
};

/// A connection to a server that the program is.
Connection connect(const std::string& port);

struct Ending {
    std::string out, err;
    int status; ///< as a shell says it: 128 + N for signal N
};

/// The learner's program, which runs beside the check.
class Program {
  public:
    explicit Program(const std::vector<std::string>& arguments);
    ~Program(); ///< ends it
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Waits until it has printed `text` (stdout or stderr). Gives what follows up to the end of
    /// that line.
    std::string wait_for(const std::string& text);

    /// Waits for its end.
    Ending wait();

    void signal(int number) const;

    // Between the two it does nothing; what is sent to it meanwhile is there when it goes on.
    void pause() const;
    void resume() const;

    const std::string& out() const { return out_; }

    /// Whether it still runs, and what it has printed, to be shown: "[status 1] \"oops\"". Does not
    /// wait.
    std::string so_far();

    pid_t pid() const { return pid_; }

    /// How many threads it has.
    int threads() const;

    /// Waits for the line by which a server says where it listens: "Serving … on HOST:PORT." or
    /// "… on port PORT.". Gives the port.
    std::string port();

    /// Whether it comes to wait for something. One that turns and turns is never found waiting.
    bool is_idle() const;

  private:
    std::array<pollfd, 2> pipes() const;
    bool read_some();
    bool read_from(const std::array<pollfd, 2>& watched);
    void has_ended();

    pid_t pid_ = -1;
    bool ended_ = false;
    twist::FileDescriptor out_pipe_, err_pipe_;
    std::string out_, err_;
};

/// Whether a line of what a program printed names this port, and says that nobody listens there, in
/// whatever words: "… 127.0.0.1:10001: 111: Connection refused.", "ECONNREFUSED 127.0.0.1:10001".
/// If `words` are given ("Task 1: "), they must stand in that line, too.
bool tells_of_refusal(const std::string& printed, const std::string& port,
                      const std::string& words = "");

/// The same of a connection that was reset.
bool tells_of_reset(const std::string& printed, const std::string& port,
                    const std::string& words = "");

/// A file with these bytes, as long as this lives.
class File {
  public:
    explicit File(const std::string& bytes);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

} // namespace check
