// Reports the calls of the system and the turns of the loop as they happen. The linker puts these
// functions in front of the real ones (--wrap), so the core and the learner's file need no change.
#pragma once

#include <string>

namespace check {

/// Reports one event. If the check fails, the learner sees the last ones.
void event(const std::string& what);

} // namespace check
