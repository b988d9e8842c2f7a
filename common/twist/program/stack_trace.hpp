// Who called whom: a stack trace that people can read. Stands for Python's traceback.print_stack.
#pragma once

#include <iosfwd>

namespace twist {

/// Prints the calls that lead to this one, outermost first, one line each: "function at file:line".
/// Inlined calls are there too; those inside libevent are one line, and those inside the standard
/// library are left out. Names and lines come from addr2line; without it there are addresses.
void print_stack_trace(std::ostream& out);

} // namespace twist
