// For tests: a temporary directory.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "twist/base/error.hpp"

namespace twist {

/// An empty directory; the destructor removes it with its contents.
class Scratch {
  public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "twist-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw SystemError("no scratch directory", last_error());
        directory_ = name;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::string path(const std::string& name) const { return (directory_ / name).string(); }

    std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    bool has(const std::string& name) const { return std::filesystem::exists(path(name)); }

  private:
    std::filesystem::path directory_;
};

} // namespace twist
