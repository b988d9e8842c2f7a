#include "twist/base/type_name.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <string_view>

namespace twist {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// The template's arguments that nobody writes: ", std::allocator<int>".
void erase_argument(std::string& name, const std::string& argument) {
    for (auto at = name.find(argument); at != name.npos; at = name.find(argument)) {
        auto end = at + argument.size();
        for (int open = 1; open > 0 && end < name.size(); ++end)
            open += (name[end] == '<' ? 1 : 0) - (name[end] == '>' ? 1 : 0);
        name.erase(at, end - at);
    }
}

} // namespace

std::string type_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
    std::string name = demangled ? demangled.get() : type.name();
    replace_all(name, " >", ">");
    for (const char* word : {"::__cxx11", "[abi:cxx11]", "::_V2", "::__1", "::__fs", "::__debug"})
        replace_all(name, word, ""); // of the standard library: "std::__1::vector"
    for (const char* const argument : {"allocator", "char_traits", "default_delete", "less"})
        erase_argument(name, std::string(", std::") + argument + '<');
    replace_all(name, "std::basic_string<char>", "std::string");
    // The standard library keeps its "std::"; of other names only the last word is of interest.
    if (!name.starts_with("std::") && !name.ends_with('>'))
        if (const auto colons = name.rfind("::"); colons != std::string::npos)
            name.erase(0, colons + 2);
    return name;
}

const std::type_info& current_exception_type() {
    return *abi::__cxa_current_exception_type();
}

} // namespace twist
