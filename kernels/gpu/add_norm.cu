// SPDX-License-Identifier: Apache-2.0
// fused_add_rms_norm of contiguous rows: the sum of input and residual is rounded to their type, stored, and stays
// in registers for its rms_norm, in one block or a cluster of blocks. A thread reads what it writes before it does,
// so that results may lie where operands do.
#include "kernels/gpu/norm_rows.h"

namespace fgx::device {

template <typename T, typename Parameter, int kVectors, bool kAligned, bool kClustered>
FGX_DEVICE_INLINE void add_norm_rows(const gpu::RowArguments& arguments, const T* input,
                                     const T* residual, T* y, T* sum, const Parameter* weight,
                                     double eps) {
  using Compute = ComputeOf<T>;
  constexpr int kSize = Vector<T>::kSize;
#if defined(FGX_CLUSTERS)
  if constexpr (kClustered) cluster_arrive();
#endif
  RowPart<T, T> part;
  part.template find<kVectors, kClustered>(arguments, input, y);
  const int64_t place = part.x - input;  // the same in all four
  const auto left = [&](int j) { return part.left - j * part.stride; };
  HeldVector<T> raw[kVectors];
  {
    const T zero = store_as<T>(Compute(0));
    HeldVector<T> second[kVectors];
#pragma unroll
    for (int j = 0; j < kVectors; ++j) {
      raw[j] = HeldVector<T>(load_vector<kAligned>(input + place + j * part.stride, left(j), zero));
      second[j] =
          HeldVector<T>(load_vector<kAligned>(residual + place + j * part.stride, left(j), zero));
    }
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j] = sum_of(raw[j], second[j]);
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    store_held<kAligned>(sum + place + j * part.stride, left(j), raw[j]);
  }
  const auto forget = [&] {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j].forget_values();
  };
  const Statistics<Compute> found = statistics_of<false, false, T, kAligned>(
      [&](int j) { return raw[j]; }, left, arguments.length, nullptr, eps,
      [&](int reduction, const auto& part_of) {
        return merge_row<kClustered>(merge_own<kVectors>(Add(), part_of), arguments.threads,
                                     reduction, Add());
      },
      forget);
  forget();
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    HeldParameter<Parameter, kSize> weights, none;
    weights.template load<kAligned>(weight, part.first + j * part.stride, left(j), 1);
    Compute results[kSize];
    found.template apply<false>(raw[j], weights, none, results);
    store_vector<kAligned>(part.y + j * part.stride, left(j), results);
  }
}

}  // namespace fgx::device

#define FGX_KERNEL(kernel, T, Parameter, vectors, threads, blocks, aligned, clustered)      \
  extern "C" __global__ void __launch_bounds__(threads, blocks) fgx_add_rms_norm_##kernel(  \
      const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::T* input,     \
      const fgx::device::T* residual, fgx::device::T* y, fgx::device::T* sum,               \
      const fgx::device::Parameter* weight, double eps) {                                   \
    fgx::device::add_norm_rows<fgx::device::T, fgx::device::Parameter, vectors, aligned,    \
                               clustered>(arguments, input, residual, y, sum, weight, eps); \
  }
#if defined(FGX_CLUSTERS)
#define FGX_CLUSTER(name, T, Parameter, access, aligned) \
  FGX_KERNEL(name##_8_cluster##access, T, Parameter, 8, 512, 2, aligned, true)
#else
#define FGX_CLUSTER(name, T, Parameter, access, aligned)
#endif
#define FGX_ACCESS(name, T, Parameter, access, aligned)                  \
  FGX_KERNEL(name##_1##access, T, Parameter, 1, 1024, 1, aligned, false) \
  FGX_KERNEL(name##_2##access, T, Parameter, 2, 1024, 1, aligned, false) \
  FGX_KERNEL(name##_4##access, T, Parameter, 4, 512, 2, aligned, false)  \
  FGX_KERNEL(name##_8##access, T, Parameter, 8, 512, 2, aligned, false)  \
  FGX_CLUSTER(name, T, Parameter, access, aligned)
#define FGX_ADD_NORM(name, T, Parameter) \
  FGX_ACCESS(name, T, Parameter, , true) \
  FGX_ACCESS(name, T, Parameter, _any, false)

FGX_ADD_NORM(float32, Float32, Float32)
FGX_ADD_NORM(float16, Float16, Float16)
FGX_ADD_NORM(bfloat16, BFloat16, BFloat16)
FGX_ADD_NORM(float64, Float64, Float64)
FGX_ADD_NORM(float16_float32, Float16, Float32)
FGX_ADD_NORM(bfloat16_float32, BFloat16, Float32)
