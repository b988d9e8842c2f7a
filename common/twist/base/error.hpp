// Errors: the base of all that have a name here, and those of the operating system.
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace twist {

/// An error with a message and nothing more; the base of all errors that this library names.
struct Exception : std::runtime_error {
    explicit Exception(const std::string& message = "") : std::runtime_error(message) {}
};

/// What the user typed is wrong; the message says what is, and what to do.
struct UsageError : Exception {
    using Exception::Exception;
};

/// An error of the operating system. `code()` is its number, for programs that must tell one reason
/// from another.
class SystemError : public Exception {
  public:
    SystemError(const std::string& message, std::error_code code)
        : Exception(message), code_(code) {}
    const std::error_code& code() const { return code_; }

  private:
    std::error_code code_;
};

/// `errno` as an error_code; call it before anything else can change errno.
std::error_code last_error();

/// Whether `error` of a non-blocking call only says: nothing for now, ask again later.
bool would_block(int error);

/// "111: Connection refused": the end of a message for which the system gave the reason.
std::string describe(const std::error_code& code);

/// Throws a SystemError for `errno`: "WHAT: 13: Permission denied.".
[[noreturn]] void throw_last_error(const std::string& what);

} // namespace twist
