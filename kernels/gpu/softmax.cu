// SPDX-License-Identifier: Apache-2.0
// softmax: rows held in registers between the passes, in one block or a cluster of blocks; rows of any
// strides and types.
#include "kernels/gpu/element.h"
#include "kernels/gpu/softmax_rows.h"

namespace fgx::device {

template <typename In, typename Out, int kVectors, bool kAligned, bool kClustered>
FGX_DEVICE_INLINE void softmax_rows(const gpu::RowArguments& arguments, const In* x, Out* y) {
  using Compute = ComputeOf<Out>;
  constexpr int kSize = Vector<In>::kSize;
  // Exponentials are computed once where registers can hold them.
  constexpr bool kKeeps = kVectors * kSize * sizeof(Compute) <= 128;
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
  const Compute scale = Compute(1) / sum;
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
        results[i] = powers[j][i] * scale;
      } else {
        results[i] = exponential(raw[j].value(i)) * scale;
      }
    }
    store_vector<kAligned>(part.y + j * part.stride, part.left - j * part.stride, results);
  }
}

// Rows of any length and strides: read three times. kSame: all elements are of type Out.
template <typename Out, bool kSame>
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
  const Compute scale = reciprocal<Out>(sum);
#pragma unroll 4
  for (int64_t i = part.t; i < length; i += part.along) {
    const Compute result = exponential(element(i)) * scale;
    const int64_t at = to + offset_in(arguments.y_row, i);
    if constexpr (kSame) {
      static_cast<Out*>(y)[at] = store_as<Out>(result);
    } else {
      store_element(y, arguments.y_dtype, at, result);
    }
  }
}

}  // namespace fgx::device

#define FGX_ROWS(name, In, Out, vectors, threads, access, aligned)                                \
  extern "C" __global__ void __launch_bounds__(threads, 1024 / threads)                           \
      fgx_softmax_##name##_##vectors##access(const FGX_IN_PLACE fgx::gpu::RowArguments arguments, \
                                             const fgx::device::In* x, fgx::device::Out* y) {     \
    fgx::device::softmax_rows<fgx::device::In, fgx::device::Out, vectors, aligned, false>(        \
        arguments, x, y);                                                                         \
  }
#if defined(FGX_CLUSTERS)
#define FGX_CLUSTER(name, In, Out, vectors, access, aligned)                              \
  extern "C" __global__ void __launch_bounds__(512, 2)                                    \
      fgx_softmax_##name##_##vectors##_cluster##access(                                   \
          const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::In* x,  \
          fgx::device::Out* y) {                                                          \
    fgx::device::softmax_rows<fgx::device::In, fgx::device::Out, vectors, aligned, true>( \
        arguments, x, y);                                                                 \
  }
#else
#define FGX_CLUSTER(name, In, Out, vectors, access, aligned)
#endif
#define FGX_ACCESS(name, In, Out, access, aligned)  \
  FGX_ROWS(name, In, Out, 1, 1024, access, aligned) \
  FGX_ROWS(name, In, Out, 2, 1024, access, aligned) \
  FGX_ROWS(name, In, Out, 4, 512, access, aligned)  \
  FGX_ROWS(name, In, Out, 8, 512, access, aligned)  \
  FGX_CLUSTER(name, In, Out, 4, access, aligned)    \
  FGX_CLUSTER(name, In, Out, 8, access, aligned)
#define FGX_SOFTMAX(name, In, Out)  \
  FGX_ACCESS(name, In, Out, , true) \
  FGX_ACCESS(name, In, Out, _any, false)
#define FGX_STRIDED(name, Out, same)                                                        \
  extern "C" __global__ void __launch_bounds__(512) fgx_softmax_strided_##name(             \
      const FGX_IN_PLACE fgx::gpu::StridedRowArguments arguments, const void* x, void* y) { \
    fgx::device::softmax_strided<fgx::device::Out, same>(arguments, x, y);                  \
  }

FGX_SOFTMAX(float32, Float32, Float32)
FGX_SOFTMAX(float16, Float16, Float16)
FGX_SOFTMAX(bfloat16, BFloat16, BFloat16)
FGX_SOFTMAX(float64, Float64, Float64)
FGX_SOFTMAX(float16_float32, Float16, Float32)
FGX_SOFTMAX(bfloat16_float32, BFloat16, Float32)
FGX_STRIDED(float32, Float32, true)
FGX_STRIDED(float16, Float16, true)
FGX_STRIDED(bfloat16, BFloat16, true)
FGX_STRIDED(float64, Float64, true)
FGX_STRIDED(to_float, Float32, false)
FGX_STRIDED(to_double, Float64, false)
