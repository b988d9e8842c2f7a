// What is in a file, without waiting for anything.
#pragma once

#include <string>
#include <sys/types.h>

#include "twist/base/file_descriptor.hpp"

namespace twist {

/// S_IFREG, S_IFIFO and so on: what kind of file the descriptor is of. Throws SystemError.
mode_t file_type(const FileDescriptor& file);

/// All that is in the file `path`, as bytes. Throws SystemError; so it does for whatever is not a
/// regular file: a FIFO may keep its reader waiting for ever, and /dev/zero never ends.
std::string read_file(const std::string& path);

} // namespace twist
