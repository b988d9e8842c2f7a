// What the program asks of the system and of the loop, told as it happens. The linker puts these
// functions before the real ones (--wrap), so that neither the core nor the learner's file knows.
#pragma once

#include <string>

namespace check {

/// Tells one event. The last ones are shown to a learner whose check fails.
void event(const std::string& what);

} // namespace check
