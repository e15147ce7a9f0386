// SPDX-License-Identifier: Apache-2.0
// The largest element of a run, for max and argmax.
#pragma once

#include "kernels/common/row_vector.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

// Hardware maxima drop NaN, so it is looked for beside them, two vectors per comparison.
template <typename T>
struct Largest {
  typename Compute<T>::Scalar value;  // of the numbers
  bool nan;                           // there is one
};

template <typename T>
Largest<T> find_largest(const T* x, int64_t n) {
  using Vec = typename Compute<T>::Vec;
  using Scalar = typename Compute<T>::Scalar;
  constexpr int kLanes = Compute<T>::kLanes;
  const Scalar lowest = static_cast<Scalar>(-__builtin_inf());
  Vec best[4] = {splat(lowest), splat(lowest), splat(lowest), splat(lowest)};
  auto nan = either_nan(best[0], best[0]);
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    const Pair<T> low = load_pair(x + i);
    const Pair<T> high = load_pair(x + i + 2 * kLanes);
    nan |= either_nan(low.first, low.second) | either_nan(high.first, high.second);
    best[0] = larger(low.first, best[0]);
    best[1] = larger(low.second, best[1]);
    best[2] = larger(high.first, best[2]);
    best[3] = larger(high.second, best[3]);
  }
  for (; i + kLanes <= n; i += kLanes) {
    const Vec a = load(x + i);
    nan |= either_nan(a, a);
    best[0] = larger(a, best[0]);
  }
  if (i < n) {
    const Vec a = load_some(x + i, static_cast<int>(n - i), lowest);
    nan |= either_nan(a, a);
    best[0] = larger(a, best[0]);
  }
  return {max_lanes(larger(larger(best[0], best[1]), larger(best[2], best[3]))), any(nan)};
}

}  // namespace
}  // namespace fgx::FGX_ISA
