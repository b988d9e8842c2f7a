// What makes a process a daemon: it leaves its terminal, it is somebody with few rights, and it may
// be given the socket on which it serves. Stands for what twistd does before it starts a service.
#pragma once

#include <optional>
#include <string>

#include "twist/base/file_descriptor.hpp"

namespace twist {

/// This process as a daemon: without a terminal, in a session of its own, its parent the system.
class Daemon {
  public:
    /// Forks twice and returns in the grandchild; its directory is / and its umask 022. The process
    /// that called waits and never returns: it ends with status 0 as soon as the daemon has
    /// started(), and with status 1 if the daemon ends before that. Until then the daemon still
    /// has the stderr of who called, and can say what is wrong. Throws SystemError. Only for a
    /// process that has one thread.
    Daemon();

    /// The daemon runs: stdout and stderr are `log` from now on, and the process that waits ends.
    /// Throws SystemError if that one was ended meanwhile (Ctrl-C): the daemon is not wanted.
    void started(int log);

  private:
    int tell_; // closed by started(), or by the kernel when the daemon has said its last words
};

/// stdin is /dev/null; stdout and stderr go where `out` goes. Throws SystemError.
void redirect_standard_streams(int out);

/// Root becomes `user` for good: the groups first, then the group, and the user last, since that
/// step takes away the right to the others. Then it tries the way back. Throws SystemError where a
/// step fails, Exception if there is no such user or if the way back is open (as for "root").
/// (shedPrivileges)
void shed_privileges(const std::string& user);

/// The listening socket that systemd has opened for this process (LISTEN_PID, LISTEN_FDS, and then
/// it is descriptor 3); nothing if there is none. The two variables are removed, so that nobody
/// else takes it. Throws Exception if there are several.
std::optional<FileDescriptor> inherited_socket();

} // namespace twist
