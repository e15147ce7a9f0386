// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention of few rows (decoding) of 16-bit types on matrix units, for heads of up to 128
// contiguous elements: every key and value is read once.
//
//   fgx_attention_split_<dtype>_<64|128>(arguments, query, key, value, mask, out, parts)
//
// A tile of 16 rows has one block, or several that share its keys; the warps of a block share the block's. A warp
// walks through its keys, 16 at a time, which it copies ahead to places of its own in shared memory, so that nothing
// waits for another warp until the end. Then the warps' sums are joined, those of a cluster's blocks by way of their
// shared memory, and where a tile has several clusters theirs by another kernel (fgx_attention_join).
#include "kernels/gpu/attention_weights.h"
#include "kernels/gpu/row_vectors.h"
#include "kernels/gpu/rows.h"
#include "kernels/gpu/warp.h"

#if !defined(__HIP__)
namespace fgx::device {

#if defined(__CUDA_ARCH__)
constexpr int kSplitMajor = __CUDA_ARCH__ / 100;
#else
constexpr int kSplitMajor = 9;
#endif
constexpr int kSplitWarps = gpu::split_warps(kSplitMajor);
constexpr int kSplitBytes = gpu::split_bytes(kSplitMajor);

template <typename Half, int kSize>
struct SplitTile {
  using Rows = WarpRows<Half, kSize / 8>;
  static constexpr int kWarps = kSplitWarps;
  static constexpr int kRows = gpu::kMatrixRows;
  static constexpr int kKeys = gpu::kMatrixKeys;
  static constexpr int kRowBytes = 2 * kSize;
  static constexpr int kOperandBytes = kKeys * kRowBytes;
  static constexpr int kStages = kSplitBytes / (2 * kOperandBytes * kWarps);
  static constexpr int kChunks = kSize / 8;             // of 16 bytes, of a row
  static constexpr int kCopies = kKeys * kChunks / 32;  // of a lane
  static constexpr int kCopyRows = 32 / kChunks;        // rows that a warp copies at once

  // The blocks of a cluster hand these to one another.
  struct Given {
    float4 sums[kRows * kSize / 4];
    float2 states[gpu::kMostCluster][kRows];  // the largest score, and the sum of the weights
  };

  // Where a chunk lies, so that columns of eight rows lie in different banks.
  FGX_DEVICE_INLINE static uint32_t place(int row, int chunk) {
    return row * kRowBytes + (chunk / 8 * 8 + (chunk ^ row) % 8) * 16;
  }

  FGX_DEVICE_INLINE static void copy(uint32_t to, const Half* from, int64_t stride, int first,
                                     int end, int size) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int chunk = lane % kChunks;
    const int row = lane / kChunks;
    const Half* at = from + (first + row) * stride + 8 * chunk;
    const bool inside = 8 * chunk < size;
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      const bool there = inside && first + row + i * kCopyRows < end;
      copy_chunk(to + place(row + i * kCopyRows, chunk), there ? at : from, there);
      at += kCopyRows * stride;
    }
  }

  // Every kWarps-th step of 16 keys, from number `begin`.
  FGX_DEVICE_INLINE static Rows walk(const gpu::FlatAttention& a, const FlatOffsets& offsets,
                                     int first_row, int begin, int end, int seen, const Half* query,
                                     const Half* key, const Half* value, const void* mask,
                                     uint32_t ring) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const auto load = [&](int step, int stage) {
      if (step < end) {
        const uint32_t to = ring + stage * 2 * kOperandBytes;
        copy(to, key + offsets.key, a.key.row, step * kKeys, seen, a.size);
        copy(to + kOperandBytes, value + offsets.value, a.value.row, step * kKeys, seen,
             a.value_size);
      }
      copies_end();
    };
    int ahead = begin;
    for (int stage = 0; stage < kStages - 1; ++stage, ahead += kWarps) load(ahead, stage);

    Rows rows(a, offsets.mask, first_row, mask);
    uint32_t operand[kSize / 16][4];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + lane / 4 + 8 * half;
      const bool there = row < a.rows;
      const Half* const from =
          query + offsets.query + FlatRow(a, there ? row : first_row).offset(a.query);
#pragma unroll
      for (int i = 0; i < kSize / 8; ++i) {
        const int element = 8 * i + lane % 4 * 2;
        operand[i / 2][half + i % 2 * 2] =
            there && element < a.size ? *reinterpret_cast<const uint32_t*>(from + element) : 0;
      }
    }

    // Which rows and chunks of four matrices this lane gives the addresses of.
    const int key_row = lane % 8 + lane / 16 * 8;
    const int key_chunk = lane / 8 % 2;
    const int value_row = lane % 16;
    const int value_chunk = lane / 16;
    int stage = 0;
    for (int step = begin; step < end; step += kWarps, ahead += kWarps) {
      load(ahead, stage == 0 ? kStages - 1 : stage - 1);
      copies_wait<kStages - 1>();
      __syncwarp();
      const uint32_t keys = ring + stage * 2 * kOperandBytes;
      const uint32_t values = keys + kOperandBytes;
      float scores[2][4] = {};
#pragma unroll
      for (int i = 0; i < kSize / 16; ++i) {
        uint32_t b[4];
        load_matrices(b, keys + place(key_row, 2 * i + key_chunk));
        multiply<Half>(scores[0], operand[i], b[0], b[1]);
        multiply<Half>(scores[1], operand[i], b[2], b[3]);
      }
      uint32_t weights[4];
      rows.softmax(step * kKeys, scores, weights);
#pragma unroll
      for (int i = 0; i < kSize / 16; ++i) {
        uint32_t b[4];
        load_transposed(b, values + place(value_row, 2 * i + value_chunk));
        multiply<Half>(rows.sums[2 * i], weights, b[0], b[1]);
        multiply<Half>(rows.sums[2 * i + 1], weights, b[2], b[3]);
      }
      __syncwarp();
      stage = stage == kStages - 1 ? 0 : stage + 1;
    }
    copies_wait<0>();
    return rows;
  }
};

FGX_DEVICE_INLINE void add_scaled(float4& to, float4 from, float factor) {
  to.x += from.x * factor;
  to.y += from.y * factor;
  to.z += from.z * factor;
  to.w += from.w * factor;
}

// What several shares of a row come to, in their order: state(p) gives the largest score and the sum of weights of
// share p, sum(p) four of its sums.
template <typename State, typename Sum>
FGX_DEVICE_INLINE float2 join_shares(int count, State state, Sum sum, float4* sums) {
  float top = kNothing;
  for (int p = 0; p < count; ++p) top = fmaxf(top, state(p).x);
  const float base = top == kNothing ? 0.0f : top;
  float all = 0;
  *sums = {0, 0, 0, 0};
#pragma unroll 4
  for (int p = 0; p < count; ++p) {
    const float2 of = state(p);
    const float factor = exp2_fast(of.x - base);
    all += of.y * factor;
    add_scaled(*sums, sum(p), factor);
  }
  return {top, all};
}

template <typename Half, int kSize>
FGX_DEVICE_INLINE void attend_split(const gpu::FlatAttention& a, const Half* query, const Half* key,
                                    const Half* value, const void* mask, Half* out, float* parts) {
  using Tile = SplitTile<Half, kSize>;
  constexpr int kWarps = Tile::kWarps;
  constexpr int kRows = Tile::kRows;
  extern __shared__ uint4 shared_memory[];
  __shared__ float2 states[kWarps][kRows];
  let_next_launch_begin();
  uint32_t size = 1;
  uint32_t rank = 0;
#if defined(FGX_CLUSTERS)
  __shared__ typename Tile::Given given;
  size = cluster_size();
  rank = cluster_rank();
  if (size > 1) cluster_arrive();
#endif
  const int cluster = static_cast<int>(blockIdx.x / size);
  const int tile_number = cluster / a.parts;  // each has a.parts clusters
  const int shares = a.parts * static_cast<int>(size);
  const int share_number = static_cast<int>(blockIdx.x) - tile_number * shares;
  const int group = tile_number / a.tiles;
  const FlatOffsets offsets(a, group);
  const int first_row = (tile_number - group * a.tiles) * kRows;
  const int rows_here = min(kRows, a.rows - first_row);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  float4* const sums = reinterpret_cast<float4*>(shared_memory);
  {
    const int seen = SeenKeys(a, first_row, rows_here).any;
    const unsigned steps = static_cast<unsigned>(seen + Tile::kKeys - 1) / Tile::kKeys;
    const unsigned each = steps / shares;  // and one more for the first ones
    const unsigned more = steps - each * shares;
    const unsigned number = static_cast<unsigned>(share_number);
    const unsigned begin = number * each + min(number, more);
    const unsigned end = begin + each + (number < more ? 1 : 0);
    const auto rows = Tile::walk(a, offsets, first_row, static_cast<int>(begin) + warp,
                                 static_cast<int>(end), seen, query, key, value, mask,
                                 shared_address(shared_memory) + warp * (kSplitBytes / kWarps));
    __syncthreads();
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = lane / 4 + 8 * half;
      const float all = quad_sum(rows.total[half]);
      if (row >= rows_here) continue;
      if (lane % 4 == 0) states[warp][row] = {rows.largest[half], all};
      float2* const to = reinterpret_cast<float2*>(sums + (warp * kRows + row) * (kSize / 4));
#pragma unroll
      for (int j = 0; j < kSize / 8; ++j) {
        to[4 * j + lane % 4] = {rows.sums[j][2 * half], rows.sums[j][2 * half + 1]};
      }
    }
  }
  __syncthreads();

  const int row_units = a.value_size / 4;
  const int units = rows_here * row_units;
  const auto finish = [&](int row, int unit, float2 state, float4 sum) {
    if (a.parts > 1) {
      float* const left = parts + cluster * gpu::part_values(kRows, a.value_size);
      float* const to = left + row * a.value_size + 4 * unit;
      to[0] = sum.x, to[1] = sum.y, to[2] = sum.z, to[3] = sum.w;
      if (unit == 0) {
        constexpr float kLn2 = 0.693147181f;
        left[kRows * a.value_size + 2 * row] = state.x * kLn2;
        left[kRows * a.value_size + 2 * row + 1] = state.y;
      }
      return;
    }
    const float share = state.y == 0 ? 0.0f : 1.0f / state.y;
    Half* const to = out + offsets.out + FlatRow(a, first_row + row).offset(a.out) + 4 * unit;
    const uint2 pairs = {pair_of<Half>(sum.x * share, sum.y * share),
                         pair_of<Half>(sum.z * share, sum.w * share)};
    *reinterpret_cast<uint2*>(to) = pairs;
  };
#if defined(FGX_CLUSTERS)
  // Unit i of a tile's sums goes to block i % size.
  if (size > 1) cluster_wait();
#endif
  for (int i = static_cast<int>(threadIdx.x); i < units; i += 32 * kWarps) {
    const int row = i / row_units;
    const int unit = i - row * row_units;
    float4 sum;
    const float2 state = join_shares(
        kWarps, [&](int w) { return states[w][row]; },
        [&](int w) { return sums[(w * kRows + row) * (kSize / 4) + unit]; }, &sum);
    if (size == 1) {
      finish(row, unit, state, sum);
      continue;
    }
#if defined(FGX_CLUSTERS)
    const int share = (units + static_cast<int>(size) - 1) / static_cast<int>(size);
    store_in_block(&given.sums[rank * share + i / size], i % size, sum);
    for (unsigned to = unit; to < size; to += row_units) {
      store_in_block(&given.states[rank][row], to, state);
    }
#endif
  }
#if defined(FGX_CLUSTERS)
  if (size == 1) return;
  cluster_arrive();
  cluster_wait();
  const int share = (units + static_cast<int>(size) - 1) / static_cast<int>(size);
  for (int i = static_cast<int>(threadIdx.x); i < share; i += 32 * kWarps) {
    const int at = i * static_cast<int>(size) + static_cast<int>(rank);
    if (at >= units) break;
    const int row = at / row_units;
    float4 sum;
    const float2 state = join_shares(
        static_cast<int>(size), [&](int p) { return given.states[p][row]; },
        [&](int p) { return given.sums[p * share + i]; }, &sum);
    finish(row, at - row * row_units, state, sum);
  }
#endif
}

}  // namespace fgx::device

#define FGX_SPLIT_ATTENTION(name, Half, size)                                                   \
  extern "C" __global__ void __launch_bounds__(32 * fgx::device::kSplitWarps, 1)                \
      fgx_attention_split_##name##_##size(                                                      \
          const FGX_IN_PLACE fgx::gpu::FlatAttention arguments, const fgx::device::Half* query, \
          const fgx::device::Half* key, const fgx::device::Half* value, const void* mask,       \
          fgx::device::Half* out, float* parts) {                                               \
    fgx::device::attend_split<fgx::device::Half, size>(arguments, query, key, value, mask, out, \
                                                       parts);                                  \
  }
FGX_SPLIT_ATTENTION(float16, Float16, 64)
FGX_SPLIT_ATTENTION(float16, Float16, 128)
FGX_SPLIT_ATTENTION(bfloat16, BFloat16, 64)
FGX_SPLIT_ATTENTION(bfloat16, BFloat16, 128)
#endif
