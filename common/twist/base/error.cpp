#include "twist/base/error.hpp"

#include <cerrno>

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

} // namespace twist
