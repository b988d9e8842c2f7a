#include "twist/program/command_line.hpp"

#include <algorithm>
#include <cfloat>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <getopt.h>
#include <iomanip>
#include <iostream>
#include <new>
#include <sstream>
#include <system_error>

#include "twist/base/error.hpp"
#include "twist/base/type_name.hpp"

namespace twist {

namespace {

// All of `text` as a number of that `range`. Throws UsageError.
template <class Number>
Number read_number(const std::string& text, const char* kind, Number least, Number most,
                   const char* range) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc::invalid_argument || stop != end)
        throw UsageError(std::string("invalid ") + kind + " value: '" + text + "'");
    if (error != std::errc() || !(least <= number && number <= most))
        throw UsageError(std::string("must be ") + range + ", and not '" + text + "'");
    return number;
}

double read_fraction(const std::string& text) {
    return read_number(text, "floating-point", DBL_TRUE_MIN, DBL_MAX, "more than 0");
}

// What the user is told of the exception that is being caught.
std::string in_words() {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return "There is not enough memory.";
    } catch (const std::filesystem::filesystem_error& error) {
        std::string tried = error.std::system_error::what(); // and then ": ", and the reason
        tried.resize(std::min(tried.size(), tried.find(": " + error.code().message())));
        return tried + ' ' + error.path1().string() + ": " + describe(error.code()) + ".";
    } catch (const std::system_error& error) {
        return std::string(error.what()) + ".";
    } catch (const std::exception& error) {
        return type_name(typeid(error)) + ": " + error.what();
    } catch (...) {
        return "An exception of type " + type_name(current_exception_type()) + ".";
    }
}

// Prints the exception that is being caught, and returns the program's status.
int print_exception(const std::filesystem::path& program) {
    std::cout << std::flush;
    std::cerr << program.filename().string() << ": " << in_words() << '\n';
    return 1;
}

} // namespace

CommandLine::CommandLine(std::string usage, std::string description)
    : usage_(std::move(usage)), description_(std::move(description)) {}

void CommandLine::option(const std::string& name, std::uint16_t& port, const std::string& help) {
    options_.push_back({name, "N", help, [&port](auto& text) {
                            port = static_cast<std::uint16_t>(
                                read_number(text, "integer", 0L, 65535L, "from 0 to 65535"));
                        }});
}

void CommandLine::option(const std::string& name, std::string& text, const std::string& help) {
    options_.push_back({name, "TEXT", help, [&text](auto& value) { text = value; }});
}

void CommandLine::option(const std::string& name, Seconds& seconds, const std::string& help) {
    options_.push_back({name, "SECONDS", help,
                        [&seconds](auto& text) { seconds = Seconds(read_fraction(text)); }});
}

void CommandLine::option(const std::string& name, double& factor, const std::string& help) {
    options_.push_back({name, "N", help, [&factor](auto& text) { factor = read_fraction(text); }});
}

void CommandLine::option(const std::string& name, std::size_t& count, const std::string& help) {
    options_.push_back({name, "N", help, [&count](auto& text) {
                            count = static_cast<std::size_t>(
                                read_number(text, "integer", 1L, LONG_MAX, "more than 0"));
                        }});
}

void CommandLine::choice(const std::string& name, std::string& value,
                         const std::vector<std::string>& choices, const std::string& help) {
    std::string all;
    for (const std::string& choice : choices)
        all += (all.empty() ? "" : "|") + choice;
    options_.push_back({name, all, help, [&value, choices, all](auto& text) {
                            if (std::ranges::find(choices, text) == choices.end())
                                throw UsageError("must be " + all + ", and not '" + text + "'");
                            value = text;
                        }});
}

void CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
    options_.push_back({name, "", help, [&value](auto&) { value = true; }});
}

std::vector<std::string> CommandLine::parse(int argc, char* argv[]) {
    program_ = std::filesystem::path(argv[0]).filename();
    std::vector<::option> known{{"help", no_argument, nullptr, 'h'}};
    for (const Option& option : options_)
        known.push_back({option.name.c_str(),
                         option.placeholder.empty() ? no_argument : required_argument, nullptr, 1});
    known.push_back({});

    ::optind = 0; // makes getopt_long start afresh
    ::opterr = 0; // we say ourselves what is wrong
    int index = 0;
    for (int found; (found = ::getopt_long(argc, argv, ":h", known.data(), &index)) != -1;) {
        const std::string word = argv[::optind - 1];
        if (found == 'h') {
            std::cout << help();
            std::exit(0);
        }
        if (found == ':')
            fail("option " + word + " needs a value");
        if (found == '?' && (::optopt == 'h' || ::optopt == 1))
            fail("option " + word.substr(0, word.find('=')) + " takes no value");
        if (found == '?')
            fail("no such option: " +
                 (::optopt > 0 ? std::string{'-', static_cast<char>(::optopt)} : word));
        set(options_[static_cast<std::size_t>(index) - 1], // the first known one is --help
            ::optarg ? ::optarg : "");
    }
    return {argv + ::optind, argv + argc};
}

void CommandLine::parse_options(int argc, char* argv[]) {
    if (!parse(argc, argv).empty())
        fail("Bad arguments.");
}

void CommandLine::set(const Option& option, const std::string& text) const {
    try {
        option.set(text);
    } catch (const UsageError& error) {
        fail("option --" + option.name + ": " + error.what());
    }
}

void CommandLine::fail(const std::string& message) const {
    std::cerr << "Usage: " << program_ << ' ' << usage_ << "\n\n"
              << program_ << ": error: " << message << '\n';
    std::exit(2);
}

std::string CommandLine::help() const {
    std::ostringstream text;
    text << "Usage: " << program_ << ' ' << usage_ << "\n\n" << description_ << "\n\nOptions:\n";
    const auto line = [&](const std::string& name, const std::string& help) {
        text << "  " << std::left << std::setw(20) << name << "  " << help << '\n';
    };
    line("-h, --help", "show this help message and exit");
    for (const Option& option : options_)
        line("--" + option.name + (option.placeholder.empty() ? "" : "=" + option.placeholder),
             option.help);
    return text.str();
}

int run_program(int argc, char* argv[], int (*main)(int argc, char* argv[])) {
    try {
        return main(argc, argv);
    } catch (...) {
        return print_exception(argv[0]);
    }
}

int run_program(int argc, char* argv[], const std::string& description, void (*program)()) {
    try {
        CommandLine("[options]", description).parse_options(argc, argv);
        program();
        return 0;
    } catch (...) {
        return print_exception(argv[0]);
    }
}

} // namespace twist
