// SPDX-License-Identifier: Apache-2.0
// What performance statistics are kept by.
#pragma once

#include <string>

#include "schema/call.h"

namespace fgx {

struct PerformanceKey {
  std::string op;          // "aten::gelu"
  std::string device;      // "cpu"
  std::string signature;   // bucketed dims: "1K_512"
  std::string dtype;       // "float32"; several kinds joined with "x"
  std::string layout;      // per tensor c (contiguous) or s (strided)
  std::string attributes;  // those that the schema marks as relevant for speed

  // One line that identifies it, for tables.
  std::string text() const;
  friend bool operator==(const PerformanceKey&, const PerformanceKey&) = default;
};

PerformanceKey performance_key(const Call& call);
// The exact dims of the inputs, e.g. "1000_500x1000_500": tuned ratios are kept by them.
std::string exact_shape(const Call& call);

}  // namespace fgx
