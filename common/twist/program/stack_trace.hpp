// A stack trace that people can read. Stands for Python's traceback.print_stack.
#pragma once

#include <iosfwd>

namespace twist {

/// Prints the calls that led here, outermost first, one line each: "function at file:line". Inlined
/// calls are shown, too; those inside libevent are one line, and those inside the standard library
/// are left out. Names and lines come from addr2line; without it, addresses are printed.
void print_stack_trace(std::ostream& out);

} // namespace twist
