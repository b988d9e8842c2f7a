#include "twist/program/arguments.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "twist/base/error.hpp"

namespace twist {

std::vector<Address> parse_addresses(CommandLine& command_line, int argc, char* argv[],
                                     std::size_t least) {
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() < least) {
        std::cout << command_line.help() << '\n';
        std::exit(0);
    }
    std::vector<Address> addresses;
    addresses.reserve(arguments.size());
    for (const std::string& argument : arguments)
        addresses.push_back(parse_address(command_line, argument));
    return addresses;
}

std::string parse_poetry_file(CommandLine& command_line, int argc, char* argv[]) {
    const auto arguments = command_line.parse(argc, argv);
    if (arguments.size() != 1)
        command_line.fail("Provide exactly one poetry file.");
    const std::string& path = arguments.front();
    std::error_code ignored; // read_file() will meet it again, and throw
    const auto type = std::filesystem::status(path, ignored).type();
    if (type == std::filesystem::file_type::not_found)
        command_line.fail("No such file: " + path);
    if (type == std::filesystem::file_type::directory)
        command_line.fail("Not a file but a directory: " + path);
    return path;
}

Address parse_address(const CommandLine& command_line, const std::string& text) {
    try {
        return parse_address(text);
    } catch (const UsageError& error) {
        command_line.fail(error.what());
    }
}

} // namespace twist
