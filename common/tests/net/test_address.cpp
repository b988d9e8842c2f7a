// Addresses, durations and descriptors: parsing and printing.
#include <array>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/net/address.hpp"
#include "twist/program/stopwatch.hpp"

using namespace twist;

TEST_CASE("an address is a port, a host and a port, or an IPv6 address in brackets") {
    CHECK(parse_address("10001") == Address{"127.0.0.1", 10001});
    CHECK(parse_address(":10001") == Address{"127.0.0.1", 10001});
    CHECK(parse_address("localhost:10001") == Address{"localhost", 10001});
    CHECK(parse_address("poetry.example:0") == Address{"poetry.example", 0});
    CHECK(parse_address("[::1]:65535") == Address{"::1", 65535});
}

TEST_CASE("an invalid address is refused, and the error quotes the wrong part") {
    for (const char* text : {"abc", "localhost:abc", "localhost:", "", ":", "-5x", "10001 ", "1.5"})
        CHECK_THROWS_WITH_AS(parse_address(text), doctest::Contains("A port must be an integer"),
                             UsageError);
    CHECK_THROWS_WITH_AS(parse_address("localhost:abc"), doctest::Contains("'abc'"), UsageError);
    for (const char* text : {"65536", "70000", "-1", "99999999999999999999"})
        CHECK_THROWS_WITH_AS(parse_address(text),
                             doctest::Contains("A port must be from 0 to 65535"), UsageError);
    for (const char* text : {"[::1]", "[::1]10001", "[::1", "[]:10001", "[host]:10001", "["})
        CHECK_THROWS_WITH_AS(parse_address(text), doctest::Contains("[::1]:10001"), UsageError);
    CHECK_THROWS_AS(parse_address("::1:10001"), UsageError);
}

TEST_CASE("R33: an address prints as host:port") {
    CHECK(to_string(Address{"127.0.0.1", 10001}) == "127.0.0.1:10001");
    CHECK(to_string(Address{"::1", 10001}) == "[::1]:10001");
    std::ostringstream out;
    out << Address{"localhost", 1};
    CHECK(out.str() == "localhost:1");
}

TEST_CASE("a number is an address without a look-up; so are localhost and the empty name") {
    CHECK(numeric({"192.0.2.7", 80}).at(0).address() == Address{"192.0.2.7", 80});
    CHECK(numeric({"::1", 80}).at(0).address() == Address{"::1", 80});
    CHECK(numeric({"localhost", 80}).at(0).address() == Address{"127.0.0.1", 80});
    CHECK(numeric({"", 80}).at(0).address() == Address{"127.0.0.1", 80});
    CHECK(numeric({"", 80}, "0.0.0.0").at(0).address() == Address{"0.0.0.0", 80});
    CHECK(numeric({"poetry.example", 80}).empty());
}

TEST_CASE("a duration prints as H:MM:SS.ffffff") {
    const auto printed = [](double seconds) {
        std::ostringstream out;
        out << Elapsed{Seconds(seconds)};
        return out.str();
    };
    CHECK(printed(0) == "0:00:00");
    CHECK(printed(1.23) == "0:00:01.230000");
    CHECK(printed(59.999999) == "0:00:59.999999");
    CHECK(printed(3661) == "1:01:01");
    CHECK(printed(90000.5) == "25:00:00.500000");
}

TEST_CASE("a descriptor is closed by its last owner, once") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const auto open = [](int fd) { return ::fcntl(fd, F_GETFD) != -1; };
    {
        FileDescriptor first(ends[0]);
        FileDescriptor second = std::move(first);
        CHECK(first.get() == -1);
        CHECK(second.get() == ends[0]);
        second.set_nonblocking();
        char byte;
        CHECK(::read(second.get(), &byte, 1) == -1);
        CHECK(last_error() == std::errc::operation_would_block);
        FileDescriptor other(ends[1]);
        second = std::move(other);
        CHECK_FALSE(open(ends[0]));
        CHECK(open(ends[1]));
    }
    CHECK_FALSE(open(ends[1]));
    FileDescriptor closed;
    closed.close();
    CHECK_THROWS_AS(closed.set_nonblocking(), SystemError);
}
