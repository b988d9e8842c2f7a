// The behaviour that the command lines of all programs share.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/tests/scratch.hpp"
#include "twist/base/file_descriptor.hpp"
#include "twist/net/error.hpp"
#include "twist/program/arguments.hpp"
#include "twist/program/command_line.hpp"

using namespace twist;
using namespace std::chrono_literals;

namespace {

// A command line in the form that main gets.
class Words {
  public:
    explicit Words(std::vector<std::string> words) : words_(std::move(words)) {
        words_.insert(words_.begin(), "/some/where/prog");
        for (std::string& word : words_)
            pointers_.push_back(word.data());
        pointers_.push_back(nullptr);
    }
    int argc() const { return static_cast<int>(words_.size()); }
    char** argv() { return pointers_.data(); }

  private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

// A program with an option of every kind.
struct Program {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    Seconds delay = 700ms;
    double speed = 1;
    std::size_t count = 10;
    std::string mood = "glad";
    bool quiet = false;
    CommandLine line{"[options] poem", "Serves a poem."};

    Program() {
        line.option("port", port, "The port.");
        line.option("iface", iface, "The interface.");
        line.option("delay", delay, "The seconds between.");
        line.option("speed", speed, "How much faster.");
        line.option("count", count, "How many bytes.");
        line.choice("mood", mood, {"glad", "sad"}, "Of the poem.");
        line.flag("quiet", quiet, "Say nothing.");
    }
    std::vector<std::string> parse(std::vector<std::string> given) {
        Words words(std::move(given));
        return line.parse(words.argc(), words.argv());
    }
    std::string parse_poetry_file(std::vector<std::string> given) {
        Words words(std::move(given));
        return twist::parse_poetry_file(line, words.argc(), words.argv());
    }
    std::vector<Address> parse_addresses(std::vector<std::string> given) {
        Words words(std::move(given));
        return twist::parse_addresses(line, words.argc(), words.argv());
    }
};

struct Ending {
    int status;
    std::string output; // of stdout and stderr
};

// Runs `act`, which ends its process, in a child; returns how the child ended.
Ending ending_of(const std::function<void()>& act) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    std::cout << std::flush; // otherwise the child would print it, too
    const pid_t child = ::fork();
    REQUIRE(child != -1);
    if (child == 0) {
        ::dup2(writing.get(), STDOUT_FILENO);
        ::dup2(writing.get(), STDERR_FILENO);
        act();
        ::_exit(99);
    }
    writing.close();
    std::string output;
    std::array<char, 4096> bytes{};
    for (ssize_t n; (n = ::read(reading.get(), bytes.data(), bytes.size())) > 0;)
        output.append(bytes.data(), static_cast<std::size_t>(n));
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return {WEXITSTATUS(status), output};
}

void check_usage_error(const std::vector<std::string>& words, const std::string& message) {
    CAPTURE(words.back());
    const Ending ending = ending_of([&] { Program().parse(words); });
    CHECK(ending.status == 2);
    CHECK(ending.output == "Usage: prog [options] poem\n\nprog: error: " + message + "\n");
}

} // namespace

TEST_CASE("options and arguments come in any order") {
    Program program;
    const auto arguments =
        program.parse({"a.txt", "--port", "10001", "--delay=0.5", "b.txt", "--quiet", "--iface",
                       "::1", "--count=7", "--speed=2.5", "--mood", "sad"});
    CHECK(arguments.size() == 2);
    CHECK(arguments.front() == "a.txt");
    CHECK(arguments.back() == "b.txt");
    CHECK(program.port == 10001);
    CHECK(program.iface == "::1");
    CHECK(program.delay == 500ms);
    CHECK(program.speed == 2.5);
    CHECK(program.count == 7);
    CHECK(program.mood == "sad");
    CHECK(program.quiet);
}

TEST_CASE("an option that is not given keeps its default") {
    Program program;
    CHECK(program.parse({}).empty());
    CHECK(program.delay == 700ms);
    CHECK(program.iface == "localhost");
    CHECK_FALSE(program.quiet);
}

TEST_CASE("after -- everything is an argument") {
    Program program;
    CHECK(program.parse({"--", "--quiet"}).size() == 1);
    CHECK_FALSE(program.quiet);
}

TEST_CASE("a program may parse twice") {
    CHECK(Program().parse({"a", "--quiet"}).size() == 1);
    CHECK(Program().parse({"b", "--quiet"}).size() == 1);
}

TEST_CASE("a wrong option is a usage error, status 2") {
    check_usage_error({"--color"}, "no such option: --color");
    check_usage_error({"-x"}, "no such option: -x");
    check_usage_error({"a.txt", "--port"}, "option --port needs a value");
    check_usage_error({"--quiet=1"}, "option --quiet takes no value");
    check_usage_error({"--help=3"}, "option --help takes no value");
}

TEST_CASE("a wrong value is a usage error that names its option") {
    check_usage_error({"--port=abc"}, "option --port: invalid integer value: 'abc'");
    check_usage_error({"--port=70000"}, "option --port: must be from 0 to 65535, and not '70000'");
    for (const std::string wrong : {"abc", "", "1s"})
        check_usage_error({"--delay=" + wrong},
                          "option --delay: invalid floating-point value: '" + wrong + "'");
    for (const std::string wrong : {"0", "-1", "nan", "inf", "1e999"})
        check_usage_error({"--delay=" + wrong},
                          "option --delay: must be more than 0, and not '" + wrong + "'");
    check_usage_error({"--speed=0"}, "option --speed: must be more than 0, and not '0'");
    check_usage_error({"--count=1.5"}, "option --count: invalid integer value: '1.5'");
    check_usage_error({"--count=99999999999999999999"},
                      "option --count: must be more than 0, and not '99999999999999999999'");
    check_usage_error({"--mood=Sad"}, "option --mood: must be glad|sad, and not 'Sad'");
}

TEST_CASE("--help and -h print all options and end the program with status 0") {
    for (const char* asked : {"--help", "-h"}) {
        const Ending ending = ending_of([&] { Program().parse({"a.txt", asked}); });
        CHECK(ending.status == 0);
        CHECK(ending.output == "Usage: prog [options] poem\n"
                               "\n"
                               "Serves a poem.\n"
                               "\n"
                               "Options:\n"
                               "  -h, --help            show this help message and exit\n"
                               "  --port=N              The port.\n"
                               "  --iface=TEXT          The interface.\n"
                               "  --delay=SECONDS       The seconds between.\n"
                               "  --speed=N             How much faster.\n"
                               "  --count=N             How many bytes.\n"
                               "  --mood=glad|sad       Of the poem.\n"
                               "  --quiet               Say nothing.\n");
    }
}

TEST_CASE("the arguments of a client are addresses; without any it prints its help") {
    const auto addresses = Program().parse_addresses({"10001", "[::1]:10002"});
    REQUIRE(addresses.size() == 2);
    CHECK(addresses[0] == Address{"127.0.0.1", 10001});
    CHECK(addresses[1] == Address{"::1", 10002});

    const Ending no_address = ending_of([] { Program().parse_addresses({}); });
    CHECK(no_address.status == 0);
    CHECK(no_address.output.starts_with("Usage: prog [options] poem\n\nServes a poem.\n"));

    const Ending wrong = ending_of([] { Program().parse_addresses({"10001", "localhost:x"}); });
    CHECK(wrong.status == 2);
    CHECK(wrong.output == "Usage: prog [options] poem\n\n"
                          "prog: error: A port must be an integer, not 'x'\n");
}

TEST_CASE("a server's one argument is a poem's file; any other number is a usage error") {
    const Scratch scratch;
    const std::string poem = scratch.path("poem");
    scratch.write("poem", "");
    CHECK(Program().parse_poetry_file({"--port=10001", poem}) == poem);
    // read_file() refuses a file that exists but can't be read.
    CHECK(Program().parse_poetry_file({"/dev/zero"}) == "/dev/zero");
    CHECK(Program().parse_poetry_file({std::string(5000, 'x')}).size() == 5000);

    for (const auto& [words, message] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{}, "Provide exactly one poetry file."},
             {{poem, poem}, "Provide exactly one poetry file."},
             {{"/nowhere/poem"}, "No such file: /nowhere/poem"},
             {{scratch.path(".")}, "Not a file but a directory: " + scratch.path(".")}}) {
        const Ending wrong = ending_of([&words = words] { Program().parse_poetry_file(words); });
        CHECK(wrong.status == 2);
        CHECK(wrong.output == "Usage: prog [options] poem\n\nprog: error: " + message + "\n");
    }
}

TEST_CASE("run_program returns main's status; for an exception it prints one line and returns 1") {
    Words words({"a", "b"});
    const auto count = [](int argc, char*[]) { return argc; };
    CHECK(run_program(words.argc(), words.argv(), count) == 3);

    const Ending ending = ending_of([&] {
        std::exit(run_program(words.argc(), words.argv(), [](int, char*[]) -> int {
            std::cout << "so far ";
            throw DNSLookupError("poetry.example");
        }));
    });
    CHECK(ending.status == 1);
    CHECK(ending.output == "so far prog: DNSLookupError: DNS lookup failed: poetry.example.\n");
}

TEST_CASE("run_program explains the standard library's exceptions in plain words") {
    const auto told = [](int (*main)(int, char*[])) {
        const Ending ending = ending_of([main] {
            Words words({});
            std::exit(run_program(words.argc(), words.argv(), main));
        });
        CHECK(ending.status == 1);
        return ending.output;
    };
    CHECK(told([](int, char*[]) -> int { throw std::bad_alloc(); }) ==
          "prog: There is not enough memory.\n");
    CHECK(told([](int, char*[]) -> int {
              throw std::filesystem::filesystem_error(
                  "cannot make it", "/some/poem",
                  std::make_error_code(std::errc::permission_denied));
          }) == "prog: cannot make it /some/poem: 13: Permission denied.\n");
    CHECK(told([](int, char*[]) -> int {
              throw std::system_error(
                  std::make_error_code(std::errc::resource_unavailable_try_again));
          }) == "prog: Resource temporarily unavailable.\n");
    CHECK(told([](int, char*[]) -> int { throw std::runtime_error("boom"); }) ==
          "prog: std::runtime_error: boom\n");
}
