#!/bin/sh
# clang's static analyzer is blind in a unity build, and does not say so.
#
# A unity build compiles a file that includes other .cpp files. The analyzer treats them as headers:
# it runs its syntax checks on their functions, but follows no paths through a function unless the
# main file itself calls it. So it misses errors in a unit that it finds in the same file alone.
# clang-tidy's other checks see both.
#
#   clang 16.0.6 (Debian 12)             alone: 1 warning   in a unit: 0   with headers, too: 1
#
# Needs a Debian 12: apt-get, dpkg.
set -eu
version=1:16.0.6-15~deb12u1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q "clang-16=$version" "libclang-cpp16=$version" "libllvm16=$version" \
    "libclang-common-16-dev=$version" libedit2 libffi8 libz3-4 libxml2 libbsd0 libicu72 libmd0 \
    >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$place/root/usr/lib/x86_64-linux-gnu:$place/root/usr/lib/llvm-16/lib
export LD_LIBRARY_PATH

cat >part.cpp <<'END'
int value_of(int which) {
    const int* place = nullptr;
    if (which > 3)
        place = &which;
    return *place;
}
END
echo '#include "part.cpp"' >unit.cpp

# The number of null pointers that the analyzer finds.
found() {
    "$place/root/usr/lib/llvm-16/bin/clang" --analyze "$@" -o "$place/report" 2>&1 |
        grep -c 'warning: Dereference of null pointer' || true
}
seen="alone: $(found part.cpp)
in a unit: $(found unit.cpp)
with headers, too: $(found -Xclang -analyzer-opt-analyze-headers unit.cpp)"
echo "$seen"
[ "$seen" = "alone: 1
in a unit: 0
with headers, too: 1" ]
