// SPDX-License-Identifier: Apache-2.0
// layer_norm and rms_norm: rows held in registers between the passes, in one block or a cluster of blocks;
// rows of any strides, with parameters of any types.
#include "kernels/gpu/element.h"
#include "kernels/gpu/norm_rows.h"

namespace fgx::device {

template <bool kLayer, typename T, typename Parameter, int kVectors, bool kAligned, bool kClustered>
FGX_DEVICE_INLINE void norm_rows(const gpu::RowArguments& arguments, const T* x, T* y,
                                 const Parameter* weight, const Parameter* bias, double eps) {
  using Compute = ComputeOf<T>;
  constexpr int kSize = Vector<T>::kSize;
  // Few vectors: latency counts, so parameters are loaded beside the row.
  constexpr bool kEarly = kVectors <= 2;
#if defined(FGX_CLUSTERS)
  if constexpr (kClustered) cluster_arrive();
#endif
  RowPart<T, T> part;
  part.template find<kVectors, kClustered>(arguments, x, y);
  const auto left = [&](int j) { return part.left - j * part.stride; };
  HeldVector<T> raw[kVectors];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    raw[j] = HeldVector<T>(
        load_vector<kAligned>(part.x + j * part.stride, left(j), store_as<T>(Compute(0))));
  }
  HeldParameter<Parameter, kSize> weights[kEarly ? kVectors : 1];
  HeldParameter<Parameter, kSize> biases[kEarly ? kVectors : 1];
  const auto load_parameters = [&](int j, int slot) {
    const int at = part.first + j * part.stride;
    weights[slot].template load<kAligned>(weight, at, left(j), 1);
    if constexpr (kLayer) biases[slot].template load<kAligned>(bias, at, left(j), 0);
  };
  if constexpr (kEarly) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) load_parameters(j, j);
  }
  const auto forget = [&] {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) raw[j].forget_values();
  };
  const Statistics<Compute> found = statistics_of<kLayer, sizeof(T) == 2, T, kAligned>(
      [&](int j) { return raw[j]; }, left, arguments.length, part.x - part.first, eps,
      [&](int reduction, const auto& part_of) {
        return merge_row<kClustered>(merge_own<kVectors>(Add(), part_of), arguments.threads,
                                     reduction, Add());
      },
      forget);
  forget();
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int slot = kEarly ? j : 0;
    if constexpr (!kEarly) load_parameters(j, 0);
    Compute results[kSize];
    found.template apply<kLayer>(raw[j], weights[slot], biases[slot], results);
    store_vector<kAligned>(part.y + j * part.stride, left(j), results);
  }
}

// Rows of any length, strides and types: read two or three times.
template <bool kLayer, typename Compute>
FGX_DEVICE_INLINE void norm_strided(const gpu::StridedRowArguments& arguments, const void* x,
                                    void* y, const void* weight, const void* bias, double eps) {
  extern __shared__ uint4 shared_memory[];
  Both<Compute>* const shared = reinterpret_cast<Both<Compute>*>(shared_memory);
  const TilePart part(arguments.tile);
  const int64_t row = static_cast<int64_t>(blockIdx.x) * part.side + part.r;
  const bool there = row < arguments.rows;
  const int64_t length = there ? arguments.length : 0;
  const int64_t from = there ? offset_in(arguments.x_outer, row) : 0;
  const int64_t to = there ? offset_in(arguments.y_outer, row) : 0;
  const auto element = [&](int64_t i) {
    return load_element<Compute>(x, arguments.x_dtype, from + offset_in(arguments.x_row, i));
  };
  const Compute count = static_cast<Compute>(arguments.length);
  Statistics<Compute> found{0, 0, 0};
  if constexpr (kLayer) {
    Both<Compute> sum{0, 0};
    for (int64_t i = part.t; i < length; i += part.along) sum.first += element(i);
    found.mean = part.merge(sum, shared, Add()).first / count;
  }
  Both<Compute> moments{0, 0};
  for (int64_t i = part.t; i < length; i += part.along) {
    const Compute centred = element(i) - found.mean;
    moments = moments + Both<Compute>{centred, centred * centred};
  }
  moments = part.merge(moments, shared, Add());
  if constexpr (kLayer) found.rest = moments.first / count;
  const Compute square = moments.second / count - found.rest * found.rest;
  found.scale = inverse_root(square + static_cast<Compute>(eps));
  for (int64_t i = part.t; i < length; i += part.along) {
    Compute result = found.apply(element(i));
    if (weight != nullptr) {
      result *=
          load_element<Compute>(weight, arguments.weight_dtype, offset_in(arguments.weight, i));
    }
    if (bias != nullptr) {
      result += load_element<Compute>(bias, arguments.bias_dtype, offset_in(arguments.bias, i));
    }
    store_element(y, arguments.y_dtype, to + offset_in(arguments.y_row, i), result);
  }
}

}  // namespace fgx::device

#define FGX_PARAMETERS(T, Parameter)                                                               \
  const FGX_IN_PLACE fgx::gpu::RowArguments arguments, const fgx::device::T *x, fgx::device::T *y, \
      const fgx::device::Parameter *weight, const fgx::device::Parameter *bias, double eps
#define FGX_RUN(layer, T, Parameter, vectors, aligned, clustered)                         \
  fgx::device::norm_rows<layer, fgx::device::T, fgx::device::Parameter, vectors, aligned, \
                         clustered>(arguments, x, y, weight, bias, eps)
#define FGX_ROWS(name, layer, T, Parameter, vectors, threads, access, aligned) \
  extern "C" __global__ void __launch_bounds__(threads, 1024 / threads)        \
      fgx_##name##_##vectors##access(FGX_PARAMETERS(T, Parameter)) {           \
    FGX_RUN(layer, T, Parameter, vectors, aligned, false);                     \
  }
#if defined(FGX_CLUSTERS)
#define FGX_CLUSTER(name, layer, T, Parameter, vectors, access, aligned)       \
  extern "C" __global__ void __launch_bounds__(512, 2)                         \
      fgx_##name##_##vectors##_cluster##access(FGX_PARAMETERS(T, Parameter)) { \
    FGX_RUN(layer, T, Parameter, vectors, aligned, true);                      \
  }
#else
#define FGX_CLUSTER(name, layer, T, Parameter, vectors, access, aligned)
#endif
#define FGX_ACCESS(name, layer, T, Parameter, access, aligned)  \
  FGX_ROWS(name, layer, T, Parameter, 1, 1024, access, aligned) \
  FGX_ROWS(name, layer, T, Parameter, 2, 1024, access, aligned) \
  FGX_ROWS(name, layer, T, Parameter, 4, 512, access, aligned)  \
  FGX_ROWS(name, layer, T, Parameter, 8, 512, access, aligned)  \
  FGX_CLUSTER(name, layer, T, Parameter, 4, access, aligned)    \
  FGX_CLUSTER(name, layer, T, Parameter, 8, access, aligned)
#define FGX_NORM(name, T, Parameter)                             \
  FGX_ACCESS(layer_norm_##name, true, T, Parameter, , true)      \
  FGX_ACCESS(layer_norm_##name, true, T, Parameter, _any, false) \
  FGX_ACCESS(rms_norm_##name, false, T, Parameter, , true)       \
  FGX_ACCESS(rms_norm_##name, false, T, Parameter, _any, false)
#define FGX_STRIDED(name, layer, Compute)                                                   \
  extern "C" __global__ void __launch_bounds__(512)                                         \
      fgx_##name(const FGX_IN_PLACE fgx::gpu::StridedRowArguments arguments, const void* x, \
                 void* y, const void* weight, const void* bias, double eps) {               \
    fgx::device::norm_strided<layer, Compute>(arguments, x, y, weight, bias, eps);          \
  }

FGX_NORM(float32, Float32, Float32)
FGX_NORM(float16, Float16, Float16)
FGX_NORM(bfloat16, BFloat16, BFloat16)
FGX_NORM(float64, Float64, Float64)
FGX_NORM(float16_float32, Float16, Float32)
FGX_NORM(bfloat16_float32, BFloat16, Float32)
FGX_STRIDED(layer_norm_strided_float, true, float)
FGX_STRIDED(layer_norm_strided_double, true, double)
FGX_STRIDED(rms_norm_strided_float, false, float)
FGX_STRIDED(rms_norm_strided_double, false, double)
