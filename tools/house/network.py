"""A network of our own: it has only the loopback device, and every port is free.

Linux calls it a network namespace. It exists as long as a process is in it. Root may create one,
except in some containers; others may if the kernel allows it.
"""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
INTERFACE = "16sh14x"  # the C structure: a name and flags
LISTENING = "0A"
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

libc = ctypes.CDLL(None, use_errno=True)


def enter_own_network(more=0):
    """Moves this process, and all that it starts from now on, into its own network.

    Does the same for the kinds of namespaces in `more`. Raises OSError if this is not allowed; the
    process must not be used after that.
    """
    try:
        leave(CLONE_NEWNET | more)
    except PermissionError:
        user, group = os.getuid(), os.getgid()
        leave(CLONE_NEWUSER | CLONE_NEWNET | more)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket() as any_socket:
        interface = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack(INTERFACE, b"lo", 0))
        flags = struct.unpack(INTERFACE, interface)[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack(INTERFACE, b"lo", flags | IFF_UP))


def leave(kinds):
    """Replaces the namespaces of these kinds by new ones."""
    if libc.unshare(kinds):
        raise OSError(ctypes.get_errno(), "unshare")


def enter_own_network_with_files(files):
    """Does the same with its own files: {existing path: path of the file that replaces it}."""
    enter_own_network(CLONE_NEWNS)
    mount("none", "/", MS_REC | MS_PRIVATE)
    for there, seen in files.items():
        mount(seen, there, MS_BIND)


def mount(source, target, flags):
    """mount(2)"""
    if libc.mount(str(source).encode(), str(target).encode(), None, flags, None):
        raise OSError(ctypes.get_errno(), "mount", str(target))


def own_files_are_allowed():
    """Whether enter_own_network_with_files() works here. It does not in a chroot, where / is not a
    mount point."""
    return own_network_is_allowed(lambda: enter_own_network_with_files({}))


def own_network_is_allowed(enter=enter_own_network):
    """Whether enter() works here; tries it in a child process."""
    child = os.fork()
    if not child:
        try:
            enter()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def ports_listening(pid):
    """The TCP ports with a listener in the network of a process."""
    ports = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # no IPv6, or the process has ended
            continue
        for line in lines:
            _, local, _, state = line.split()[:4]
            if state == LISTENING:
                ports.add(int(local.rpartition(":")[2], 16))
    return ports
