// SPDX-License-Identifier: Apache-2.0
// Conditions that an implementation puts on a call: data, so that they can be printed, compared and
// evaluated without allocation.
#pragma once

#include <cstdint>
#include <string>

#include "tensor/dtype.h"

namespace fgx {

class Call;

struct Constraint {
  enum class Kind : uint8_t {
    kDType,       // element type of a tensor argument is in `dtypes`
    kSameDType,   // all present tensor inputs share one element type
    kRank,        // ndim of a tensor argument in [low, high]
    kDim,         // size of dimension `dim` (negative: from the end) in [low, high]
    kDivisible,   // that size is a multiple of `low`
    kNumel,       // number of elements of a tensor argument in [low, high]
    kContiguous,  // a tensor argument is contiguous (outputs too when argument is kAllTensors)
    kAligned,     // its address is a multiple of `low` bytes
    kChoice,      // a string attribute has index `low` in its list of legal values
    kInteger,     // an int or bool attribute in [low, high]
    kAbsent,      // an optional argument is None
    kRows,        // product of all dimensions but the last in [low, high]
    kCpuFeature,  // the machine has instruction set `low` (an Isa)
  };
  // Pseudo-argument: every tensor, inputs and outputs.
  static constexpr int8_t kAllTensors = -1;

  Kind kind;
  int8_t argument = 0;  // index in the schema
  int8_t dim = 0;
  DTypeSet dtypes = {};
  int64_t low = 0;
  int64_t high = INT64_MAX;

  // Whether the call meets it. Reads shapes, types and addresses, never data; allocates nothing.
  bool holds(const Call& call) const;
  // E.g. "rows of self in 1..64", for explain and records.
  std::string text(const Call& call) const;
  // The reason code that a refusal by this constraint carries, e.g. "dtype", "dim_range".
  const char* reason() const;

  friend bool operator==(const Constraint& a, const Constraint& b) {
    return a.kind == b.kind && a.argument == b.argument && a.dim == b.dim &&
           a.dtypes.bits() == b.dtypes.bits() && a.low == b.low && a.high == b.high;
  }
};

}  // namespace fgx
