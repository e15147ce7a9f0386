// SPDX-License-Identifier: Apache-2.0
// The losses of pointwise_formulas.inc: elementwise as in pointwise.cu, and summed up.
//
//   fgx_<formula>_sum_<dtype>(arguments, x, y, count, p0, p1, out, slots)            dense arrays of one type
//   fgx_<formula>_sum_strided_<type>(arguments, operands, x, y, a, b, p0, p1, out, slots)  any types and strides
//   fgx_loss_finish(arguments, out, slots)                                           folds what blocks have left
//
// Blocks go over the elements together, a fixed number of them for each size, and add up in float64 beyond
// the elements of one vector; so two runs have the same bits.
#include "kernels/gpu/formula_kernels.h"
#include "kernels/gpu/formula_sum_arguments.h"
#include "kernels/gpu/rows.h"

namespace fgx::device {

FGX_DEVICE_INLINE double* shared_sums() {
  extern __shared__ uint4 shared_memory[];
  return reinterpret_cast<double*>(shared_memory);
}

FGX_DEVICE_INLINE void write_sum(const gpu::FormulaSumArguments& arguments, void* out, double sum) {
  store_element(out, arguments.out_dtype, 0, arguments.mean != 0 ? sum / arguments.numel : sum);
}

// A thread's share, added up over the block and written, or left in the block's slot.
FGX_DEVICE_INLINE void finish_sum(const gpu::FormulaSumArguments& arguments, void* out,
                                  double* slots, double sum) {
  sum = merge_threads<true>(sum, static_cast<int>(blockDim.x), shared_sums(), Add());
  if (threadIdx.x != 0) return;
  if (gridDim.x == 1) {
    write_sum(arguments, out, sum);
  } else {
    slots[blockIdx.x] = sum;
  }
}

template <typename Formula, typename Storage, typename Compute>
FGX_DEVICE_INLINE void sum_dense(const gpu::FormulaSumArguments& arguments,
                                 const void* const (&operands)[3], int64_t count, Compute p0,
                                 Compute p1, void* out, double* slots) {
  constexpr int kSize = Vector<Storage>::kSize;
  constexpr int kUnroll = 4;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t vectors = count / kSize;
  double sum = 0;
  for (int64_t i = first; i < vectors; i += kUnroll * step) {
    Loaded<Formula, Storage> loaded[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (i + u * step >= vectors) break;
      const int64_t at = (i + u * step) * kSize;
      const void* const from[3] = {advance<Storage>(operands[0], at),
                                   advance<Storage>(operands[1], at), nullptr};
      loaded[u].template load<Operands::kAll>(from, {false, false, false});
    }
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (i + u * step >= vectors) break;
      Compute results[kSize];
      loaded[u].template compute<Operands::kAll, Compute>(operands, {}, p0, p1, results);
#pragma unroll
      for (int width = kSize / 2; width > 0; width /= 2) {
#pragma unroll
        for (int k = 0; k < width; ++k) results[k] += results[k + width];
      }
      sum += static_cast<double>(results[0]);
    }
  }
  const int64_t last = vectors * kSize + first;
  if (last < count) {
    const MathFor<Storage, Compute> m;
    const auto value = [&](int k) {
      return get<Compute>(static_cast<const Storage*>(operands[k])[last]);
    };
    sum += static_cast<double>(Formula::apply(m, value(0), value(1), Compute(0), p0, p1));
  }
  finish_sum(arguments, out, slots, sum);
}

template <typename Formula, typename Compute>
FGX_DEVICE_INLINE void sum_strided(const gpu::FormulaSumArguments& arguments,
                                   const gpu::StridedArguments& where,
                                   const void* const (&operands)[3], const Compute (&numbers)[3],
                                   Compute p0, Compute p1, void* out, double* slots) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  double sum = 0;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < where.numel;
       i += step) {
    int64_t offset[4];
    sum += static_cast<double>(
        strided_value<Formula, Compute>(where, i, operands, numbers, p0, p1, offset));
  }
  finish_sum(arguments, out, slots, sum);
}

}  // namespace fgx::device

extern "C" __global__ void __launch_bounds__(1024)
    fgx_loss_finish(const fgx::gpu::FormulaSumArguments arguments, void* out, const double* slots) {
  double sum = 0;
  for (int i = static_cast<int>(threadIdx.x); i < arguments.blocks;
       i += static_cast<int>(blockDim.x)) {
    sum += slots[i];
  }
  sum = fgx::device::merge_threads<true>(sum, static_cast<int>(blockDim.x),
                                         fgx::device::shared_sums(), fgx::device::Add());
  if (threadIdx.x == 0) fgx::device::write_sum(arguments, out, sum);
}

#define FGX_SUM(name, type, Storage, Compute)                                                     \
  extern "C" __global__ void __launch_bounds__(512) fgx_##name##_sum_##type(                      \
      const fgx::gpu::FormulaSumArguments arguments, const void* x, const void* y, int64_t count, \
      Compute p0, Compute p1, void* out, double* slots) {                                         \
    fgx::device::sum_dense<fgx::device::name##_formula, fgx::device::Storage, Compute>(           \
        arguments, {x, y, nullptr}, count, p0, p1, out, slots);                                   \
  }
#define FGX_SUM_STRIDED(name, type, Compute)                                                 \
  extern "C" __global__ void __launch_bounds__(512) fgx_##name##_sum_strided_##type(         \
      const fgx::gpu::FormulaSumArguments arguments, const fgx::gpu::StridedArguments where, \
      const void* x, const void* y, Compute a, Compute b, Compute p0, Compute p1, void* out, \
      double* slots) {                                                                       \
    fgx::device::sum_strided<fgx::device::name##_formula, Compute>(                          \
        arguments, where, {x, y, nullptr}, {a, b, Compute(0)}, p0, p1, out, slots);          \
  }
#define FGX_TYPE(name, type, Storage, Compute) \
  FGX_DENSE(name, type, Storage, Compute)      \
  FGX_SUM(name, type, Storage, Compute)
#define FGX_LOSS(name, ...)                 \
  FGX_TYPE(name, float32, Float32, float)   \
  FGX_TYPE(name, float16, Float16, float)   \
  FGX_TYPE(name, bfloat16, BFloat16, float) \
  FGX_TYPE(name, float64, Float64, double)  \
  FGX_STRIDED(name, float, float)           \
  FGX_STRIDED(name, double, double)         \
  FGX_SUM_STRIDED(name, float, float)       \
  FGX_SUM_STRIDED(name, double, double)
#include "kernels/stable/pointwise/pointwise_formulas.inc"
