// SPDX-License-Identifier: Apache-2.0
// softmax and log_softmax of rows and of columns.
#include "kernels/stable/softmax/softmax_kernels.h"

#include "kernels/common/row_exp.h"
#include "kernels/common/row_vector.h"
#include "kernels/common/simd_math.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

// NaN anywhere makes the whole row NaN through its exponential, so that maxima may drop it.
template <typename T>
typename Compute<T>::Scalar largest_of(const T* x, int64_t n) {
  using Vec = typename Compute<T>::Vec;
  using Scalar = typename Compute<T>::Scalar;
  constexpr int kLanes = Compute<T>::kLanes;
  const Scalar lowest = static_cast<Scalar>(-__builtin_inf());
  Vec best[4] = {splat(lowest), splat(lowest), splat(lowest), splat(lowest)};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int k = 0; k < 4; k += 2) {
      const Pair<T> pair = load_pair(x + i + k * kLanes);
      best[k] = larger(pair.first, best[k]);
      best[k + 1] = larger(pair.second, best[k + 1]);
    }
  }
  for (; i + kLanes <= n; i += kLanes) best[0] = larger(load(x + i), best[0]);
  if (i < n) best[0] = larger(load_some(x + i, static_cast<int>(n - i), lowest), best[0]);
  return max_lanes(larger(larger(best[0], best[1]), larger(best[2], best[3])));
}

// Two vectors of x, in the order of load_pair only where the output is stored by store_pair.
template <bool kPaired, typename T>
Pair<T> load_two(const T* x) {
  if constexpr (kPaired) {
    return load_pair(x);
  } else {
    return {load(x), load(x + Compute<T>::kLanes)};
  }
}
template <typename T, typename U>
constexpr bool kSameOrder = sizeof(T) == sizeof(U);

// Sum of exp(x - largest) over at most kSoftmaxPiece elements, in four vectors of partial sums. The
// exponentials are kept in `keep` unless that is null.
template <bool kPaired, typename T, typename K>
typename Compute<T>::Scalar exp_sum_of(const T* x, int64_t n, typename Compute<T>::Scalar largest,
                                       K* keep) {
  using Vec = typename Compute<T>::Vec;
  constexpr int kLanes = Compute<T>::kLanes;
  const Vec top = splat(largest);
  Vec sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int k = 0; k < 4; k += 2) {
      const Pair<T> pair = load_two<kPaired>(x + i + k * kLanes);
      const Vec first = exp_nonpositive(pair.first - top);
      const Vec second = exp_nonpositive(pair.second - top);
      if (keep != nullptr) {
        store(keep + i + k * kLanes, first);
        store(keep + i + (k + 1) * kLanes, second);
      }
      sums[k] += first;
      sums[k + 1] += second;
    }
  }
  for (; i + kLanes <= n; i += kLanes) {
    const Vec e = exp_nonpositive(load(x + i) - top);
    if (keep != nullptr) store(keep + i, e);
    sums[0] += e;
  }
  if (i < n) {
    const int some = static_cast<int>(n - i);
    // Lanes beyond the row: exp(-inf) adds nothing (and NaN only where the whole row is NaN).
    const Vec x_tail =
        load_some(x + i, some, static_cast<typename Compute<T>::Scalar>(-__builtin_inf()));
    const Vec e = exp_nonpositive(x_tail - top);
    if (keep != nullptr) store_some(keep + i, e, some);
    sums[1] += e;
  }
  return sum_lanes((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

// What exp_sum_of kept, scaled.
template <typename K, typename U, typename Scalar>
void scale(const K* from, U* y, int64_t n, Scalar factor) {
  constexpr int kLanes = Compute<K>::kLanes;
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int k = 0; k < 4; k += 2) {
      const K* pair = from + i + k * kLanes;
      store_pair(y + i + k * kLanes, load(pair) * factor, load(pair + kLanes) * factor);
    }
  }
  for (; i + kLanes <= n; i += kLanes) store(y + i, load(from + i) * factor);
  if (i < n) {
    const int some = static_cast<int>(n - i);
    store_some(y + i, load_some(from + i, some, 0) * factor, some);
  }
}

template <typename T, typename U, typename Scalar>
void exp_scale(const T* x, U* y, int64_t n, Scalar largest, Scalar factor) {
  constexpr int kLanes = Compute<T>::kLanes;
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Pair<T> pair = load_two<kSameOrder<T, U>>(x + i);
    store_pair(y + i, exp_nonpositive(pair.first - largest) * factor,
               exp_nonpositive(pair.second - largest) * factor);
  }
  for (; i + kLanes <= n; i += kLanes) {
    store(y + i, exp_nonpositive(load(x + i) - largest) * factor);
  }
  if (i < n) {
    const int some = static_cast<int>(n - i);
    store_some(y + i, exp_nonpositive(load_some(x + i, some, 0) - largest) * factor, some);
  }
}

// y = x - largest - log_sum.
template <typename T, typename U, typename Scalar>
void shift(const T* x, U* y, int64_t n, Scalar largest, Scalar log_sum) {
  constexpr int kLanes = Compute<T>::kLanes;
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Pair<T> pair = load_two<kSameOrder<T, U>>(x + i);
    store_pair(y + i, (pair.first - largest) - log_sum, (pair.second - largest) - log_sum);
  }
  for (; i + kLanes <= n; i += kLanes) store(y + i, (load(x + i) - largest) - log_sum);
  if (i < n) {
    const int some = static_cast<int>(n - i);
    store_some(y + i, (load_some(x + i, some, 0) - largest) - log_sum, some);
  }
}

template <typename T, typename U>
void log_softmax_rows(const void* x_data, int64_t x_stride, void* y_data, int64_t y_stride,
                      int64_t rows, int64_t n) {
  using Scalar = typename Compute<T>::Scalar;
  const T* x = static_cast<const T*>(x_data);
  U* y = static_cast<U*>(y_data);
  for (int64_t r = 0; r < rows; ++r, x += x_stride, y += y_stride) {
    const Scalar largest = largest_of(x, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i += kSoftmaxPiece) {
      sum += exp_sum_of<kSameOrder<T, U>>(x + i, n - i < kSoftmaxPiece ? n - i : kSoftmaxPiece,
                                          largest, static_cast<Scalar*>(nullptr));
    }
    shift(x, y, n, largest, static_cast<Scalar>(__builtin_log(sum)));
  }
}

constexpr int64_t kKept = 2 * kSoftmaxPiece;

// Exponentials of a row are kept in the output where that is wide enough, in a buffer where the row
// fits, and computed again otherwise: the same numbers each time.
template <typename T, typename U>
void softmax_rows(const void* x_data, int64_t x_stride, void* y_data, int64_t y_stride,
                  int64_t rows, int64_t n) {
  using Scalar = typename Compute<T>::Scalar;
  constexpr bool kKeepInOutput = sizeof(U) == sizeof(Scalar);
  const T* x = static_cast<const T*>(x_data);
  U* y = static_cast<U*>(y_data);
  for (int64_t r = 0; r < rows; ++r, x += x_stride, y += y_stride) {
    const Scalar largest = largest_of(x, n);
    double sum = 0;
    if constexpr (kKeepInOutput) {
      for (int64_t i = 0; i < n; i += kSoftmaxPiece) {
        sum += exp_sum_of<kSameOrder<T, U>>(x + i, n - i < kSoftmaxPiece ? n - i : kSoftmaxPiece,
                                            largest, reinterpret_cast<Scalar*>(y) + i);
      }
      scale(y, y, n, static_cast<Scalar>(1 / sum));
    } else if (n <= kKept) {
      alignas(64) Scalar kept[kKept];
      for (int64_t i = 0; i < n; i += kSoftmaxPiece) {
        sum += exp_sum_of<kSameOrder<T, U>>(x + i, n - i < kSoftmaxPiece ? n - i : kSoftmaxPiece,
                                            largest, kept + i);
      }
      scale(kept, y, n, static_cast<Scalar>(1 / sum));
    } else {
      for (int64_t i = 0; i < n; i += kSoftmaxPiece) {
        sum += exp_sum_of<kSameOrder<T, U>>(x + i, n - i < kSoftmaxPiece ? n - i : kSoftmaxPiece,
                                            largest, static_cast<Scalar*>(nullptr));
      }
      exp_scale(x, y, n, largest, static_cast<Scalar>(1 / sum));
    }
  }
}

// Rows of a column whose exponentials add up before they join the sum: keeps chains short.
constexpr int64_t kColumnGroup = 64;

template <typename Vec>
Vec log_of(Vec sums) {
  decltype(sums[0] + 0) values[sizeof(Vec) / sizeof(sums[0])];
  __builtin_memcpy(values, &sums, sizeof values);
  for (auto& value : values) value = log(value);
  __builtin_memcpy(&sums, values, sizeof values);
  return sums;
}

// A vector's width of columns at a time runs down the rows, four abreast where there are enough.
template <bool kLog, typename T, typename U, int kWays>
void softmax_column_strip(const T* x, int64_t x_stride, U* y, int64_t y_stride, int64_t n) {
  using Vec = typename Compute<T>::Vec;
  using Scalar = typename Compute<T>::Scalar;
  constexpr int kLanes = Compute<T>::kLanes;
  constexpr bool kKeepInOutput = !kLog && sizeof(U) == sizeof(Scalar);
  Vec top[kWays];
  Vec sums[kWays];
  for (int k = 0; k < kWays; ++k) {
    top[k] = splat(static_cast<Scalar>(-__builtin_inf()));
    sums[k] = Vec{};
  }
  for (int64_t r = 0; r < n; ++r) {
    for (int k = 0; k < kWays; ++k) {
      top[k] = larger(load(x + r * x_stride + k * kLanes), top[k]);
    }
  }
  for (int64_t first = 0; first < n; first += kColumnGroup) {
    Vec group[kWays] = {};
    for (int64_t r = first; r < n && r < first + kColumnGroup; ++r) {
      for (int k = 0; k < kWays; ++k) {
        const Vec e = exp_nonpositive(load(x + r * x_stride + k * kLanes) - top[k]);
        if constexpr (kKeepInOutput) store(y + r * y_stride + k * kLanes, e);
        group[k] += e;
      }
    }
    for (int k = 0; k < kWays; ++k) sums[k] += group[k];
  }
  for (int k = 0; k < kWays; ++k) sums[k] = kLog ? log_of(sums[k]) : Scalar{1} / sums[k];
  for (int64_t r = 0; r < n; ++r) {
    for (int k = 0; k < kWays; ++k) {
      U* to = y + r * y_stride + k * kLanes;
      if constexpr (kLog) {
        store(to, (load(x + r * x_stride + k * kLanes) - top[k]) - sums[k]);
      } else if constexpr (kKeepInOutput) {
        store(to, load(to) * sums[k]);
      } else {
        store(to, exp_nonpositive(load(x + r * x_stride + k * kLanes) - top[k]) * sums[k]);
      }
    }
  }
}

template <bool kLog, typename T, typename U>
void softmax_column_tail(const T* x, int64_t x_stride, U* y, int64_t y_stride, int64_t n,
                         int some) {
  using Vec = typename Compute<T>::Vec;
  using Scalar = typename Compute<T>::Scalar;
  Vec top = splat(static_cast<Scalar>(-__builtin_inf()));
  Vec sum{};
  for (int64_t r = 0; r < n; ++r) top = larger(load_some(x + r * x_stride, some, 0), top);
  for (int64_t first = 0; first < n; first += kColumnGroup) {
    Vec group{};
    for (int64_t r = first; r < n && r < first + kColumnGroup; ++r) {
      group += exp_nonpositive(load_some(x + r * x_stride, some, 0) - top);
    }
    sum += group;
  }
  sum = kLog ? log_of(sum) : Scalar{1} / sum;
  for (int64_t r = 0; r < n; ++r) {
    const Vec centred = load_some(x + r * x_stride, some, 0) - top;
    store_some(y + r * y_stride, kLog ? centred - sum : exp_nonpositive(centred) * sum, some);
  }
}

template <bool kLog, typename T, typename U>
void softmax_columns(const void* x_data, int64_t x_stride, void* y_data, int64_t y_stride,
                     int64_t n, int64_t columns) {
  constexpr int kLanes = Compute<T>::kLanes;
  const T* x = static_cast<const T*>(x_data);
  U* y = static_cast<U*>(y_data);
  int64_t c = 0;
  for (; c + 4 * kLanes <= columns; c += 4 * kLanes) {
    softmax_column_strip<kLog, T, U, 4>(x + c, x_stride, y + c, y_stride, n);
  }
  for (; c + kLanes <= columns; c += kLanes) {
    softmax_column_strip<kLog, T, U, 1>(x + c, x_stride, y + c, y_stride, n);
  }
  if (c < columns) {
    softmax_column_tail<kLog>(x + c, x_stride, y + c, y_stride, n, static_cast<int>(columns - c));
  }
}

template <typename T>
void step_largest(const void* x, int64_t n, double* largest) {
  const double here = static_cast<double>(largest_of(static_cast<const T*>(x), n));
  if (here > *largest) *largest = here;
}

template <typename T, typename U>
double step_exp_sum(const void* x, int64_t n, double largest) {
  using Scalar = typename Compute<T>::Scalar;
  return exp_sum_of<kSameOrder<T, U>>(static_cast<const T*>(x), n, static_cast<Scalar>(largest),
                                      static_cast<Scalar*>(nullptr));
}

template <typename T, typename U>
void step_finish(const void* x, void* y, int64_t n, double largest, double sum) {
  using Scalar = typename Compute<T>::Scalar;
  exp_scale(static_cast<const T*>(x), static_cast<U*>(y), n, static_cast<Scalar>(largest),
            static_cast<Scalar>(1 / sum));
}

template <typename T, typename U>
void step_log_finish(const void* x, void* y, int64_t n, double largest, double sum) {
  using Scalar = typename Compute<T>::Scalar;
  shift(static_cast<const T*>(x), static_cast<U*>(y), n, static_cast<Scalar>(largest),
        static_cast<Scalar>(__builtin_log(sum)));
}

template <typename T, typename U>
constexpr SoftmaxKernels kKernels = {softmax_rows<T, U>, softmax_columns<false, T, U>,
                                     step_largest<T>, step_exp_sum<T, U>, step_finish<T, U>};
template <typename T, typename U>
constexpr SoftmaxKernels kLogKernels = {log_softmax_rows<T, U>, softmax_columns<true, T, U>,
                                        step_largest<T>, step_exp_sum<T, U>, step_log_finish<T, U>};

}  // namespace

extern const SoftmaxTable softmax_table = {
    {kKernels<F16, F16>, kKernels<BF16, BF16>, kKernels<float, float>, kKernels<double, double>,
     kKernels<F16, float>, kKernels<BF16, float>},
    {kLogKernels<F16, F16>, kLogKernels<BF16, BF16>, kLogKernels<float, float>,
     kLogKernels<double, double>, kLogKernels<F16, float>, kLogKernels<BF16, float>}};

}  // namespace fgx::FGX_ISA
