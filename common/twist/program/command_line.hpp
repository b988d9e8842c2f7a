// The command line of a program, and its exit status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "twist/base/seconds.hpp"

namespace twist {

/// The options and arguments of a program, in any order. A mistake on the command line ends the
/// program like fail(); --help prints the usage, and ends it with status 0.
class CommandLine {
  public:
    /// `usage` is what follows the program's name; `description` says what the program does.
    CommandLine(std::string usage, std::string description);

    // An option's name, the variable that it sets, and its line in --help. The variable's value
    // before parse() is the default. Numbers, except for ports, must be above 0.
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

    /// The same for a program that takes options only: an argument is a mistake.
    void parse_options(int argc, char* argv[]);

    /// Prints the usage and `message` on stderr and ends the program with status 2.
    [[noreturn]] void fail(const std::string& message) const;

    /// What --help prints.
    std::string help() const;

  private:
    struct Option {
        std::string name, placeholder, help; // a flag has no placeholder
        std::function<void(const std::string&)> set;
    };
    void set(const Option& option, const std::string& text) const;

    std::string program_, usage_, description_;
    std::vector<Option> options_;
};

/// Calls `main` and returns its status. An exception that comes out of it is printed as one line on
/// stderr, with the program's name, the type of the error and its message; the status is 1. For a
/// lack of memory and for errors of the system the line says in plain words what went wrong.
int run_program(int argc, char* argv[], int (*main)(int argc, char* argv[]));

/// The same for a program that takes no options and no arguments: calls `program`, and returns 0.
int run_program(int argc, char* argv[], const std::string& description, void (*program)());

} // namespace twist
