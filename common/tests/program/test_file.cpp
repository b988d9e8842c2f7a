// Reading a file without ever waiting.
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "common/tests/scratch.hpp"
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/program/file.hpp"

using namespace twist;

namespace {

std::string refusal(const std::string& path) {
    try {
        read_file(path);
        return "none";
    } catch (const SystemError& error) {
        return error.what();
    }
}

} // namespace

TEST_CASE("read_file returns every byte, of a file of any length") {
    const Scratch scratch;
    for (const std::string& text : {std::string(), std::string("a\0\xff\r\n", 5),
                                    std::string(65'536, 'x'), std::string(200'001, 'y')}) {
        CAPTURE(text.size());
        scratch.write("poem", text);
        CHECK((read_file(scratch.path("poem")) == text));
    }
    CHECK(read_file("/proc/self/stat") != ""); // a file whose reported length is 0
}

TEST_CASE("for a file that can't be read, the error has its name and the reason") {
    CHECK(refusal("/nowhere/poem") == "Can't read /nowhere/poem: 2: No such file or directory.");
    const std::string long_name(5000, 'x');
    CHECK(refusal(long_name) == "Can't read " + long_name + ": 36: File name too long.");
    if (::access("/proc/self/mem", R_OK) == 0)
        CHECK(refusal("/proc/self/mem") == "Can't read /proc/self/mem: 5: Input/output error.");
}

TEST_CASE("anything but a regular file is refused, without waiting") {
    const Scratch scratch;
    const std::string fifo = scratch.path("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(refusal(fifo) == "Can't read " + fifo + ": it is not a regular file.");
    const FileDescriptor writer(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(writer);
    CHECK(file_type(writer) == S_IFIFO);
    for (const std::string& path : {fifo, std::string("/dev/zero"), scratch.path(".")})
        CHECK(refusal(path) == "Can't read " + path + ": it is not a regular file.");
}
