// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention of 16-bit types on matrix units (mma.sync, m16n8k16), for heads of up to 128
// contiguous elements.
//
//   fgx_attention_whole_<dtype>_<64|128>(arguments, query, key, value, mask, out)
//
// For many rows: a warp takes a tile of 16 rows and walks through keys, 16 at a time, straight from global memory to
// registers: in the orders chosen here a lane's share of every operand is whole 16-byte vectors. The warps of a block
// share keys by way of L1.
//
// The products sum over elements of a head, whose order does not matter as long as both operands have
// the same one: step 2s + h takes for lane t of four elements 32s + 8t + 4h .. + 3. Columns of the
// result are named likewise: column n of tile j stands for element 64c + 8n + j.
#include "kernels/gpu/attention_weights.h"

#if !defined(__HIP__)
namespace fgx::device {

template <typename Half, int kSize>
struct WarpTile {
  static constexpr int kSteps = kSize / 32;   // vectors of a lane along a key
  static constexpr int kChunks = kSize / 64;  // vectors of a lane along a value
  const gpu::FlatAttention& a;
  const Half* key;
  const Half* value;
  WarpRows<Half, 8 * kChunks> rows;
  int seen;  // keys that any row sees
  int group, quad;
  uint32_t query[kSteps][2][4];  // operand of each step

  FGX_DEVICE_INLINE WarpTile(const gpu::FlatAttention& arguments, const FlatOffsets& offsets,
                             int first_row, const Half* queries, const Half* keys,
                             const Half* values, const void* masks)
      : a(arguments),
        key(keys + offsets.key),
        value(values + offsets.value),
        rows(arguments, offsets.mask, first_row, masks),
        seen(SeenKeys(a, first_row, min(gpu::kMatrixRows, a.rows - first_row)).any) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    group = lane / 4;
    quad = lane % 4;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + group + 8 * half;
      const bool there = row < a.rows;
      const FlatRow r(a, there ? row : first_row);
      const Half* const from = queries + offsets.query + r.offset(a.query);
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
        const int element = 32 * s + 8 * quad;
        const Eight loaded = load_eight(from + element, there && element < a.size);
        query[s][0][half] = loaded.word[0];
        query[s][0][half + 2] = loaded.word[1];
        query[s][1][half] = loaded.word[2];
        query[s][1][half + 2] = loaded.word[3];
      }
    }
  }

  FGX_DEVICE_INLINE void load_keys(int first, Eight (&to)[2][kSteps]) const {
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const int at = first + 8 * n + group;
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
        const int element = 32 * s + 8 * quad;
        to[n][s] = load_eight(key + at * a.key.row + element, at < seen && element < a.size);
      }
    }
  }
  FGX_DEVICE_INLINE void load_values(int first, Eight (&to)[kChunks][4]) const {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int at = first + 2 * quad + (i & 1) + 8 * (i / 2);
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
        const int element = 64 * c + 8 * group;
        to[c][i] =
            load_eight(value + at * a.value.row + element, at < seen && element < a.value_size);
      }
    }
  }

  FGX_DEVICE_INLINE void walk() {
    const int end = (seen + gpu::kMatrixKeys - 1) / gpu::kMatrixKeys;
    Eight keys[2][kSteps];
    Eight values[kChunks][4];
    if (end > 0) load_keys(0, keys);
    for (int block = 0; block < end; ++block) {
      const int first = block * gpu::kMatrixKeys;
      load_values(first, values);
      float scores[2][4] = {};
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
#pragma unroll
        for (int n = 0; n < 2; ++n) {
          multiply<Half>(scores[n], query[s][0], keys[n][s].word[0], keys[n][s].word[1]);
          multiply<Half>(scores[n], query[s][1], keys[n][s].word[2], keys[n][s].word[3]);
        }
      }
      if (block + 1 < end) load_keys((block + 1) * gpu::kMatrixKeys, keys);
      uint32_t weights[4];
      rows.softmax(first, scores, weights);
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
#pragma unroll
        for (int j = 0; j < 8; ++j) {
          const uint32_t b0 = pick(values[c][0].word[j / 2], values[c][1].word[j / 2], j);
          const uint32_t b1 = pick(values[c][2].word[j / 2], values[c][3].word[j / 2], j);
          multiply<Half>(rows.sums[8 * c + j], weights, b0, b1);
        }
      }
    }
  }

  // visit(half, element, eight sums) for every run of eight elements that this lane has of its rows.
  template <typename Visit>
  FGX_DEVICE_INLINE void each(Visit visit) const {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
#pragma unroll
        for (int odd = 0; odd < 2; ++odd) {
          float eight[8];
#pragma unroll
          for (int j = 0; j < 8; ++j) eight[j] = rows.sums[8 * c + j][2 * half + odd];
          visit(half, 64 * c + 16 * quad + 8 * odd, eight);
        }
      }
    }
  }
};

template <typename Half>
FGX_DEVICE_INLINE void store_eight(Half* to, const float (&values)[8], float share) {
  Pack<Half, 8> made;
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    to_halves(values[i] * share, values[i + 1] * share, &made.at[i]);
  }
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(&made);
}

template <typename Half, int kSize>
FGX_DEVICE_INLINE void attend_whole(const gpu::FlatAttention& a, const Half* query, const Half* key,
                                    const Half* value, const void* mask, Half* out) {
  const int tile_blocks = (a.tiles + gpu::kMatrixWarps - 1) / gpu::kMatrixWarps;
  const int number = static_cast<int>(blockIdx.x);
  const int group = number / tile_blocks;
  // Later rows see more keys: they go first.
  const int tile = (tile_blocks - 1 - number % tile_blocks) * gpu::kMatrixWarps +
                   static_cast<int>(threadIdx.x) / 32;
  if (tile >= a.tiles) return;
  const FlatOffsets offsets(a, group);
  const int first_row = tile * gpu::kMatrixRows;
  WarpTile<Half, kSize> warp(a, offsets, first_row, query, key, value, mask);
  warp.walk();
  float share[2];
  Half* to[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float total = quad_sum(warp.rows.total[half]);
    share[half] = total == 0 ? 0.0f : 1.0f / total;
    const int row = first_row + warp.group + 8 * half;
    to[half] = row < a.rows ? out + offsets.out + FlatRow(a, row).offset(a.out) : nullptr;
  }
  warp.each([&](int half, int element, const float(&eight)[8]) {
    if (to[half] != nullptr && element < a.value_size) {
      store_eight(to[half] + element, eight, share[half]);
    }
  });
}

}  // namespace fgx::device

#define FGX_MATRIX_ATTENTION(name, Half, size)                                                   \
  extern "C" __global__ void __launch_bounds__(32 * fgx::gpu::kMatrixWarps, 2)                   \
      fgx_attention_whole_##name##_##size(                                                       \
          const fgx::gpu::FlatAttention arguments, const fgx::device::Half* query,               \
          const fgx::device::Half* key, const fgx::device::Half* value, const void* mask,        \
          fgx::device::Half* out) {                                                              \
    fgx::device::attend_whole<fgx::device::Half, size>(arguments, query, key, value, mask, out); \
  }
FGX_MATRIX_ATTENTION(float16, Float16, 64)
FGX_MATRIX_ATTENTION(float16, Float16, 128)
FGX_MATRIX_ATTENTION(bfloat16, BFloat16, 64)
FGX_MATRIX_ATTENTION(bfloat16, BFloat16, 128)
#endif
