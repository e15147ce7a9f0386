// SPDX-License-Identifier: Apache-2.0
// Reading and writing the files that are named on the command line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cli {

// No input of this program is larger: the largest real one is a few MB.
inline constexpr size_t kMaxFileSize = size_t{256} << 20;

// Reads a whole regular file; never blocks on a pipe or device. Throws Failure: not found, or
// refused (not a regular file, larger than `limit`, unreadable).
std::string read_file(const std::string& path, size_t limit = kMaxFileSize);

// Writes a file as a whole or not at all: a temporary file beside it, fsync, rename. Throws Failure.
void write_file(const std::string& path, std::string_view content);

// Makes a directory (not its parents) unless it exists. Throws Failure.
void make_directory(const std::string& path);

}  // namespace cli
