// log 1.0 - messages and errors in a log with timestamps. Answers basic-twisted/log.py
#include "twist/base/log.hpp"
#include "application/log_file.hpp"
#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/program/command_line.hpp"

#include <string>

void read_poem(const std::string& name) {
    throw twist::Exception("The page with " + name + " is torn out.");
}

int log_main(int argc, char* argv[]) {
    std::string logfile = "-";
    twist::CommandLine command_line("[options]", "Logs two messages and two errors.");
    command_line.option("logfile", logfile, "the log; - is stdout, which is the default");
    if (!command_line.parse(argc, argv).empty())
        command_line.fail("There are only options, no arguments.");

    twist::log::msg("Nobody hears this: there is no log yet.");
    const twist::log::LogFile log(logfile);
    twist::log::msg("This is a message.");
    twist::log::msg("This is a message\nof two lines.");

    try {
        read_poem("Ecstasy");
    } catch (...) {
        twist::log::err(twist::Failure()); // the exception being caught
    }

    const twist::Deferred<std::string> d;
    d.add_callback(read_poem);
    d.callback("Science");
    return 0; // the Deferred is destroyed with an unhandled error
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, log_main);
}
