#include "common/stack_trace.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <memory>
#include <ostream>
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

/// "bool f<int>(char)::{lambda(int)#1}::operator()(int) const" becomes "f::{lambda#1}".
std::string short_name(std::string name) {
    for (const std::string_view noise : {"::operator()", "(anonymous namespace)::", " const", "->"})
        for (std::size_t at; (at = name.find(noise)) != std::string::npos;)
            name.erase(at, noise.size());
    name.erase(std::min(name.find(" [clone"), name.size()));
    std::string result;
    int depth = 0;
    for (const char c : name) {
        depth += (c == '(' || c == '<' || c == '[') - (c == ')' || c == '>' || c == ']');
        if (depth == 0 && c != ')' && c != '>' && c != ']')
            result += c;
    }
    return result.substr(result.rfind(' ') + 1); // a template names the type that it returns, too
}

/// "/home/me/common/tcp.cpp:12 (discriminator 3)" becomes "common/tcp.cpp:12".
std::string short_place(const std::string& place) {
    const std::string whole = place.substr(0, place.find(' '));
    const auto file = whole.rfind('/');
    return whole.substr(file == 0 ? 0 : whole.rfind('/', file - 1) + 1);
}

/// Whether a reader wants to see it: not what is before main or inside the standard library, nor
/// what the compiler made of a lambda, nor ourselves.
bool is_of_interest(const std::string& name, const std::string& place) {
    return place.find("/include/c++/") == std::string::npos && name != "_start" &&
           !name.ends_with("::_FUN") && !name.ends_with("::__invoke") &&
           name != "twist::print_stack_trace";
}

/// Asks addr2line for addresses in this program's file. For each one the functions that are there,
/// innermost first: more than one where calls were inlined.
std::vector<std::vector<Function>> functions_at(const std::vector<std::uintptr_t>& addresses) {
    std::string command = "addr2line -aCfi -e /proc/" + std::to_string(::getpid()) + "/exe";
    std::vector<std::vector<Function>> unnamed, named;
    for (const std::uintptr_t address : addresses) {
        std::ostringstream number;
        number << " 0x" << std::hex << address;
        command += number.str();
        unnamed.push_back({{"?", number.str()}});
    }
    const std::unique_ptr<FILE, int (*)(FILE*)> answer(
        ::popen((command + " </dev/null 2>/dev/null").c_str(), "r"), ::pclose);
    std::stringstream lines; // an address; then, for each function there, its name and its place
    for (int c; answer && (c = std::fgetc(answer.get())) != EOF;)
        lines.put(static_cast<char>(c));

    for (std::string name, place; std::getline(lines, name);) {
        if (name.starts_with("0x"))
            named.emplace_back();
        else if (std::getline(lines, place))
            named.back().push_back({short_name(name), short_place(place)});
    }
    return named.size() == addresses.size() ? named : unnamed;
}

} // namespace

void print_stack_trace(std::ostream& out) {
    std::vector<std::uintptr_t> ours; // calls in this program, since the last one inside libevent
    const auto print_ours = [&] {
        for (const auto& functions : functions_at(std::exchange(ours, {})))
            for (auto f = functions.rbegin(); f != functions.rend(); ++f)
                if (is_of_interest(*f))
                    out << f->name << " at " << f->place << '\n';
    };
    std::array<void*, 256> calls;
    for (int i = ::backtrace(calls.data(), calls.size()); --i >= 0;) {
        Dl_info info;
        link_map* library = nullptr;
        char* const call = static_cast<char*>(calls[static_cast<std::size_t>(i)]) - 1;
        if (::dladdr1(call, &info, reinterpret_cast<void**>(&library), RTLD_DL_LINKMAP) == 0)
            continue;
        if (*library->l_name == '\0') { // this program
            ours.push_back(reinterpret_cast<std::uintptr_t>(call) - library->l_addr);
        } else if (std::string_view(library->l_name).find("libevent") != std::string::npos) {
            if (!ours.empty()) {
                print_ours();
                out << "... libevent: " << (info.dli_sname ? info.dli_sname : "") << " ...\n";
            }
        }
    }
    print_ours();
}

} // namespace twist
