// The errors that have names. Stands for twisted.internet.error; what a Deferred reports
// (twisted.internet.defer) is here too.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

namespace twist {

struct Address;

/// An error with a message and nothing more; the base of all errors that this library names.
struct Exception : std::runtime_error {
    explicit Exception(const std::string& message = "") : std::runtime_error(message) {}
};

/// An error that the operating system has numbered: `code()` is that number, for whoever must
/// tell one reason from another.
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

/// Whether `error` of a non-blocking call only says: nothing to be had now, ask again later.
bool would_block(int error);

/// "111: Connection refused": how a message of ours ends where the system gave the reason.
std::string describe(const std::error_code& code);

/// Throws a SystemError for `errno`: "WHAT: 13: Permission denied.".
[[noreturn]] void throw_last_error(const std::string& what);

/// Something on the command line is wrong; the message says what, and what to do.
struct UsageError : Exception {
    using Exception::Exception;
};

// How a connection ends ---------------------------------------------------------------------------

struct ConnectionDone : Exception {
    ConnectionDone() : Exception("Connection was closed cleanly.") {}
};

/// The other side reset the connection, or is out of reach.
struct ConnectionLost : SystemError {
    explicit ConnectionLost(std::error_code code = {});
};

/// Our side threw it away: Transport::abort_connection.
struct ConnectionAborted : Exception {
    ConnectionAborted() : Exception("Connection was aborted locally.") {}
};

/// A reader's fileno() turned -1 while it was registered.
struct ConnectionFdescWentAway : Exception {
    ConnectionFdescWentAway() : Exception("The descriptor went away.") {}
};

// Why there is none -------------------------------------------------------------------------------

/// No connection came about. What is known more exactly has a type of its own, below.
struct ConnectError : SystemError {
    explicit ConnectError(std::error_code code);
    using SystemError::SystemError;
};

struct ConnectionRefusedError : ConnectError {
    explicit ConnectionRefusedError(std::error_code code);
};

/// Nobody answered in the time given (Twisted's internet.error.TimeoutError).
struct ConnectTimeoutError : ConnectError {
    ConnectTimeoutError();
};

/// We gave up ourselves: Connector::disconnect or stop_connecting while connecting.
struct UserError : ConnectError {
    UserError();
};

/// The right ConnectError for what connect(2) said.
std::exception_ptr connect_error(std::error_code code);

/// No address is known for `host`. Not a ConnectError: no connection was tried.
struct DNSLookupError : Exception {
    explicit DNSLookupError(const std::string& host)
        : Exception("DNS lookup failed: " + host + ".") {}
};

/// `where` can't be listened on: an address, or words.
struct CannotListenError : SystemError {
    CannotListenError(const std::string& where, std::error_code code);
    CannotListenError(const std::string& where, const SystemError& reason);
    CannotListenError(const Address& address, std::error_code code); ///< last_error(), mostly
};

// What a Deferred reports -------------------------------------------------------------------------

struct AlreadyCalledError : Exception {
    AlreadyCalledError() : Exception("A Deferred can be fired only once.") {}
};

struct CancelledError : Exception {
    CancelledError() = default;
};

/// add_timeout's; a connection that is not made in time has ConnectTimeoutError.
struct TimeoutError : Exception {
    using Exception::Exception;
};

struct NoCurrentExceptionError : Exception {
    NoCurrentExceptionError() : Exception("Failure() was made where no exception was caught.") {}
};

// What a delayed call, a connector and the reactor refuse -----------------------------------------

struct AlreadyCalled : Exception {
    AlreadyCalled() : Exception("This delayed call has run.") {}
};

struct AlreadyCancelled : Exception {
    AlreadyCancelled() : Exception("This delayed call was cancelled.") {}
};

struct NotConnectingError : Exception {
    NotConnectingError() : Exception("This connector is not trying to connect.") {}
};

struct ReactorNotRunning : Exception {
    ReactorNotRunning() : Exception("Can't stop reactor that isn't running.") {}
};

struct ReactorAlreadyRunning : Exception {
    ReactorAlreadyRunning() : Exception("This reactor is running already.") {}
};

struct ReactorNotRestartable : Exception {
    ReactorNotRestartable() : Exception("A reactor that was stopped can't run again.") {}
};

} // namespace twist
