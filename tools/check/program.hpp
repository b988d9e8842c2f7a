// The learner's program as a process, and the sockets through which the check talks to it.
// Everything here waits for an event and fails if it does not happen: see wait_until.
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

/// Waits until `happened()` is true. Gives up and returns false if the programs that run beside the
/// check were asleep at a hundred looks, or if one has used five seconds of processor time.
/// (Seconds on the clock prove nothing: the machine may be busy.)
bool wait_until(const std::function<bool()>& happened);

/// Whether all programs that were started have ended.
bool have_all_ended();

/// The state and the output of these programs, for a message. Does not wait.
std::string what_they_say();

/// One end of a connection between the check and the program.
class Connection {
  public:
    explicit Connection(twist::FileDescriptor socket) : socket_(std::move(socket)) {}

    void send(const std::string& data);
    std::string receive();     ///< some bytes; "" when the other side has finished sending
    std::string receive_all(); ///< everything until the other side has finished
    bool ended();              ///< waits for the other side to close; false if it does not
    void finish();             ///< closes cleanly, after the other side has received everything
    void reset();              ///< resets the connection, after everything has arrived

    /// Sends some bytes unless the other side has closed; returns whether it sent them.
    bool offer(const std::string& data);

  private:
    twist::FileDescriptor socket_;
};

/// A listening socket of the check.
class Listener {
  public:
    Listener();
    std::string port() const;
    Connection accept();     ///< the program's next connection; fails if the program has ended
    bool is_waiting() const; ///< whether a connection waits to be accepted; does not wait

  private:
    twist::FileDescriptor socket_;
};

/// A connection to the learner's server.
Connection connect(const std::string& port);

struct Ending {
    std::string out, err;
    int status; ///< a shell's status: 128 + N for signal N
};

/// The learner's program, which runs beside the check.
class Program {
  public:
    explicit Program(const std::vector<std::string>& arguments);
    ~Program(); ///< ends it
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Waits until it has printed `text` (on stdout or stderr); returns the rest of that line.
    std::string wait_for(const std::string& text);

    /// Waits for its end.
    Ending wait();

    void signal(int number) const;

    // In between the program is stopped; what is sent to it waits until it resumes.
    void pause() const;
    void resume() const;

    const std::string& out() const { return out_; }

    /// Its state and its output, for a message: "[status 1] \"oops\"". Does not wait.
    std::string so_far();

    pid_t pid() const { return pid_; }

    /// The number of its threads.
    int threads() const;

    /// Waits for the line in which a server reports its port: "Serving … on HOST:PORT." or "… on
    /// port PORT.". Returns the port.
    std::string port();

    /// Waits until the program waits for something; false if it spins instead.
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

/// Whether a line of a program's output names this port and says that the connection was refused,
/// in any words: "… 127.0.0.1:10001: 111: Connection refused.", "ECONNREFUSED 127.0.0.1:10001". If
/// `words` are given ("Task 1: "), the same line must contain them.
bool tells_of_refusal(const std::string& printed, const std::string& port,
                      const std::string& words = "");

/// The same for a connection that was reset.
bool tells_of_reset(const std::string& printed, const std::string& port,
                    const std::string& words = "");

/// A file with these bytes that exists as long as this object.
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
