// What the command lines of all programs have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "twist/base/seconds.hpp"
#include "twist/net/address.hpp"

namespace twist {

/// The options and arguments of one program, in any order. A mistake on the command line ends the
/// program as fail() does; --help prints the usage and ends it with status 0.
class CommandLine {
  public:
    /// `usage` is what follows the program's name; `description` says what the program does.
    CommandLine(std::string usage, std::string description);

    // Each names an option, the variable that it sets, and what --help says of it. What the
    // variable holds before parse() is the default. Lengths of time and counts must be above 0.
    void option(const std::string& name, std::uint16_t& port, const std::string& help);
    void option(const std::string& name, std::string& text, const std::string& help);
    void option(const std::string& name, Seconds& seconds, const std::string& help);
    void option(const std::string& name, double& factor, const std::string& help);
    void option(const std::string& name, std::size_t& count, const std::string& help);
    void choice(const std::string& name, std::string& value,
                const std::vector<std::string>& choices, const std::string& help);
    void flag(const std::string& name, bool& value, const std::string& help);

    /// The arguments that are not options.
    std::vector<std::string> parse(int argc, char* argv[]);

    /// The addresses that are the arguments of a client. Fewer than `least` print the help.
    std::vector<Address> parse_addresses(int argc, char* argv[], std::size_t least = 1);

    /// The poem's file that is the one argument of a server. None, several, a file that is not
    /// there and a directory end the program as fail() does; read_file() refuses the rest.
    std::string parse_poetry_file(int argc, char* argv[]);

    /// `text` as an address.
    Address address(const std::string& text) const;

    /// Prints the usage and `message` on stderr and ends the program with status 2.
    [[noreturn]] void fail(const std::string& message) const;

  private:
    struct Option {
        std::string name, placeholder, help; // a flag has no placeholder
        std::function<void(const std::string&)> set;
    };
    std::string help() const;
    void set(const Option& option, const std::string& text) const;

    std::string program_, usage_, description_;
    std::vector<Option> options_;
};

/// Calls `main`; gives its status. An exception that leaves it becomes one line on stderr, which
/// names the program, the type of the error and its message, and status 1. Where the type and the
/// message would be those of the standard library, it says in plain words what went wrong.
int run_program(int argc, char* argv[], int (*main)(int argc, char* argv[]));

} // namespace twist
