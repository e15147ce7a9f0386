// SPDX-License-Identifier: Apache-2.0
// layer_norm and rms_norm of rows: each row comes from memory once and stays in the first cache.
#include "kernels/common/row_vector.h"
#include "kernels/stable/norm/norm_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

// Sum of term(x) in four vectors of partial sums, then pairwise. term(neutral) is zero.
template <typename T, typename Term>
typename Compute<T>::Scalar sum_of(const T* x, int64_t n, typename Compute<T>::Scalar neutral,
                                   Term&& term) {
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  Vec sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int k = 0; k < 4; ++k) sums[k] += term(load(x + i + k * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) sums[0] += term(load(x + i));
  if (i < n) sums[1] += term(load_some(x + i, static_cast<int>(n - i), neutral));
  return sum_lanes((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

template <typename T>
double plain_sum(const T* x, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i += kNormPiece) {
    total += static_cast<double>(
        sum_of(x + i, n - i < kNormPiece ? n - i : kNormPiece, 0, [](auto v) { return v; }));
  }
  return total;
}

template <typename T>
double sum_of_squares(const T* x, int64_t n, typename Compute<T>::Scalar mean) {
  double total = 0;
  for (int64_t i = 0; i < n; i += kNormPiece) {
    total += static_cast<double>(
        sum_of(x + i, n - i < kNormPiece ? n - i : kNormPiece, mean, [mean](auto v) {
          const auto centred = v - mean;
          return centred * centred;
        }));
  }
  return total;
}

// y = (x - mean) * factor * weight + bias.
template <bool kWeight, bool kBias, typename T, typename W, typename Scalar>
void finish_row(const T* x, const W* weight, const W* bias, T* y, int64_t n, Scalar mean,
                Scalar factor) {
  constexpr int kLanes = Compute<T>::kLanes;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    auto v = (load(x + i) - mean) * factor;
    if constexpr (kWeight) v = v * load(weight + i);
    if constexpr (kBias) v = v + load(bias + i);
    store(y + i, v);
  }
  if (i < n) {
    const int some = static_cast<int>(n - i);
    auto v = (load_some(x + i, some, 0) - mean) * factor;
    if constexpr (kWeight) v = v * load_some(weight + i, some, 0);
    if constexpr (kBias) v = v + load_some(bias + i, some, 0);
    store_some(y + i, v, some);
  }
}

template <typename T, typename W>
void finish_any(const T* x, const W* weight, const W* bias, T* y, int64_t n,
                typename Compute<T>::Scalar mean, typename Compute<T>::Scalar factor) {
  if (weight != nullptr && bias != nullptr) {
    finish_row<true, true>(x, weight, bias, y, n, mean, factor);
  } else if (weight != nullptr) {
    finish_row<true, false>(x, weight, bias, y, n, mean, factor);
  } else if (bias != nullptr) {
    finish_row<false, true>(x, weight, bias, y, n, mean, factor);
  } else {
    finish_row<false, false>(x, weight, bias, y, n, mean, factor);
  }
}

// 1 / sqrt(mean square + eps), rounded to the compute type as PyTorch does.
template <typename Scalar>
Scalar factor_of(double squares, int64_t n, double eps) {
  const Scalar variance = static_cast<Scalar>(squares / static_cast<double>(n));
  if constexpr (sizeof(Scalar) == 8) {
    return 1 / __builtin_sqrt(variance + eps);
  } else {
    return 1 / __builtin_sqrtf(variance + static_cast<float>(eps));
  }
}

template <typename T, typename W>
void layer_norm_rows(const NormRows& work) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(work.x);
  T* y = static_cast<T*>(work.y);
  for (int64_t r = 0; r < work.rows; ++r, x += work.x_stride, y += work.y_stride) {
    const Scalar mean = static_cast<Scalar>(plain_sum(x, work.n) / static_cast<double>(work.n));
    const Scalar factor = factor_of<Scalar>(sum_of_squares(x, work.n, mean), work.n, work.eps);
    finish_any(x, static_cast<const W*>(work.weight), static_cast<const W*>(work.bias), y, work.n,
               mean, factor);
  }
}

template <typename T, typename W>
void rms_norm_rows(const NormRows& work) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(work.x);
  T* y = static_cast<T*>(work.y);
  for (int64_t r = 0; r < work.rows; ++r, x += work.x_stride, y += work.y_stride) {
    const Scalar factor = factor_of<Scalar>(sum_of_squares(x, work.n, Scalar{0}), work.n, work.eps);
    finish_any(x, static_cast<const W*>(work.weight), static_cast<const W*>(nullptr), y, work.n,
               Scalar{0}, factor);
  }
}

template <typename T>
double step_sum(const void* x, int64_t n) {
  return plain_sum(static_cast<const T*>(x), n);
}
template <typename T>
double step_squares(const void* x, int64_t n, double mean) {
  return sum_of_squares(static_cast<const T*>(x), n,
                        static_cast<typename Compute<T>::Scalar>(mean));
}
template <typename T, typename W>
void step_finish(const void* x, const void* weight, const void* bias, void* y, int64_t n,
                 double mean, double factor) {
  using Scalar = typename Compute<T>::Scalar;
  finish_any(static_cast<const T*>(x), static_cast<const W*>(weight), static_cast<const W*>(bias),
             static_cast<T*>(y), n, static_cast<Scalar>(mean), static_cast<Scalar>(factor));
}

template <typename T, typename W>
constexpr NormKernels kKernels = {layer_norm_rows<T, W>, rms_norm_rows<T, W>, step_sum<T>,
                                  step_squares<T>, step_finish<T, W>};

}  // namespace

extern const NormTable norm_table = {{kKernels<F16, F16>, kKernels<BF16, BF16>,
                                      kKernels<float, float>, kKernels<double, double>,
                                      kKernels<F16, float>, kKernels<BF16, float>}};

}  // namespace fgx::FGX_ISA
