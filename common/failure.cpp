#include "common/failure.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <ostream>

#include "common/error.hpp"

namespace twist {

std::string type_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
    std::string name = demangled ? demangled.get() : type.name();
    if (name.starts_with("std::__cxx11::basic_string<char"))
        return "std::string";
    // The standard library keeps its "std::"; of other names only the last word is of interest.
    if (!name.starts_with("std::") && !name.ends_with('>'))
        if (const auto colons = name.rfind("::"); colons != std::string::npos)
            name.erase(0, colons + 2);
    return name;
}

Failure::Failure() : exception_(std::current_exception()) {
    if (!exception_)
        throw NoCurrentExceptionError();
}

const std::type_info& Failure::type() const {
    return *exception_.__cxa_exception_type();
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

const Failure& connection_done() {
    static const Failure done{ConnectionDone()};
    return done;
}

} // namespace twist
