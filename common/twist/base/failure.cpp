#include "twist/base/failure.hpp"

#include <cxxabi.h>
#include <ostream>

namespace twist {

Failure::Failure()
    : exception_(std::current_exception()), type_(abi::__cxa_current_exception_type()) {
    if (!exception_)
        throw NoCurrentExceptionError();
}

const std::type_info* Failure::type_of(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (...) {
        return abi::__cxa_current_exception_type();
    }
}

std::string Failure::message() const {
    try {
        raise();
    } catch (const std::exception& error) {
        return error.what();
    } catch (int number) {
        return std::to_string(number);
    } catch (const char* text) {
        return text;
    } catch (const std::string& text) {
        return text;
    } catch (...) {
        return "";
    }
}

std::string Failure::text() const {
    const std::string detail = message();
    return "[Failure: " + type_name(type()) + (detail.empty() ? "" : ": " + detail) + "]";
}

std::ostream& operator<<(std::ostream& out, const Failure& failure) {
    return out << failure.text();
}

} // namespace twist
