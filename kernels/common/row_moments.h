// SPDX-License-Identifier: Apache-2.0
// Sums, sums of squares and moments of rows. For *.isa.cpp files only.
#pragma once

#include "kernels/common/row_vector.h"

namespace fgx::FGX_ISA::row {

// Sums are folded from pieces of this length, in order.
inline constexpr int64_t kMomentsPiece = 4096;

// Sum of term(x) in four vectors of partial sums, then pairwise. term(neutral) is zero.
template <typename T, typename Term>
inline typename Compute<T>::Scalar sum_of(const T* x, int64_t n,
                                          typename Compute<T>::Scalar neutral, Term&& term) {
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  Vec sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int k = 0; k < 4; k += 2) {
      const Pair<T> pair = load_pair(x + i + k * kLanes);
      sums[k] += term(pair.first);
      sums[k + 1] += term(pair.second);
    }
  }
  for (; i + kLanes <= n; i += kLanes) sums[0] += term(load(x + i));
  if (i < n) sums[1] += term(load_some(x + i, static_cast<int>(n - i), neutral));
  return sum_lanes((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

template <typename T>
inline double plain_sum(const T* x, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i += kMomentsPiece) {
    total += static_cast<double>(
        sum_of(x + i, n - i < kMomentsPiece ? n - i : kMomentsPiece, 0, [](auto v) { return v; }));
  }
  return total;
}

template <typename T>
inline double sum_of_squares(const T* x, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i += kMomentsPiece) {
    total += static_cast<double>(sum_of(x + i, n - i < kMomentsPiece ? n - i : kMomentsPiece, 0,
                                        [](auto v) { return v * v; }));
  }
  return total;
}

struct Moments {
  double rest = 0;     // sum of x - mean: what rounding left out of the mean
  double squares = 0;  // sum of (x - mean)^2
};

template <typename T>
inline void add_moments(const T* x, int64_t n, typename Compute<T>::Scalar mean, Moments* moments) {
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  for (int64_t start = 0; start < n; start += kMomentsPiece, x += kMomentsPiece) {
    const int64_t count = n - start < kMomentsPiece ? n - start : kMomentsPiece;
    Vec rest[4] = {};
    Vec squares[4] = {};
    const auto add = [&](int k, Vec value) {
      const Vec centred = value - mean;
      rest[k] += centred;
      squares[k] += centred * centred;
    };
    int64_t i = 0;
    for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
      for (int k = 0; k < 4; k += 2) {
        const Pair<T> pair = load_pair(x + i + k * kLanes);
        add(k, pair.first);
        add(k + 1, pair.second);
      }
    }
    for (; i + kLanes <= count; i += kLanes) add(0, load(x + i));
    if (i < count) add(1, load_some(x + i, static_cast<int>(count - i), mean));
    moments->rest += static_cast<double>(sum_lanes((rest[0] + rest[2]) + (rest[1] + rest[3])));
    moments->squares +=
        static_cast<double>(sum_lanes((squares[0] + squares[2]) + (squares[1] + squares[3])));
  }
}

}  // namespace fgx::FGX_ISA::row
