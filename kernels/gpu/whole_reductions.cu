// SPDX-License-Identifier: Apache-2.0
// sum, mean, amax and argmax of whole rows (whole_rows.h). Sums meet in the order of reduce_rows.h.
#include "kernels/gpu/reduce_ops.h"
#include "kernels/gpu/whole_rows.h"

namespace fgx::device {

// The result is the first thread's.
template <typename Op, typename T, int kThreads, int kVectors>
FGX_DEVICE_INLINE float fold_whole(const HeldVector<T> (&raw)[kVectors]) {
  __shared__ float shared[kThreads / kWarpWidth];
  constexpr int kSize = Vector<T>::kSize;
  typename Op::template Part<T> part;
  part.take(raw, 0, kThreads * kSize, kVectors * kThreads * kSize);
  return fold_threads<Op>(part.result(), kThreads, shared);
}

template <typename T, int kThreads, int kVectors>
FGX_DEVICE_INLINE uint32_t largest_place(const HeldVector<T> (&raw)[kVectors]) {
  using Op = Argmax<float, uint32_t>;
  constexpr int kSize = Vector<T>::kSize;
  __shared__ Op::State shared[kThreads / kWarpWidth];
  HeldVector<T> best = raw[0];
  float top = largest_or_nan<float>(raw[0]);
  int number = 0;
#pragma unroll
  for (int j = 1; j < kVectors; ++j) {
    const float other = largest_or_nan<float>(raw[j]);
    if (!Op::above(other, top)) continue;
    top = other;
    number = j;
    best = raw[j];
  }
  int place = 0;
#pragma unroll
  for (int i = kSize - 1; i >= 0; --i) {
    const float value = best.value(i);
    if (value == top || (top != top && value != value)) place = i;
  }
  const int index = (number * kThreads + static_cast<int>(threadIdx.x)) * kSize + place;
  return fold_threads<Op>({top, static_cast<uint32_t>(index)}, kThreads, shared).index;
}

template <int kThreads, int kVectors, typename T>
FGX_DEVICE_INLINE void load_row(const gpu::WholeReductionArguments& arguments, const T* in,
                                HeldVector<T> (&raw)[kVectors]) {
  begin_beside_launch_before();
  load_whole<kThreads>(in + static_cast<int64_t>(blockIdx.x) * arguments.steps.in_step +
                           static_cast<int>(threadIdx.x) * Vector<T>::kSize,
                       raw);
}

}  // namespace fgx::device

#define FGX_KERNEL(op, name, T, threads, vectors, blocks)                   \
  extern "C" __global__ void __launch_bounds__(threads, FGX_BLOCKS(blocks)) \
      fgx_##op##_##name##_##threads##x##vectors(                            \
          const FGX_IN_PLACE fgx::gpu::WholeReductionArguments arguments,   \
          const fgx::device::T* in, void* out) {                            \
    using namespace fgx::device;                                            \
    HeldVector<T> raw[vectors];                                             \
    load_row<threads>(arguments, in, raw);                                  \
    const int64_t at = static_cast<int64_t>(blockIdx.x) * arguments.steps.out_step;
#define FGX_END }
#define FGX_ARGMAX(name, T, threads, vectors, blocks)                                 \
  FGX_KERNEL(argmax, name, T, threads, vectors, blocks)                               \
  const uint32_t place = largest_place<T, threads>(raw);                              \
  if (threadIdx.x == 0) static_cast<int64_t*>(out)[at] = static_cast<int64_t>(place); \
  FGX_END
#define FGX_ROWS(name, T, threads, blocks)                                      \
  FGX_KERNEL(sum, name, T, threads, 4, blocks)                                  \
  const float sum = fold_whole<Sum<float>, T, threads>(raw) * arguments.factor; \
  if (threadIdx.x == 0) static_cast<T*>(out)[at] = store_as<T>(sum);            \
  FGX_END                                                                       \
  FGX_KERNEL(amax, name, T, threads, 4, blocks)                                 \
  const float top = fold_whole<Max<float>, T, threads>(raw);                    \
  if (threadIdx.x == 0) static_cast<T*>(out)[at] = store_as<T>(top);            \
  FGX_END                                                                       \
  FGX_ARGMAX(name, T, threads, 4, blocks)
// 512 to 2048 vectors; argmax up to 8192.
#define FGX_TYPE(name, T)         \
  FGX_ROWS(name, T, 128, 8)       \
  FGX_ROWS(name, T, 256, 4)       \
  FGX_ROWS(name, T, 512, 2)       \
  FGX_ARGMAX(name, T, 1024, 4, 1) \
  FGX_ARGMAX(name, T, 1024, 8, 1)

FGX_TYPE(float32, Float32)
FGX_TYPE(float16, Float16)
FGX_TYPE(bfloat16, BFloat16)
