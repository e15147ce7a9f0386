// SPDX-License-Identifier: Apache-2.0
// layer_norm and rms_norm of rows: each row comes from memory once and stays in the first cache.
#include "kernels/common/row_moments.h"
#include "kernels/stable/norm/norm_kernels.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;
static_assert(kNormPiece == kMomentsPiece);

// What a row is scaled by: y = ((x - mean) * factor + shift) * weight + bias. `shift` makes up for the
// rounding of the mean.
template <typename Scalar>
struct Scaling {
  Scalar mean;
  Scalar factor;
  Scalar shift;
};

template <bool kCentred, bool kWeight, bool kBias, typename T, typename W, typename Scalar>
void finish_row(const T* x, const W* weight, const W* bias, T* y, int64_t n,
                Scaling<Scalar> scaling) {
  constexpr int kLanes = Compute<T>::kLanes;
  const auto apply = [&](auto v) {
    if constexpr (kCentred) {
      return (v - scaling.mean) * scaling.factor + scaling.shift;
    } else {
      return v * scaling.factor;
    }
  };
  int64_t i = 0;
  if constexpr (sizeof(T) == sizeof(W)) {  // else their pairs are in different orders
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      Pair<T> v = load_pair(x + i);
      v.first = apply(v.first);
      v.second = apply(v.second);
      if constexpr (kWeight) {
        const Pair<W> w = load_pair(weight + i);
        v.first = v.first * w.first;
        v.second = v.second * w.second;
      }
      if constexpr (kBias) {
        const Pair<W> b = load_pair(bias + i);
        v.first = v.first + b.first;
        v.second = v.second + b.second;
      }
      store_pair(y + i, v.first, v.second);
    }
  }
  for (; i + kLanes <= n; i += kLanes) {
    auto v = apply(load(x + i));
    if constexpr (kWeight) v = v * load(weight + i);
    if constexpr (kBias) v = v + load(bias + i);
    store(y + i, v);
  }
  if (i < n) {
    const int some = static_cast<int>(n - i);
    auto v = apply(load_some(x + i, some, 0));
    if constexpr (kWeight) v = v * load_some(weight + i, some, 0);
    if constexpr (kBias) v = v + load_some(bias + i, some, 0);
    store_some(y + i, v, some);
  }
}

template <bool kCentred, typename T, typename W, typename Scalar>
void finish_any(const T* x, const W* weight, const W* bias, T* y, int64_t n,
                Scaling<Scalar> scaling) {
  if (weight != nullptr && bias != nullptr) {
    finish_row<kCentred, true, true>(x, weight, bias, y, n, scaling);
  } else if (weight != nullptr) {
    finish_row<kCentred, true, false>(x, weight, bias, y, n, scaling);
  } else if (bias != nullptr) {
    finish_row<kCentred, false, true>(x, weight, bias, y, n, scaling);
  } else {
    finish_row<kCentred, false, false>(x, weight, bias, y, n, scaling);
  }
}

// 1 / sqrt(mean square + eps), in the compute type as PyTorch does.
template <typename Scalar>
Scalar factor_of(double mean_square, double eps) {
  if constexpr (sizeof(Scalar) == 8) {
    return 1 / __builtin_sqrt(mean_square + eps);
  } else {
    return 1 / __builtin_sqrtf(static_cast<float>(mean_square) + static_cast<float>(eps));
  }
}

template <typename Scalar>
Scaling<Scalar> layer_scaling(Scalar mean, const Moments& moments, int64_t n, double eps) {
  const double rest = moments.rest / static_cast<double>(n);
  const double variance = moments.squares / static_cast<double>(n) - rest * rest;
  const Scalar factor = factor_of<Scalar>(variance < 0 ? 0 : variance, eps);
  return {mean, factor, static_cast<Scalar>(-rest) * factor};
}

template <typename T, typename W>
void layer_norm_rows(const NormRows& work) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(work.x);
  T* y = static_cast<T*>(work.y);
  for (int64_t r = 0; r < work.rows; ++r, x += work.x_stride, y += work.y_stride) {
    const Scalar mean = static_cast<Scalar>(plain_sum(x, work.n) / static_cast<double>(work.n));
    Moments moments;
    add_moments(x, work.n, mean, &moments);
    finish_any<true>(x, static_cast<const W*>(work.weight), static_cast<const W*>(work.bias), y,
                     work.n, layer_scaling(mean, moments, work.n, work.eps));
  }
}

template <typename T, typename W>
void rms_norm_rows(const NormRows& work) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(work.x);
  T* y = static_cast<T*>(work.y);
  for (int64_t r = 0; r < work.rows; ++r, x += work.x_stride, y += work.y_stride) {
    const double squares = sum_of_squares(x, work.n);
    const Scalar factor = factor_of<Scalar>(squares / static_cast<double>(work.n), work.eps);
    finish_any<false>(x, static_cast<const W*>(work.weight), static_cast<const W*>(nullptr), y,
                      work.n, Scaling<Scalar>{0, factor, 0});
  }
}

template <typename T>
void add_row(const T* a, const T* b, T* sum, int64_t n) {
  constexpr int kLanes = Compute<T>::kLanes;
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Pair<T> left = load_pair(a + i);
    const Pair<T> right = load_pair(b + i);
    store_pair(sum + i, left.first + right.first, left.second + right.second);
  }
  for (; i + kLanes <= n; i += kLanes) store(sum + i, load(a + i) + load(b + i));
  if (i < n) {
    const int some = static_cast<int>(n - i);
    store_some(sum + i, load_some(a + i, some, 0) + load_some(b + i, some, 0), some);
  }
}

template <typename T, typename W>
void add_rms_norm_rows(const AddNormRows& work) {
  NormRows row = work.norm;
  row.rows = 1;
  for (int64_t r = 0; r < work.norm.rows; ++r) {
    const int64_t start = r * row.n;
    T* sum = static_cast<T*>(const_cast<void*>(work.norm.x)) + start;
    add_row(static_cast<const T*>(work.input) + start, static_cast<const T*>(work.residual) + start,
            sum, row.n);
    row.x = sum;
    row.y = static_cast<T*>(work.norm.y) + start;
    rms_norm_rows<T, W>(row);
  }
}

template <typename T>
double step_sum(const void* x, int64_t n) {
  return plain_sum(static_cast<const T*>(x), n);
}
template <typename T>
void step_moments(const void* x, int64_t n, NormSums* sums) {
  using Scalar = typename Compute<T>::Scalar;
  const double mean = sums->centred ? sums->sum / static_cast<double>(sums->length) : 0;
  Moments moments{sums->rest, sums->squares};
  add_moments(static_cast<const T*>(x), n, static_cast<Scalar>(mean), &moments);
  sums->rest = moments.rest;
  sums->squares = moments.squares;
}
template <typename T, typename W>
void step_finish(const void* x, const void* weight, const void* bias, void* y, int64_t n,
                 const NormSums& sums) {
  using Scalar = typename Compute<T>::Scalar;
  const double length = static_cast<double>(sums.length);
  const T* from = static_cast<const T*>(x);
  T* to = static_cast<T*>(y);
  const W* w = static_cast<const W*>(weight);
  const W* b = static_cast<const W*>(bias);
  if (sums.centred) {
    finish_any<true>(from, w, b, to, n,
                     layer_scaling(static_cast<Scalar>(sums.sum / length),
                                   Moments{sums.rest, sums.squares}, sums.length, sums.eps));
  } else {
    const Scalar factor = factor_of<Scalar>(sums.squares / length, sums.eps);
    finish_any<false>(from, w, b, to, n, Scaling<Scalar>{0, factor, 0});
  }
}

template <typename T, typename W>
constexpr NormKernels kKernels = {layer_norm_rows<T, W>,   rms_norm_rows<T, W>,
                                  add_rms_norm_rows<T, W>, step_sum<T>,
                                  step_moments<T>,         step_finish<T, W>};

}  // namespace

extern const NormTable norm_table = {{kKernels<F16, F16>, kKernels<BF16, BF16>,
                                      kKernels<float, float>, kKernels<double, double>,
                                      kKernels<F16, float>, kKernels<BF16, float>}};

}  // namespace fgx::FGX_ISA
