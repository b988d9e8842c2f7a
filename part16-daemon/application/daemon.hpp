// Makes a process a daemon: it leaves its terminal, it becomes a user with few rights, and it may
// get its listening socket from systemd. Does the work of twistd before a service starts.
#pragma once

#include <optional>
#include <string>

#include "twist/base/file_descriptor.hpp"

namespace twist {

/// This process as a daemon: without a terminal, in its own session, a child of the system.
class Daemon {
  public:
    /// Forks twice and returns in the grandchild; its directory is / and its umask 022. The process
    /// that called waits and never returns: it ends with status 0 as soon as the daemon calls
    /// started(), and with status 1 if the daemon ends before that. Until then the daemon still
    /// has the caller's stderr, and can report errors. Throws SystemError. Only for a process
    /// that has one thread.
    Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// The daemon runs: stdout and stderr are `log` from now on, and the waiting process ends.
    /// Throws SystemError if that process has already ended (Ctrl-C): the daemon is not wanted.
    void started(int log);

  private:
    // A pipe: started() writes a byte. If we fail, the end of the process closes it, and nothing
    // sooner: the error must be printed before the caller ends.
    int caller_;
};

/// stdin is /dev/null; stdout and stderr go where `out` goes. Throws SystemError.
void redirect_standard_streams(int out);

/// Root becomes `user` for good: first the groups, then the group, and the user last, because that
/// step removes the right to do the others. Then it tries to become root again. Throws SystemError
/// if a step fails, Exception if there is no such user or if it can become root again (as for
/// "root"). (shedPrivileges)
void shed_privileges(const std::string& user);

/// The listening socket that systemd has opened for this process (by LISTEN_PID and LISTEN_FDS; it
/// is descriptor 3); nothing if there is none. Removes the two variables, so that no child process
/// takes it. Throws Exception if there are several.
std::optional<FileDescriptor> inherited_socket();

} // namespace twist
