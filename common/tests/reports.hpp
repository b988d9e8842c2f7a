// For tests: the reports of one test.
#pragma once

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "twist/base/log.hpp"

namespace twist {

/// Collects reports while it lives. A report that the test did not take fails the test. Declare it
/// first: it misses the reports of objects that are destroyed after it.
class Reports {
  public:
    Reports()
        : redirect_([this](const log::Report& report) {
              lines_ += (lines_.empty() ? "" : "\n") + report.why + ": " + report.failure.text();
          }) {}
    ~Reports() {
        if (!lines_.empty())
            FAIL_CHECK("the test did not take this report: " << lines_);
    }

    /// The reports so far, one a line, as they would be printed. They no longer count as untaken.
    std::string take() { return std::exchange(lines_, ""); }

  private:
    std::string lines_;
    log::Redirect redirect_;
};

} // namespace twist
