// The option --speed of the programs that wait for seconds, for readers in a hurry.
#pragma once

#include <string>

#include "twist/program/command_line.hpp"

namespace twist {

/// The command line of a program that takes no more than --speed: how many times faster to run.
inline double parse_speed(int argc, char* argv[], const std::string& description) {
    double speed = 1;
    CommandLine command_line("[options]", description);
    command_line.option("speed", speed, "how many times faster to run (default: 1)");
    command_line.parse_options(argc, argv);
    return speed;
}

} // namespace twist
