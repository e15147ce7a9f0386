// SPDX-License-Identifier: Apache-2.0
// What a tensor holds, for people: dtype names, elements as numbers, a summary.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flaggems_exp.h"

namespace cli {

// PyTorch's name, e.g. "float16".
std::string dtype_name(fgx_dtype dtype);
// "[8,128]".
std::string shape_text(const fgx_tensor& tensor);

struct TensorSummary {
  int64_t elements = 0;
  int64_t nans = 0;
  int64_t infinities = 0;
  double min = 0;  // of the finite ones; nan when there are none
  double max = 0;
  double mean = 0;
  std::vector<double> first;  // in row-major order
};

// Reads a CPU tensor. `first` says how many elements to list.
TensorSummary summarize(const fgx_tensor& tensor, size_t first);

}  // namespace cli
