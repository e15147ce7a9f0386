// SPDX-License-Identifier: Apache-2.0
// layer_norm, rms_norm and fused_add_rms_norm of whole rows (whole_rows.h).
#include "kernels/gpu/norm_rows.h"
#include "kernels/gpu/whole_rows.h"

namespace fgx::device {

enum class WholeNorm { kLayer, kRms, kAddRms };

// kEarly: parameters are loaded beside the row, as is best where rows are few.
template <WholeNorm kNorm, typename T, int kThreads, int kVectors, bool kEarly>
FGX_DEVICE_INLINE void norm_whole(const gpu::WholeRowArguments& steps, const T* x,
                                  const T* residual, T* y, T* sum, const T* weight, const T* bias,
                                  float eps) {
  constexpr bool kLayer = kNorm == WholeNorm::kLayer;
  constexpr int kSize = Vector<T>::kSize;
  constexpr int kStride = kThreads * kSize;
  constexpr float kShare = 1.0f / (kThreads * kVectors * kSize);
  __shared__ RowSum<kThreads, kVectors> firsts, seconds;
  begin_beside_launch_before();
  const int first = static_cast<int>(threadIdx.x) * kSize;
  const int64_t from = static_cast<int64_t>(blockIdx.x) * steps.in_step + first;
  HeldVector<T> raw[kVectors];
  load_whole<kThreads>(x + from, raw);
  HeldVector<T> others[kNorm == WholeNorm::kAddRms ? kVectors : 1];
  if constexpr (kNorm == WholeNorm::kAddRms) load_whole<kThreads>(residual + from, others);
  HeldParameter<T, kSize> weights[kEarly ? kVectors : 1];
  HeldParameter<T, kSize> biases[kEarly ? kVectors : 1];
  const auto load_parameters = [&](int j, int slot) {
    weights[slot].template load<true>(weight, first + j * kStride, 1, 1);
    if constexpr (kLayer) biases[slot].template load<true>(bias, first + j * kStride, 1, 0);
  };
  if constexpr (kEarly) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) load_parameters(j, j);
  }
  if constexpr (kNorm == WholeNorm::kAddRms) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j] = sum_of(raw[j], others[j]);
#pragma unroll
    for (int j = 0; j < kVectors; ++j) store_held<true>(sum + from + j * kStride, 1, raw[j]);
  }
  const auto forget = [&] {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j].forget_values();
  };
  // Moments about `middle`, left for all threads.
  const auto bring_moments = [&](float middle) {
    float totals[kVectors], squares[kVectors];
#pragma unroll
    for (int j = 0; j < kVectors; ++j) {
      totals[j] = squares[j] = 0;
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        const float value = raw[j].value(i) - middle;
        if constexpr (kLayer) totals[j] += value;
        squares[j] += value * value;
      }
    }
    forget();
    if constexpr (kLayer) firsts.bring(totals);
    seconds.bring(squares);
    __syncthreads();
  };
  bring_moments(0);
  Statistics<float> found{0, 0, 0};
  float variance = seconds.find() * kShare;
  if constexpr (kLayer) {
    found.mean = firsts.find() * kShare;
    const float square = found.mean * found.mean;
    variance -= square;
    // Moments about zero lose up to six bits of the 24 where results have at most eleven, otherwise three. Rows
    // whose mean is farther from zero are looked at again, about their mean.
    constexpr float kEnough = sizeof(T) == 2 ? 1.0f / 64 : 0.25f;
    if (!(variance > kEnough * square)) {
      __syncthreads();
      bring_moments(found.mean);
      found.rest = firsts.find() * kShare;
      const float rest = seconds.find() * kShare - found.rest * found.rest;
      variance = rest < 0 ? 0.0f : rest;                 // NaN stays
      found.mean += sizeof(T) == 2 ? found.rest : 0.0f;  // halves have one shift
    }
  }
  found.scale = inverse_root(variance + eps);
  forget();
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int slot = kEarly ? j : 0;
    if constexpr (!kEarly) load_parameters(j, 0);
    float results[kSize];
    found.template apply<kLayer>(raw[j], weights[slot], biases[slot], results);
    T* const to = y + static_cast<int64_t>(blockIdx.x) * steps.out_step + first;
    store_vector<true>(to + j * kStride, 1, results);
  }
}

}  // namespace fgx::device

#define FGX_FORM(name, T, threads, vectors, blocks, few, early)                                 \
  extern "C" __global__ void __launch_bounds__(threads, FGX_BLOCKS(blocks))                     \
      fgx_layer_norm_##name##_##threads##x##vectors##few(                                       \
          const FGX_IN_PLACE fgx::gpu::WholeRowArguments steps, const fgx::device::T* x,        \
          fgx::device::T* y, const fgx::device::T* weight, const fgx::device::T* bias,          \
          double eps) {                                                                         \
    fgx::device::norm_whole<fgx::device::WholeNorm::kLayer, fgx::device::T, threads, vectors,   \
                            early>(steps, x, nullptr, y, nullptr, weight, bias,                 \
                                   static_cast<float>(eps));                                    \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(threads, FGX_BLOCKS(blocks))                     \
      fgx_rms_norm_##name##_##threads##x##vectors##few(                                         \
          const FGX_IN_PLACE fgx::gpu::WholeRowArguments steps, const fgx::device::T* x,        \
          fgx::device::T* y, const fgx::device::T* weight, const fgx::device::T*, double eps) { \
    fgx::device::norm_whole<fgx::device::WholeNorm::kRms, fgx::device::T, threads, vectors,     \
                            early>(steps, x, nullptr, y, nullptr, weight, nullptr,              \
                                   static_cast<float>(eps));                                    \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(threads, FGX_BLOCKS(blocks))                     \
      fgx_add_rms_norm_##name##_##threads##x##vectors##few(                                     \
          const FGX_IN_PLACE fgx::gpu::WholeRowArguments steps, const fgx::device::T* input,    \
          const fgx::device::T* residual, fgx::device::T* y, fgx::device::T* sum,               \
          const fgx::device::T* weight, double eps) {                                           \
    fgx::device::norm_whole<fgx::device::WholeNorm::kAddRms, fgx::device::T, threads, vectors,  \
                            early>(steps, input, residual, y, sum, weight, nullptr,             \
                                   static_cast<float>(eps));                                    \
  }
#define FGX_WHOLE(name, T, threads, vectors, blocks)   \
  FGX_FORM(name, T, threads, vectors, blocks, , false) \
  FGX_FORM(name, T, threads, vectors, 1, _few, true)
// 256 to 2048 vectors.
#define FGX_TYPE(name, T)        \
  FGX_WHOLE(name, T, 128, 2, 10) \
  FGX_WHOLE(name, T, 256, 2, 6)  \
  FGX_WHOLE(name, T, 512, 2, 3)  \
  FGX_WHOLE(name, T, 512, 4, 2)

FGX_TYPE(float32, Float32)
FGX_TYPE(float16, Float16)
FGX_TYPE(bfloat16, BFloat16)
// layer_norm of halves has fewer threads.
FGX_WHOLE(float16, Float16, 256, 4, 4)
FGX_WHOLE(bfloat16, BFloat16, 256, 4, 4)
