#!/bin/sh
# libevent: event_base_new() ends the process where its header says that it returns NULL.
#
# If no descriptor is free, libevent warns, takes poll instead of epoll, and goes on. Then it can't
# make the socket pair of its signal handling, which it makes even for a program that never asks for
# a signal, and calls exit(1). A program that checks for the NULL of event2/event.h does not get that
# far.
#
#   libevent 2.1.12 (Debian 12)    stdout: nothing
#                                  stderr: [warn] epoll_create: Too many open files
#                                          [warn] evutil_make_internal_pipe_: pipe: Too many open files
#                                          [err] evsig_init_: socketpair: Too many open files
#                                  status: 1
#
# Needs a Debian 12: apt-get, dpkg, cc.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libevent-dev=2.1.12-stable-8+deb12u1 libevent-core-2.1-7=2.1.12-stable-8+deb12u1 >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
libraries=$(dirname "$(find root -name 'libevent_core-2.1.so.7')")

cat >try.c <<'END'
#include <event2/event.h>
#include <stdio.h>
#include <sys/resource.h>

int main(void) {
    const struct rlimit none = {0, 0};
    struct event_base *base;
    setrlimit(RLIMIT_NOFILE, &none);
    base = event_base_new();
    printf("event_base_new returned %s\n", base == NULL ? "NULL" : "an event_base");
    return 0;
}
END
cc -Iroot/usr/include -Iroot/usr/include/x86_64-linux-gnu try.c -L"$libraries" \
    -l:libevent_core-2.1.so.7 -o try
status=0
LD_LIBRARY_PATH=$libraries ./try >out 2>err || status=$?
cat out err
echo "status: $status"
[ ! -s out ] && [ "$status" -eq 1 ] && [ "$(cat err)" = "[warn] epoll_create: Too many open files
[warn] evutil_make_internal_pipe_: pipe: Too many open files
[err] evsig_init_: socketpair: Too many open files" ]
