#include "twist/base/error.hpp"

#include <cerrno>

#include "twist/net/address.hpp"

namespace twist {

std::error_code last_error() {
    return {errno, std::system_category()};
}

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

std::string describe(const std::error_code& code) {
    return std::to_string(code.value()) + ": " + code.message();
}

void throw_last_error(const std::string& what) {
    const std::error_code reason = last_error();
    throw SystemError(what + ": " + describe(reason) + ".", reason);
}

ConnectionLost::ConnectionLost(std::error_code code)
    : SystemError("Connection to the other side was lost in a non-clean fashion.", code) {}

ConnectError::ConnectError(std::error_code code)
    : SystemError("An error occurred while connecting: " + describe(code) + ".", code) {}

ConnectionRefusedError::ConnectionRefusedError(std::error_code code)
    : ConnectError("Connection was refused by other side: " + describe(code) + ".", code) {}

ConnectTimeoutError::ConnectTimeoutError()
    : ConnectError("User timeout caused connection failure.",
                   std::make_error_code(std::errc::timed_out)) {}

UserError::UserError()
    : ConnectError("User aborted connection.",
                   std::make_error_code(std::errc::operation_canceled)) {}

std::exception_ptr connect_error(std::error_code code) {
    if (code == std::errc::connection_refused)
        return std::make_exception_ptr(ConnectionRefusedError(code));
    return std::make_exception_ptr(ConnectError(code));
}

CannotListenError::CannotListenError(const std::string& where, std::error_code code)
    : SystemError("Couldn't listen on " + where + ": " + describe(code) + ".", code) {}

CannotListenError::CannotListenError(const std::string& where, const SystemError& reason)
    : SystemError("Couldn't listen on " + where + ": " + reason.what(), reason.code()) {}

CannotListenError::CannotListenError(const Address& address, std::error_code code)
    : CannotListenError(to_string(address), code) {}

} // namespace twist
