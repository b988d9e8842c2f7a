// The arguments of the clients and servers: addresses, and a poem's file. A mistake ends the
// program like CommandLine::fail.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "twist/net/address.hpp"
#include "twist/program/command_line.hpp"

namespace twist {

/// The arguments of a client: addresses. If there are fewer than `least`, prints the help, and ends
/// the program with status 0.
std::vector<Address> parse_addresses(CommandLine& command_line, int argc, char* argv[],
                                     std::size_t least = 1);

/// The one argument of a server: a poem's file. No argument, several, a missing file and a
/// directory are mistakes; read_file() refuses other kinds of files.
std::string parse_poetry_file(CommandLine& command_line, int argc, char* argv[]);

/// `text` as an address.
Address parse_address(const CommandLine& command_line, const std::string& text);

} // namespace twist
