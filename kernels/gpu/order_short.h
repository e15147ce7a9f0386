// SPDX-License-Identifier: Apache-2.0
// Sort of rows that one block holds, by digits of 8 bits, least significant first: each pass finds places in shared
// memory, and every element goes there.
#pragma once

#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/order_keys.h"
#include "kernels/gpu/order_rows.h"
#include "kernels/gpu/order_sums.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

// kPacked: keys of 16 bits beside indices of as many, in one number.
template <typename Key, bool kPacked, int kThreads, int kItems>
FGX_DEVICE_INLINE void sort_short(const gpu::OrderArguments& a, const void* x, void* values,
                                  int64_t* value_indices) {
  constexpr int kBits = 8;
  constexpr int kDigitCount = 1 << kBits;
  constexpr int kWarps = kThreads / kWarp;
  constexpr int kTile = kThreads * kItems;
  constexpr int kOwn = kDigitCount / kThreads;
  static_assert(kDigitCount % kThreads == 0);
  // Counts and elements take turns in the same memory where that is wide.
  constexpr bool kShares = sizeof(Key) == 8;
  constexpr int kTileBytes = kTile * static_cast<int>(sizeof(Key) + (kPacked ? 0 : 2));
  constexpr int kCountBytes = kWarps * kDigitCount * 4;
  static_assert(kCountBytes <= kTileBytes);
  __shared__ __align__(16) unsigned char memory[kShares ? kTileBytes : kTileBytes + kCountBytes];
  __shared__ uint32_t sums[kWarps];
  Key* const tile_keys = reinterpret_cast<Key*>(memory);
  uint16_t* const tile_indices = reinterpret_cast<uint16_t*>(memory + kTile * sizeof(Key));
  auto* const warp_counts =
      reinterpret_cast<uint32_t(*)[kDigitCount]>(memory + (kShares ? 0 : kTileBytes));
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % kWarp;
  const int warp = thread / kWarp;
  const OrderPlace at = order_place(a, blockIdx.x);
  const int length = static_cast<int>(a.length);
  const KeyRule<Key> rule(a.dtype, a.falling != 0);
  Key keys[kItems];
  uint16_t indices[kItems];
  {
    const int first = warp * kItems * kWarp + lane;
    const int left = length > first ? (length - first - 1) / kWarp + 1 : 0;
    load_elements(x, a.dtype, at.x + first * a.x_along, kWarp * a.x_along, left, keys);
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int element = first + i * kWarp;
      indices[i] = static_cast<uint16_t>(element);
      keys[i] = element < length ? rule.of(keys[i]) : static_cast<Key>(~Key(0));
      if constexpr (kPacked) {
        if (element < length) keys[i] = keys[i] << 16 | static_cast<Key>(element);
      }
    }
  }
  const int bits = 8 * bytes_of(a.dtype);
  for (int done = 0; done < bits; done += kBits) {
    const int shift = done + (kPacked ? 16 : 0);
    if (kShares && done != 0) __syncthreads();
#pragma unroll
    for (int i = 0; i < kWarps * kDigitCount / kThreads; ++i) {
      warp_counts[0][i * kThreads + thread] = 0;
    }
    __syncthreads();
    uint32_t ranks[kItems];
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int digit = static_cast<int>(keys[i] >> shift) & (kDigitCount - 1);
      ranks[i] = rank_in_warp<kBits>(digit, lane, warp_counts[warp]);
    }
    __syncthreads();
    uint32_t count[kOwn];
    uint32_t sum = 0;
#pragma unroll
    for (int d = 0; d < kOwn; ++d) {
      count[d] = 0;
#pragma unroll
      for (int w = 0; w < kWarps; ++w) {
        uint32_t& here = warp_counts[w][thread * kOwn + d];
        const uint32_t added = here;
        here = count[d];
        count[d] += added;
      }
      sum += count[d];
    }
    uint32_t begin = sum_before(sum, sums);
#pragma unroll
    for (int d = 0; d < kOwn; ++d) {
#pragma unroll
      for (int w = 0; w < kWarps; ++w) warp_counts[w][thread * kOwn + d] += begin;
      begin += count[d];
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int digit = static_cast<int>(keys[i] >> shift) & (kDigitCount - 1);
      ranks[i] += warp_counts[warp][digit];
    }
    if constexpr (kShares) __syncthreads();
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      tile_keys[ranks[i]] = keys[i];
      if constexpr (!kPacked) tile_indices[ranks[i]] = indices[i];
    }
    __syncthreads();
    if (done + kBits >= bits) break;
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int local = (warp * kItems + i) * kWarp + lane;
      keys[i] = tile_keys[local];
      if constexpr (!kPacked) indices[i] = tile_indices[local];
    }
  }
  const int kept = static_cast<int>(a.kept);
#pragma unroll 4
  for (int i = thread; i < kept; i += kThreads) {
    Key key = tile_keys[i];
    int64_t index = 0;
    if constexpr (kPacked) {
      index = key & 0xffff;
      key >>= 16;
    } else {
      index = tile_indices[i];
    }
    store_of_key(values, at.value + i * a.value_along, key, x, at.x + index * a.x_along, a.dtype,
                 a.falling != 0);
    value_indices[at.index + i * a.index_along] = index;
  }
}

}  // namespace fgx::device
