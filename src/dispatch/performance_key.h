// SPDX-License-Identifier: Apache-2.0
// What performance statistics are kept by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

// A hash of operator and exact shape, to tell quickly whether a shape was tuned; the same from a call
// and from exact_shape()'s text.
uint64_t shape_hash(const Call& call);
uint64_t shape_hash(std::string_view op, std::string_view exact_shape);

}  // namespace fgx
