// Destinations of reports.
#include <iostream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "twist/base/error.hpp"
#include "twist/base/log.hpp"

using namespace twist;

namespace {

// Captures stderr while it lives.
class Stderr {
  public:
    ~Stderr() { std::cerr.rdbuf(before_); }
    std::string text() const { return written_.str(); }

  private:
    std::ostringstream written_;
    std::streambuf* before_ = std::cerr.rdbuf(written_.rdbuf());
};

const Failure boom{Exception("boom")};

} // namespace

TEST_CASE("57: a report is one line on stderr") {
    const Stderr on_stderr;
    log::report("Unhandled error in Deferred", boom);
    CHECK(on_stderr.text() == "Unhandled error in Deferred: [Failure: Exception: boom]\n");
}

TEST_CASE("61: err reports as \"Unhandled Error\"") {
    const Stderr on_stderr;
    log::err(boom);
    CHECK(on_stderr.text() == "Unhandled Error: [Failure: Exception: boom]\n");
}

TEST_CASE("reports go to the newest observer, and after its destruction to the previous one") {
    const Stderr on_stderr;
    std::string seen;
    const auto note = [&](const std::string& who) {
        return [&seen, who](const log::Report& report) {
            seen += who + " " + report.why + " " + report.failure.message() + "; ";
        };
    };
    {
        const log::Redirect outer(note("outer"));
        {
            const log::Redirect inner(note("inner"));
            log::report("first", boom);
        }
        log::report("second", boom);
    }
    CHECK(seen == "inner first boom; outer second boom; ");
    CHECK(on_stderr.text() == "");
    log::report("third", boom);
    CHECK(on_stderr.text() == "third: [Failure: Exception: boom]\n");
}

TEST_CASE("an observer that throws does not harm the caller of report") {
    const Stderr on_stderr;
    const log::Redirect redirect([](const log::Report&) { throw Exception("no ink"); });
    log::report("Unhandled Error", boom);
    CHECK(on_stderr.text() == "An error could not be reported.\n");
}

TEST_CASE("run_reporting reports an exception, and returns it to its caller") {
    const Stderr on_stderr;
    CHECK_FALSE(log::run_reporting([] {}).has_value());
    CHECK(on_stderr.text() == "");
    const auto thrown = log::run_reporting([] { boom.raise(); }, "Unhandled error in a test");
    CHECK(thrown == boom);
    CHECK(on_stderr.text() == "Unhandled error in a test: [Failure: Exception: boom]\n");
}
