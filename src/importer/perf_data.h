// SPDX-License-Identifier: Apache-2.0
// Performance data files: measured times per operator, shape and dtype, read with every fault
// named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flaggems_exp.h"

namespace fgx {

// Whose times a file holds; decides the name of the time field.
enum class PerfSide { kYours, kFlagGems };

// "your_time" or "flaggems_time".
std::string_view time_field(PerfSide side);

// One measured configuration without fault. Times are milliseconds.
struct PerfConfig {
  std::vector<int64_t> shape;
  std::string dtype;
  double time = 0;
  double cuda_time = 0;
  size_t index = 0;  // position in the file's "configs"
};

struct PerfOperator {
  std::string name;
  std::vector<PerfConfig> configs;  // faulty ones are left out
};

// Something a person has to look at. Faults make a file invalid, warnings do not.
struct PerfFinding {
  std::string code;     // stable word for programs, e.g. "wrong_type"
  std::string pointer;  // JSON pointer into the file; "" is the document
  std::string message;
  size_t line = 0;  // 1-based, for text that is no JSON; else 0
  size_t column = 0;
};

struct PerfFile {
  std::vector<PerfOperator> operators;  // in the file's order
  size_t total_configs = 0;             // those with faults included
  std::vector<PerfFinding> faults;
  std::vector<PerfFinding> warnings;
  bool valid() const { return faults.empty(); }
};

// Times outside of this range (about a femtosecond to a month) are slips, and their ratios could
// overflow.
inline constexpr double kMinTimeMs = 1e-9;
inline constexpr double kMaxTimeMs = 2.6e9;
// A larger dimension is a wrapped or corrupted number: no device measured one.
inline constexpr int64_t kMaxPerfDim = (int64_t{1} << 32) - 1;
inline constexpr size_t kMaxOperatorName = 256;

// Reads a file. Never throws for what the file says; throws std::bad_alloc only.
PerfFile read_perf_file(std::string_view text, PerfSide side);

// "gelu", [64, 64], "float16" -> "64,64:float16": equal exactly when shape and dtype are equal.
std::string configuration_key(const PerfConfig& config);

}  // namespace fgx
