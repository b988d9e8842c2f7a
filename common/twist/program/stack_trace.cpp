#include "twist/program/stack_trace.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <dlfcn.h>
#include <execinfo.h>
#include <filesystem>
#include <link.h>
#include <memory>
#include <ostream>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace twist {

namespace {

struct Function {
    std::string name, place;
};

/// "bool f<int>(char)::{lambda(int)#1}::operator()(int) const", which clang may call
/// "bool f<int>(char)::$_0::operator()(int) const", becomes "f::{lambda}".
std::string short_name(std::string name) {
    if (name == "operator()")
        return "{lambda}"; // an inlined one; whose it is addr2line does not say
    name = name.substr(0, name.find(" [clone"));
    for (const std::string_view noise : {"::operator()", "(anonymous namespace)::", " const", "->"})
        for (std::size_t at; (at = name.find(noise)) != std::string::npos;)
            name.erase(at, noise.size());
    std::string result;
    int depth = 0;
    for (const char c : name) {
        depth += c == '(' || c == '<' || c == '[';
        if (depth == 0)
            result += c;
        depth -= c == ')' || c == '>' || c == ']';
    }
    for (const std::string_view number : {"#", "$_"})
        for (std::size_t at; (at = result.find(number)) != std::string::npos;) {
            const std::size_t end = result.find_first_not_of("0123456789", at + number.size());
            result.replace(at, end - at, number == "#" ? "" : "{lambda}");
        }
    return result.substr(result.rfind(' ') + 1); // a template names the type that it returns, too
}

/// Asks addr2line for an address in this program's file. Gives the function that is there, and
/// before it those that were inlined into it, innermost first.
std::vector<Function> functions_at(std::uintptr_t address) {
    std::ostringstream number, command;
    number << "0x" << std::hex << address;
    command << "addr2line -Cfi -e /proc/" << ::getpid() << "/exe " << number.str()
            << " 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> answer(::popen(command.str().c_str(), "r"),
                                                       ::pclose);
    std::stringstream lines; // for each function its name and its place
    for (int c; answer && (c = std::fgetc(answer.get())) != EOF;)
        lines.put(static_cast<char>(c));

    std::vector<Function> functions;
    for (std::string name, place; std::getline(lines, name) && std::getline(lines, place);)
        functions.push_back({short_name(name), place});
    if (functions.empty())
        return {{"?", number.str()}};
    if (functions.size() > 1 && functions.front().name.ends_with(functions.back().name))
        functions.front().name =
            "(inlined)"; // addr2line did not know better than its caller's name
    return functions;
}

/// Prints a function, unless nobody wants to see it: what is before main or inside the standard
/// library, what makes a lambda a C function, ourselves.
void print(std::ostream& out, const Function& function) {
    const auto& [name, place] = function;
    if (place.find("/include/c++/") != std::string::npos || name.ends_with("::_FUN") ||
        name.ends_with("::__invoke") || name == "_start" || name == "backtrace" ||
        name == "___interceptor_backtrace" || name == "twist::print_stack_trace")
        return;
    const std::filesystem::path path = place.substr(0, place.find(" (discriminator"));
    out << name << " at " << (path.parent_path().filename() / path.filename()).string() << '\n';
}

} // namespace

void print_stack_trace(std::ostream& out) {
    std::array<void*, 256> calls;
    bool in_libevent = false;
    for (int i = ::backtrace(calls.data(), calls.size()); --i >= 0;) {
        Dl_info info;
        link_map* library = nullptr;
        char* const call = static_cast<char*>(calls[static_cast<std::size_t>(i)]) - 1;
        if (::dladdr1(call, &info, reinterpret_cast<void**>(&library), RTLD_DL_LINKMAP) == 0)
            continue;
        const std::string_view name = library->l_name; // "" is this program
        const bool was_in_libevent = std::exchange(in_libevent, name.find("libevent") != name.npos);
        if (in_libevent && !was_in_libevent)
            out << "... libevent: " << (info.dli_sname ? info.dli_sname : "") << " ...\n";
        if (name.empty())
            for (const Function& function :
                 functions_at(reinterpret_cast<std::uintptr_t>(call) - library->l_addr) |
                     std::views::reverse)
                print(out, function);
    }
}

} // namespace twist
