// SPDX-License-Identifier: Apache-2.0
// Matrix products of any types and strides: mm, linear, bmm and addmm.
//
//   fgx_product_<dtype>(arguments, a, b, bias, out)     one tile of 64 x 64 results per block, 4 x 4 per thread
//
// 16-bit floats are summed in float32; integers wrap.
#include "kernels/gpu/device.h"
#include "kernels/gpu/product_arguments.h"

namespace fgx::device {

constexpr int kTile = gpu::kProductTile;
constexpr int kSteps = gpu::kProductSteps;
constexpr int kOwn = 4;  // rows and columns of a thread
static_assert(kTile / kOwn * (kTile / kOwn) == gpu::kProductBlock);

// lines x kSteps elements into memory[step][line]; what lies outside is zero. Neighbouring threads read neighbours.
template <typename Storage, typename Compute>
FGX_DEVICE_INLINE void load_lines(Compute (&memory)[kSteps][kTile + 1], const Storage* from,
                                  int64_t line_stride, int64_t shared_stride, int64_t lines,
                                  int64_t steps) {
  const bool along_steps = shared_stride <= line_stride;
  for (int i = static_cast<int>(threadIdx.x); i < kTile * kSteps; i += gpu::kProductBlock) {
    const int line = along_steps ? i / kSteps : i % kTile;
    const int step = along_steps ? i % kSteps : i / kTile;
    Compute value = Compute(0);
    if (line < lines && step < steps) {
      value = load_as<Compute>(from[line * line_stride + step * shared_stride]);
    }
    memory[step][line] = value;
  }
}

template <typename Compute>
FGX_DEVICE_INLINE Compute times(double real, int64_t whole, Compute value) {
  if constexpr (__is_same(Compute, float) || __is_same(Compute, double)) {
    return static_cast<Compute>(real) * value;
  } else {
    return static_cast<Compute>(whole) * value;
  }
}

template <typename Storage, typename Compute>
FGX_DEVICE_INLINE void product(const gpu::ProductArguments& g, const Storage* a, const Storage* b,
                               const Storage* bias, Storage* out) {
  __shared__ Compute rows[kSteps][kTile + 1];
  __shared__ Compute columns[kSteps][kTile + 1];
  const int64_t column_tiles = (g.n + kTile - 1) / kTile;
  const int64_t row_tiles = (g.m + kTile - 1) / kTile;
  int64_t block = blockIdx.x;
  const int64_t first_column = block % column_tiles * kTile;
  block /= column_tiles;
  const int64_t first_row = block % row_tiles * kTile;
  block /= row_tiles;
  for (int d = 0; d < g.loops; ++d) {
    const int64_t index = block % g.sizes[d];
    block /= g.sizes[d];
    a += index * g.a_steps[d];
    b += index * g.b_steps[d];
    out += index * g.out_steps[d];
  }
  const int x = static_cast<int>(threadIdx.x) % (kTile / kOwn);
  const int y = static_cast<int>(threadIdx.x) / (kTile / kOwn);
  Compute sums[kOwn][kOwn] = {};
  for (int64_t first = 0; first < g.k; first += kSteps) {
    load_lines<Storage, Compute>(rows, a + first_row * g.a_row + first * g.a_shared, g.a_row,
                                 g.a_shared, g.m - first_row, g.k - first);
    load_lines<Storage, Compute>(columns, b + first_column * g.b_column + first * g.b_shared,
                                 g.b_column, g.b_shared, g.n - first_column, g.k - first);
    __syncthreads();
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      Compute own_rows[kOwn], own_columns[kOwn];
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        own_rows[i] = rows[step][y + i * (kTile / kOwn)];
        own_columns[i] = columns[step][x + i * (kTile / kOwn)];
      }
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
#pragma unroll
        for (int j = 0; j < kOwn; ++j) sums[i][j] += own_rows[i] * own_columns[j];
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < kOwn; ++i) {
    const int64_t row = first_row + y + i * (kTile / kOwn);
#pragma unroll
    for (int j = 0; j < kOwn; ++j) {
      const int64_t column = first_column + x + j * (kTile / kOwn);
      if (row >= g.m || column >= g.n) continue;
      Compute sum = sums[i][j];
      Compute added = Compute(0);
      if (g.has_bias != 0) {
        added = load_as<Compute>(bias[row * g.bias_row + column * g.bias_column]);
      }
      if (g.scaled != 0) {
        sum = times(g.alpha, g.whole_alpha, sum);
        added = times(g.beta, g.whole_beta, added);
      }
      sum += added;
      out[row * g.out_row + column * g.out_column] = store_as<Storage>(sum);
    }
  }
}

}  // namespace fgx::device

#define FGX_PRODUCT(name, Storage, Compute)                                             \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kProductBlock)                 \
      fgx_product_##name(const fgx::gpu::ProductArguments arguments,                    \
                         const fgx::device::Storage* a, const fgx::device::Storage* b,  \
                         const fgx::device::Storage* bias, fgx::device::Storage* out) { \
    fgx::device::product<fgx::device::Storage, Compute>(arguments, a, b, bias, out);    \
  }
FGX_PRODUCT(float32, Float32, float)
FGX_PRODUCT(float16, Float16, float)
FGX_PRODUCT(bfloat16, BFloat16, float)
FGX_PRODUCT(float64, Float64, double)
FGX_PRODUCT(uint8, UInt8, uint32_t)
FGX_PRODUCT(int8, Int8, uint32_t)
FGX_PRODUCT(int16, Int16, uint32_t)
FGX_PRODUCT(int32, Int32, uint32_t)
FGX_PRODUCT(int64, Int64, uint64_t)
