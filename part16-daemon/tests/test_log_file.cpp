// The log with timestamps.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include <doctest/doctest.h>

#include "application/log_file.hpp"
#include "common/tests/reports.hpp"
#include "common/tests/scratch.hpp"
#include "twist/base/error.hpp"
#include "twist/base/file_descriptor.hpp"

using namespace twist;

namespace {

// The log without its timestamps. Marks any line that begins with neither a timestamp nor a tab.
std::string without_stamps(const std::string& log) {
    const std::string_view digits = "0000-00-00 00:00:00+0000 ";
    std::istringstream lines(log);
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        std::string shape = line.substr(0, digits.size());
        std::ranges::replace_if(
            shape, [](unsigned char c) { return std::isdigit(c) != 0; }, '0');
        if (shape == digits)
            line.erase(0, digits.size());
        else if (!line.starts_with('\t'))
            line.insert(0, "(no stamp) ");
        text += line + '\n';
    }
    return text;
}

/// While it lives, the local time is that of `zone`.
class TimeZone {
  public:
    explicit TimeZone(const char* zone) {
        if (const char* const before = std::getenv("TZ"))
            before_ = before;
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    ~TimeZone() {
        if (before_)
            ::setenv("TZ", before_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;

  private:
    std::optional<std::string> before_;
};

} // namespace

TEST_CASE("a message is a line with the time; a report is one, too") {
    const Scratch scratch;
    const log::LogFile log(scratch.path("log"));
    log::msg("first");
    log::report("Unhandled error in a test", Failure(Exception("boom")));
    log::msg("");
    CHECK(without_stamps(scratch.read("log")) ==
          "[-] first\n[-] Unhandled error in a test: [Failure: Exception: boom]\n[-] \n");
}

TEST_CASE("the time is local time, with its offset from UTC") {
    for (const auto& [zone, offset] :
         {std::pair("UTC0", "+0000"), std::pair("XST-5:30", "+0530"), std::pair("YST3", "-0300")}) {
        const TimeZone there(zone);
        const Scratch scratch;
        const std::time_t before = std::time(nullptr);
        {
            const log::LogFile log(scratch.path("log"));
            log::msg("x");
        }
        std::tm stamped{};
        const std::string line = scratch.read("log");
        REQUIRE(::strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &stamped) != nullptr);
        stamped.tm_isdst = -1;
        CHECK(std::mktime(&stamped) >= before);
        CHECK(std::mktime(&stamped) <= std::time(nullptr));
        CHECK(line.substr(19) == std::string(offset) + " [-] x\n");
    }
}

TEST_CASE("a message of several lines can't be taken for several messages") {
    const Scratch scratch;
    const log::LogFile log(scratch.path("log"));
    log::msg("one\n2026-11-21 10:00:00+0000 [-] two\n");
    CHECK(without_stamps(scratch.read("log")) ==
          "[-] one\n\t2026-11-21 10:00:00+0000 [-] two\n\t\n");
}

TEST_CASE("without a log, a message is dropped and a report goes to its usual place") {
    Reports reports;
    log::msg("nobody hears this");
    {
        const Scratch scratch;
        const log::LogFile log(scratch.path("log"));
        log::err(Failure(5));
    }
    CHECK(reports.take() == "");
    log::msg("nor this");
    log::err(Failure(6));
    CHECK(reports.take() == "Unhandled Error: [Failure: int: 6]");
}

TEST_CASE("logs nest") {
    const Scratch scratch;
    const log::LogFile outer(scratch.path("outer"));
    {
        const log::LogFile inner(scratch.path("inner"));
        log::msg("a");
    }
    log::msg("b");
    CHECK(without_stamps(scratch.read("inner")) == "[-] a\n");
    CHECK(without_stamps(scratch.read("outer")) == "[-] b\n");
}

TEST_CASE("a log is appended to, and can be opened again after it was moved away") {
    const Scratch scratch;
    scratch.write("log", "old\n");
    log::LogFile log(scratch.path("log"));
    log::msg("a");
    std::filesystem::rename(scratch.path("log"), scratch.path("log.1"));
    log::msg("b");
    log.reopen();
    log::msg("c");
    CHECK(without_stamps(scratch.read("log.1")) == "(no stamp) old\n[-] a\n[-] b\n");
    CHECK(without_stamps(scratch.read("log")) == "[-] c\n");
}

TEST_CASE("a log that can't be opened is an error; if reopening fails, the old log stays") {
    const Scratch scratch;
    CHECK_THROWS_WITH_AS(log::LogFile("/nowhere/log"),
                         "Can't open the log /nowhere/log: 2: No such file or directory.",
                         SystemError);
    log::LogFile log(scratch.path("log"));
    std::filesystem::rename(scratch.path("log"), scratch.path("log.1"));
    std::filesystem::create_directory(scratch.path("log"));
    CHECK_THROWS_AS(log.reopen(), SystemError);
    log::msg("a");
    CHECK(without_stamps(scratch.read("log.1")) == "[-] a\n");
}

TEST_CASE("a FIFO can't be a log, with or without a reader; a device can") {
    const Scratch scratch;
    const std::string path = scratch.path("log");
    const std::string refusal = "Can't open the log " + path +
                                ": it is neither a regular file nor a device like /dev/null.";
    log::LogFile log(path);
    std::filesystem::rename(path, scratch.path("log.1"));
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_THROWS_WITH_AS(log::LogFile{path}, refusal.c_str(), SystemError);
    CHECK_THROWS_WITH_AS(log.reopen(), refusal.c_str(), SystemError);
    const FileDescriptor reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    REQUIRE(reader);
    CHECK_THROWS_WITH_AS(log::LogFile{path}, refusal.c_str(), SystemError);
    CHECK_THROWS_WITH_AS(log.reopen(), refusal.c_str(), SystemError);
    log::msg("a");
    {
        const log::LogFile null("/dev/null");
        log::msg("b");
    }
    CHECK(without_stamps(scratch.read("log.1")) == "[-] a\n");
}
