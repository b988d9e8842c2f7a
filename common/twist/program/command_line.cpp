#include "twist/program/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
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
#include "twist/base/usage.hpp"

namespace twist {

namespace {

// All of `text` as a number above 0. Throws UsageError.
template <class Number>
Number positive(const std::string& text, const char* kind) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc::invalid_argument || stop != end)
        throw UsageError(std::string("invalid ") + kind + " value: '" + text + "'");
    if (error != std::errc() || !(number > 0) || !std::isfinite(static_cast<double>(number)))
        throw UsageError("must be more than 0, and not '" + text + "'");
    return number;
}

double positive_fraction(const std::string& text) {
    return positive<double>(text, "floating-point");
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

} // namespace

CommandLine::CommandLine(std::string usage, std::string description)
    : usage_(std::move(usage)), description_(std::move(description)) {}

void CommandLine::option(const std::string& name, std::uint16_t& port, const std::string& help) {
    options_.push_back({name, "N", help, [&port](auto& text) { port = parse_port(text); }});
}

void CommandLine::option(const std::string& name, std::string& text, const std::string& help) {
    options_.push_back({name, "TEXT", help, [&text](auto& value) { text = value; }});
}

void CommandLine::option(const std::string& name, Seconds& seconds, const std::string& help) {
    options_.push_back({name, "SECONDS", help,
                        [&seconds](auto& text) { seconds = Seconds(positive_fraction(text)); }});
}

void CommandLine::option(const std::string& name, double& factor, const std::string& help) {
    options_.push_back(
        {name, "N", help, [&factor](auto& text) { factor = positive_fraction(text); }});
}

void CommandLine::option(const std::string& name, std::size_t& count, const std::string& help) {
    options_.push_back({name, "N", help, [&count](auto& text) {
                            count = static_cast<std::size_t>(positive<long>(text, "integer"));
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
                         option.placeholder.empty() ? no_argument : required_argument, nullptr, 0});
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
        if (found == '?')
            fail("no such option: " +
                 (::optopt > 0 ? std::string{'-', static_cast<char>(::optopt)} : word));
        set(options_[static_cast<std::size_t>(index) - 1], ::optarg ? ::optarg : "");
    }
    return {argv + ::optind, argv + argc};
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
        std::cout << std::flush;
        std::cerr << std::filesystem::path(argv[0]).filename().string() << ": " << in_words()
                  << '\n';
        return 1;
    }
}

} // namespace twist
