// SPDX-License-Identifier: Apache-2.0
// The two performance data files that validate-data and filter-ops read.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cli {

struct PerfFiles {
  std::string yours;
  std::string flaggems;  // "" for none
};

struct PerfTexts {
  std::string yours;
  std::string flaggems;
  bool has_flaggems = false;
  const char* flaggems_data() const { return has_flaggems ? flaggems.c_str() : nullptr; }
  size_t flaggems_size() const { return flaggems.size(); }
};

void add_perf_file_options(CLI::App* command, PerfFiles* files);
// Throws Failure.
PerfTexts read_perf_files(const PerfFiles& files);

}  // namespace cli
