// Why there is no connection, no address, no port. Stands for twisted.internet.error.
#pragma once

#include <string>
#include <system_error>

#include "twist/base/error.hpp"

namespace twist {

/// There is no connection. The derived types say more exactly why.
struct ConnectError : SystemError {
    using SystemError::SystemError;
    explicit ConnectError(std::error_code code)
        : SystemError("An error occurred while connecting: " + describe(code) + ".", code) {}
};

struct ConnectionRefusedError : ConnectError {
    explicit ConnectionRefusedError(std::error_code code)
        : ConnectError("Connection was refused by other side: " + describe(code) + ".", code) {}
};

/// Nobody answered in time (Twisted's internet.error.TimeoutError).
struct ConnectTimeoutError : ConnectError {
    ConnectTimeoutError()
        : ConnectError("User timeout caused connection failure.",
                       std::make_error_code(std::errc::timed_out)) {}
};

/// We gave up ourselves: Connector::disconnect or stop_connecting.
struct UserError : ConnectError {
    UserError()
        : ConnectError("User aborted connection.",
                       std::make_error_code(std::errc::operation_canceled)) {}
};

/// `host` has no known address. Not a ConnectError: no connection was tried.
struct DNSLookupError : Exception {
    explicit DNSLookupError(const std::string& host)
        : Exception("DNS lookup failed: " + host + ".") {}
};

/// Our side aborted the connection: Transport::abort_connection.
struct ConnectionAborted : Exception {
    ConnectionAborted() : Exception("Connection was aborted locally.") {}
};

/// Nobody can listen at `where`: an address, or words.
struct CannotListenError : SystemError {
    CannotListenError(const std::string& where, const SystemError& reason)
        : SystemError("Couldn't listen on " + where + ": " + reason.what(), reason.code()) {}
    CannotListenError(const std::string& where, std::error_code code)
        : CannotListenError(where, SystemError(describe(code) + ".", code)) {}
};

} // namespace twist
