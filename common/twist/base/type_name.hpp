// The names of types, for people.
#pragma once

#include <string>
#include <typeinfo>

namespace twist {

/// The name of a type as a programmer writes it: "ConnectionDone", "int", "std::runtime_error".
std::string type_name(const std::type_info& type);

/// The type of the exception that is being caught. There must be one.
const std::type_info& current_exception_type();

} // namespace twist
