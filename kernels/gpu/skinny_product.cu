// SPDX-License-Identifier: Apache-2.0
// Matrix products of 16-bit types with at most 16 rows on matrix units: the other operand is read once, straight from
// global memory to registers.
//
//   fgx_skinny_<dots|spread>_<dtype>_<8|16>(arguments, a, b, bias, out)
//       dots: b is contiguous along the shared dimension (linear); spread: along its columns (mm)
//       8, 16: most rows
//
// A block takes 32 columns; its warps take pieces of the shared dimension, 64 at a time, and add up what
// they have in order. Of each 32 elements of the shared dimension, lane t of four takes the eight from 8t,
// in both operands.
#include "kernels/gpu/matrix_units.h"
#include "kernels/gpu/product_arguments.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr int kTiles = gpu::kSkinnyColumns / 8;
constexpr int kWarps = gpu::kSkinnyWarps;
constexpr int kBlocks = 2;            // of 32 elements of the shared dimension, under way together
constexpr int kPiece = 32 * kBlocks;  // of a warp
constexpr int kPitch = gpu::kSkinnyColumns + 4;

// The eight elements of this lane in both halves of the rows, as operands of two steps.
template <typename Half, int kRows>
FGX_DEVICE_INLINE void load_rows(const gpu::ProductArguments& g, const Half* a, int64_t k,
                                 int group, uint32_t (&to)[2][4]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = group + 8 * half;
    Eight loaded = {{0, 0, 0, 0}};
    if (half == 0 || kRows > 8) loaded = load_eight(a + row * g.a_row + k, row < g.m && k < g.k);
    to[0][half] = loaded.word[0];
    to[0][half + 2] = loaded.word[1];
    to[1][half] = loaded.word[2];
    to[1][half + 2] = loaded.word[3];
  }
}

// Tile j's column n is column 8j + n of the block.
template <typename Half>
struct Dots {
  Eight loaded[kTiles];
  FGX_DEVICE_INLINE void load(const gpu::ProductArguments& g, const Half* b, int64_t column,
                              int64_t k, int group) {
#pragma unroll
    for (int j = 0; j < kTiles; ++j) {
      const int64_t at = column + 8 * j + group;
      loaded[j] = load_eight(b + at * g.b_column + k, at < g.n && k < g.k);
    }
  }
  FGX_DEVICE_INLINE void operand(int j, int step, uint32_t& b0, uint32_t& b1) const {
    b0 = loaded[j].word[2 * step];
    b1 = loaded[j].word[2 * step + 1];
  }
  FGX_DEVICE_INLINE static int column_of(int j, int n) { return 8 * j + n; }
};

// Tile j's column n is column 4n + j of the block.
template <typename Half>
struct Spread {
  static_assert(kTiles == 4);
  uint2 loaded[8];  // four columns of eight elements
  FGX_DEVICE_INLINE void load(const gpu::ProductArguments& g, const Half* b, int64_t column,
                              int64_t k, int group) {
    const int64_t at = column + 4 * group;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      loaded[i] = {0, 0};
      if (at < g.n && k + i < g.k) {
        loaded[i] = *reinterpret_cast<const uint2*>(b + (k + i) * g.b_shared + at);
      }
    }
  }
  FGX_DEVICE_INLINE uint32_t pair(int i, int j) const {
    return j < 2 ? pick(loaded[i].x, loaded[i + 1].x, j) : pick(loaded[i].y, loaded[i + 1].y, j);
  }
  FGX_DEVICE_INLINE void operand(int j, int step, uint32_t& b0, uint32_t& b1) const {
    b0 = pair(4 * step, j);
    b1 = pair(4 * step + 2, j);
  }
  FGX_DEVICE_INLINE static int column_of(int j, int n) { return 4 * n + j; }
};

template <typename Half, template <typename> typename Columns, int kRows>
FGX_DEVICE_INLINE void skinny(const gpu::ProductArguments& g, const Half* a, const Half* b,
                              const Half* bias, Half* out) {
  __shared__ float shares[kWarps][kRows][kPitch];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int group = lane / 4;
  const int quad = lane % 4;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * gpu::kSkinnyColumns;
  float sums[kTiles][4] = {};
  Columns<Half> columns[kBlocks];
  const auto load = [&](Columns<Half>(&to)[kBlocks], int64_t first) {
#pragma unroll
    for (int u = 0; u < kBlocks; ++u) to[u].load(g, b, column, first + 32 * u + 8 * quad, group);
  };
  load(columns, warp * kPiece);
  for (int64_t first = warp * kPiece; first < g.k; first += kWarps * kPiece) {
    uint32_t rows[kBlocks][2][4];
#pragma unroll
    for (int u = 0; u < kBlocks; ++u) {
      load_rows<Half, kRows>(g, a, first + 32 * u + 8 * quad, group, rows[u]);
    }
    // The next piece is under way while this one is multiplied.
    Columns<Half> following[kBlocks];
    load(following, first + kWarps * kPiece);
#pragma unroll
    for (int u = 0; u < kBlocks; ++u) {
#pragma unroll
      for (int step = 0; step < 2; ++step) {
#pragma unroll
        for (int j = 0; j < kTiles; ++j) {
          uint32_t b0, b1;
          columns[u].operand(j, step, b0, b1);
          multiply<Half>(sums[j], rows[u][step], b0, b1);
        }
      }
      columns[u] = following[u];
    }
  }
#pragma unroll
  for (int j = 0; j < kTiles; ++j) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (i >= 2 && kRows <= 8) continue;
      shares[warp][group + 8 * (i / 2)][Columns<Half>::column_of(j, 2 * quad + (i & 1))] =
          sums[j][i];
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < g.m * gpu::kSkinnyColumns; i += kWarps * 32) {
    const int row = i / gpu::kSkinnyColumns;
    const int own = i % gpu::kSkinnyColumns;
    if (column + own >= g.n) continue;
    float sum = 0;
#pragma unroll
    for (int w = 0; w < kWarps; ++w) sum += shares[w][row][own];
    if (g.has_bias != 0) sum += load_as<float>(bias[(column + own) * g.bias_column]);
    out[row * g.out_row + (column + own) * g.out_column] = store_as<Half>(sum);
  }
}

}  // namespace fgx::device

#define FGX_SKINNY(kind, Columns, name, Half, rows)                                                \
  extern "C" __global__ void __launch_bounds__(32 * fgx::gpu::kSkinnyWarps)                        \
      fgx_skinny_##kind##_##name##_##rows(const fgx::gpu::ProductArguments arguments,              \
                                          const fgx::device::Half* a, const fgx::device::Half* b,  \
                                          const fgx::device::Half* bias, fgx::device::Half* out) { \
    fgx::device::skinny<fgx::device::Half, fgx::device::Columns, rows>(arguments, a, b, bias,      \
                                                                       out);                       \
  }
#define FGX_SKINNIES(name, Half)            \
  FGX_SKINNY(dots, Dots, name, Half, 8)     \
  FGX_SKINNY(dots, Dots, name, Half, 16)    \
  FGX_SKINNY(spread, Spread, name, Half, 8) \
  FGX_SKINNY(spread, Spread, name, Half, 16)
FGX_SKINNIES(float16, Float16)
FGX_SKINNIES(bfloat16, BFloat16)
#endif
