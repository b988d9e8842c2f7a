// Reading a file, without waiting for anything.
#pragma once

#include <string>
#include <sys/types.h>

#include "twist/base/file_descriptor.hpp"

namespace twist {

/// The kind of a file: S_IFREG, S_IFIFO and so on. Throws SystemError.
mode_t file_type(const FileDescriptor& file);

/// The bytes of the file `path`. Throws SystemError, also if it is not a regular file: a FIFO may
/// keep its reader waiting for ever, and /dev/zero never ends.
std::string read_file(const std::string& path);

} // namespace twist
