// SPDX-License-Identifier: Apache-2.0
// Seeded input values for verification: the same bits on every platform, legal for the operator.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "schema/operator.h"
#include "tensor/tensor_view.h"

namespace fgx {

// 64 random bits as a pure function of its arguments, so that any element can be drawn alone.
uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t index);
// Uniform in [0, bound), bound > 0.
int64_t random_below(uint64_t seed, uint64_t stream, uint64_t index, int64_t bound);

// How the values of a case are drawn.
enum class Distribution : uint8_t {
  kNormal,   // bell-shaped around 0 with deviation 1; integers in -10..10
  kUniform,  // in [-2, 2); integers over their whole range
  kGrid,     // multiples of 1/2 in [-4, 4]: ties, zeros, and the corners of piecewise functions
  kSpecial,  // normal, sprinkled with NaN, infinities, -0.0, subnormals, integer limits
  kSmall,    // normal, scaled by 2^-10
  kLarge,    // normal, scaled so that overflow is near where the operator can overflow
};
inline constexpr int kDistributionCount = 6;
const char* distribution_name(Distribution distribution);
// A seed chooses the distribution too, so that expression and seed alone reproduce a case.
constexpr Distribution distribution_of(uint64_t seed) {
  return static_cast<Distribution>(seed % kDistributionCount);
}
// The smallest seed >= `base` * kDistributionCount that has this distribution.
constexpr uint64_t seed_of(uint64_t base, Distribution distribution) {
  return base * kDistributionCount + static_cast<uint64_t>(distribution);
}

// What legal values of an argument look like.
struct ValueHint {
  enum class Kind : uint8_t {
    kAny,
    kIndex,     // integers in [0, limit)
    kSign,      // -1 or 1
    kPositive,  // above zero
  };
  Kind kind = Kind::kAny;
  int64_t limit = 0;
};
// The hint of schema argument `argument`, given the shapes of the call's tensor inputs.
// `shapes[i]` is the shape of the first tensor of schema argument i (empty where there is none).
ValueHint value_hint(const OperatorDef& op, int argument,
                     std::span<const std::vector<int64_t>> shapes);

// How far kSpecial and kLarge go: as far as what the operator does with the values can be judged.
enum class ValueRange : uint8_t {
  kElements,  // each result depends on few elements: everything the type holds
  kTerms,     // many elements meet in a result: no numbers so large that any sum overflows
  kFactors,   // operands of products, which matrix units may flush: no subnormals either
  kWeighted,  // averaged by weights that may be 0 or masked: no NaN, no infinity either
};

// Fills a tensor with values drawn by (seed, stream, row-major element index): they do not depend on
// the layout.
void fill_values(const TensorView& tensor, const ValueHint& hint, uint64_t seed, uint64_t stream,
                 ValueRange range);
// What the library uses for one tensor of a call: hint, stream and range follow from the operator.
void fill_input(const OperatorDef& op, int argument, int tensor_index, const TensorView& tensor,
                std::span<const std::vector<int64_t>> shapes, uint64_t seed);

// The same for a bound call, always normally distributed: for tensors that users ask for by a seed.
void fill_call_input(const Call& call, int argument, int place, const TensorView& view,
                     uint64_t seed);

}  // namespace fgx
