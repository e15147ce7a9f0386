// SPDX-License-Identifier: Apache-2.0
// softmax and log_softmax of rows: held in registers between the passes, or of any strides and types.
#pragma once

#include "kernels/gpu/element.h"
#include "kernels/gpu/rows.h"

namespace fgx::device {

// exp(x - peak), as exactly as Out needs.
template <typename Out>
struct Exponential {
  float peak;
  FGX_DEVICE_INLINE explicit Exponential(float largest) : peak(largest) {}
  FGX_DEVICE_INLINE float operator()(float x) const { return fast_exp2((x - peak) * 1.44269504f); }
};
template <>
struct Exponential<float> {
  float peak;
  FGX_DEVICE_INLINE explicit Exponential(float largest) : peak(largest) {}
  FGX_DEVICE_INLINE float operator()(float x) const { return ::expf(x - peak); }
};
template <>
struct Exponential<double> {
  double peak;
  FGX_DEVICE_INLINE explicit Exponential(double largest) : peak(largest) {}
  FGX_DEVICE_INLINE double operator()(double x) const { return ::exp(x - peak); }
};

// As exactly as Out needs.
template <typename Out>
FGX_DEVICE_INLINE ComputeOf<Out> reciprocal(ComputeOf<Out> x) {
  if constexpr (sizeof(Out) == 2) {
    return fast_reciprocal(x);
  } else {
    return ComputeOf<Out>(1) / x;
  }
}

FGX_DEVICE_INLINE float log_of(float x) { return ::logf(x); }
FGX_DEVICE_INLINE double log_of(double x) { return ::log(x); }

// What an element becomes: its exponential times `last`, which is one over the sum of all; or, with kLog, how
// far it lies below the peak, less `last`, which is the sum's logarithm.
template <bool kLog, typename Out>
struct SoftmaxResult {
  Exponential<Out> exponential;
  ComputeOf<Out> last;
  FGX_DEVICE_INLINE SoftmaxResult(Exponential<Out> power, ComputeOf<Out> of_sum)
      : exponential(power), last(of_sum) {}
  FGX_DEVICE_INLINE ComputeOf<Out> operator()(ComputeOf<Out> x) const {
    if constexpr (kLog) {
      return (x - exponential.peak) - last;
    } else {
      return exponential(x) * last;
    }
  }
};

// Rows held in registers between the passes.
template <bool kLog, typename In, typename Out, int kVectors, bool kAligned, bool kClustered>
FGX_DEVICE_INLINE void softmax_rows(const gpu::RowArguments& arguments, const In* x, Out* y) {
  using Compute = ComputeOf<Out>;
  constexpr int kSize = Vector<In>::kSize;
  // Exponentials are computed once where registers can hold them.
  constexpr bool kKeeps = !kLog && kVectors * kSize * sizeof(Compute) <= 128;
#if defined(FGX_CLUSTERS)
  if constexpr (kClustered) cluster_arrive();
#endif
  RowPart<In, Out> part;
  part.template find<kVectors, kClustered>(arguments, x, y);
  HeldVector<In> raw[kVectors];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    raw[j] = HeldVector<In>(load_vector<kAligned>(
        part.x + j * part.stride, part.left - j * part.stride, negative_infinity<In>()));
  }
  Compute peak = largest_of(raw);
  peak = merge_row<kClustered>(peak, arguments.threads, 0, Larger());

  const Exponential<Out> exponential(peak);
  if constexpr (!kKeeps) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j].forget_values();
  }
  Compute powers[kKeeps ? kVectors : 1][kSize];
  const auto sum_of = [&](int j) {
    Compute total = 0;
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      const Compute power = exponential(raw[j].value(i));
      if constexpr (kKeeps) powers[j][i] = power;
      total += power;
    }
    return total;
  };
  const Compute sum =
      merge_row<kClustered>(merge_own<kVectors>(Add(), sum_of), arguments.threads, 1, Add());
  const SoftmaxResult<kLog, Out> result_of(exponential, kLog ? log_of(sum) : Compute(1) / sum);
  if constexpr (!kKeeps) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j].forget_values();
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    Compute results[kSize];
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      if constexpr (kKeeps) {
        results[i] = powers[j][i] * result_of.last;
      } else {
        results[i] = result_of(raw[j].value(i));
      }
    }
    store_vector<kAligned>(part.y + j * part.stride, part.left - j * part.stride, results);
  }
}

// Rows of any length and strides: read three times. kSame: all elements are of type Out.
template <bool kLog, typename Out, bool kSame>
FGX_DEVICE_INLINE void softmax_strided(const gpu::StridedRowArguments& arguments, const void* x,
                                       void* y) {
  using Compute = ComputeOf<Out>;
  extern __shared__ uint4 shared_memory[];
  const TilePart part(arguments.tile);
  const int64_t row = static_cast<int64_t>(blockIdx.x) * part.side + part.r;
  const bool there = row < arguments.rows;
  const int64_t length = there ? arguments.length : 0;
  const int64_t from = there ? offset_in(arguments.x_outer, row) : 0;
  const int64_t to = there ? offset_in(arguments.y_outer, row) : 0;
  const auto element = [&](int64_t i) {
    const int64_t at = from + offset_in(arguments.x_row, i);
    if constexpr (kSame) return load_as<Compute>(static_cast<const Out*>(x)[at]);
    return load_converted<Compute>(x, arguments.x_dtype, at, arguments.y_dtype);
  };
  Compute peak = negative_infinity<Compute>();
#pragma unroll 4
  for (int64_t i = part.t; i < length; i += part.along) peak = Larger()(peak, element(i));
  peak = part.merge(peak, reinterpret_cast<Compute*>(shared_memory), Larger());
  const Exponential<Compute> exponential(peak);
  Compute sum = 0;
#pragma unroll 4
  for (int64_t i = part.t; i < length; i += part.along) sum += exponential(element(i));
  sum = part.merge(sum, reinterpret_cast<Compute*>(shared_memory), Add());
  const SoftmaxResult<kLog, Compute> result_of(exponential,
                                               kLog ? log_of(sum) : reciprocal<Out>(sum));
#pragma unroll 4
  for (int64_t i = part.t; i < length; i += part.along) {
    const Compute result = result_of(element(i));
    const int64_t at = to + offset_in(arguments.y_row, i);
    if constexpr (kSame) {
      static_cast<Out*>(y)[at] = store_as<Out>(result);
    } else {
      store_element(y, arguments.y_dtype, at, result);
    }
  }
}

}  // namespace fgx::device
