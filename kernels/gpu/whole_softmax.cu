// SPDX-License-Identifier: Apache-2.0
// softmax and log_softmax of whole rows (whole_rows.h).
#include "kernels/gpu/softmax_rows.h"
#include "kernels/gpu/whole_rows.h"

namespace fgx::device {

template <bool kLog, typename T, int kThreads, int kVectors>
FGX_DEVICE_INLINE void softmax_whole(const gpu::WholeRowArguments& steps, const T* x, T* y) {
  constexpr int kSize = Vector<T>::kSize;
  constexpr int kGroups = kThreads / kGroup;
  __shared__ float peaks[kGroups];
  __shared__ RowSum<kThreads, kVectors> sums;
  begin_beside_launch_before();
  const int first = static_cast<int>(threadIdx.x) * kSize;
  HeldVector<T> raw[kVectors];
  load_whole<kThreads>(x + static_cast<int64_t>(blockIdx.x) * steps.in_step + first, raw);
  float peak = largest_of_lanes<kGroup>(largest_of(raw));
  if (group_lane() == 0) peaks[threadIdx.x / kGroup] = peak;
  __syncthreads();
  peak = largest_of_lanes<kGroups>(peaks[threadIdx.x & (kGroups - 1)]);
  const Exponential<T> exponential(peak);
  float powers[kLog ? 1 : kVectors][kSize];
  float totals[kVectors];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    totals[j] = 0;
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      const float power = exponential(raw[j].value(i));
      if constexpr (!kLog) powers[j][i] = power;
      totals[j] += power;
    }
  }
  if constexpr (kLog) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j].forget_values();
  }
  sums.bring(totals);
  __syncthreads();
  const float sum = sums.find();
  const SoftmaxResult<kLog, T> result_of(exponential, kLog ? log_of(sum) : fast_reciprocal(sum));
  T* const to = y + static_cast<int64_t>(blockIdx.x) * steps.out_step + first;
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    float results[kSize];
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      if constexpr (kLog) {
        results[i] = result_of(raw[j].value(i));
      } else {
        results[i] = powers[j][i] * result_of.last;
      }
    }
    store_vector<true>(to + j * kThreads * kSize, 1, results);
  }
}

}  // namespace fgx::device

#define FGX_WHOLE(op, log, name, T, threads, vectors, blocks)                            \
  extern "C" __global__ void __launch_bounds__(threads, FGX_BLOCKS(blocks))              \
      fgx_##op##_##name##_##threads##x##vectors(                                         \
          const FGX_IN_PLACE fgx::gpu::WholeRowArguments steps, const fgx::device::T* x, \
          fgx::device::T* y) {                                                           \
    fgx::device::softmax_whole<log, fgx::device::T, threads, vectors>(steps, x, y);      \
  }
// 512 to 2048 vectors, as the launcher's forms have them.
#define FGX_TYPE(op, log, name, T)       \
  FGX_WHOLE(op, log, name, T, 128, 4, 8) \
  FGX_WHOLE(op, log, name, T, 512, 4, 2)
#define FGX_HALF(name, T)                       \
  FGX_TYPE(softmax, false, name, T)             \
  FGX_WHOLE(softmax, false, name, T, 512, 2, 2) \
  FGX_TYPE(log_softmax, true, name, T)          \
  FGX_WHOLE(log_softmax, true, name, T, 256, 4, 4)

FGX_TYPE(softmax, false, float32, Float32)
FGX_WHOLE(softmax, false, float32, Float32, 256, 4, 4)
FGX_TYPE(log_softmax, true, float32, Float32)
FGX_WHOLE(log_softmax, true, float32, Float32, 256, 4, 4)
FGX_HALF(float16, Float16)
FGX_HALF(bfloat16, BFloat16)
