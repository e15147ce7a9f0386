// SPDX-License-Identifier: Apache-2.0
// sort, and topk of many elements, for rows that are longer than a block: by digits of 8 bits, least significant first,
// each in one pass over the elements (A. Adinets, D. Merrill, "Onesweep", 2022).
//
//   fgx_digits_clear(words, count)
//   fgx_digits_count_<narrow, wide>(arguments, x, counts)   how often each digit occurs in each row, for all passes
//   fgx_digits_starts(counts)                               of each digit: where its elements begin
//   fgx_digits_pass_<narrow, wide>(arguments, x, keys, indices, keys_out, indices_out, counts, words, values,
//                                  value_indices)
//
// Every pass keeps the order of equal digits. Counts are integers: results do not depend on the order that blocks run in.
#include "kernels/gpu/in_order.h"
#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/order_keys.h"
#include "kernels/gpu/order_rows.h"
#include "kernels/gpu/order_sums.h"
#include "kernels/gpu/unit.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

constexpr int kDigits = gpu::kDigits;
constexpr int kDigitThreads = gpu::kDigitThreads;
constexpr int kDigitWarps = kDigitThreads / kWarp;
static_assert(kDigits == kDigitThreads);

template <typename Key>
FGX_DEVICE_INLINE int digit_of(Key key, int pass) {
  return static_cast<int>(key >> (8 * pass)) & (kDigits - 1);
}

template <typename Key>
FGX_DEVICE_INLINE void count_digits(const gpu::OrderArguments& a, const void* x, uint32_t* counts) {
  constexpr int kPasses = sizeof(Key);
  constexpr int kCopies = 16 / kPasses;  // 16 KB: neighbours rarely wait for each other
  __shared__ uint32_t memory[kCopies][kPasses * kDigits];
  for (int i = static_cast<int>(threadIdx.x); i < kCopies * kPasses * kDigits; i += kDigitThreads) {
    (&memory[0][0])[i] = 0;
  }
  __syncthreads();
  constexpr int64_t kChunk = kDigitThreads * gpu::kCountItems;
  const int64_t chunks = (a.length - 1) / kChunk + 1;
  const int64_t row = blockIdx.x / chunks;
  const OrderPlace at = order_place(a, row);
  const KeyRule<Key> rule(a.dtype, a.falling != 0);
  uint32_t* const own = memory[threadIdx.x % kCopies];
  const int64_t first = (blockIdx.x - row * chunks) * kChunk + threadIdx.x;
  constexpr int kAtOnce = 8;
  for (int i = 0; i < gpu::kCountItems; i += kAtOnce) {
    Key keys[kAtOnce];
    const int64_t element = first + i * kDigitThreads;
    const int64_t left = element < a.length ? (a.length - element - 1) / kDigitThreads + 1 : 0;
    load_elements(x, a.dtype, at.x + element * a.x_along, kDigitThreads * a.x_along, left, keys);
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j) {
      if (j >= left) break;
      const Key key = rule.of(keys[j]);
      for (int pass = 0; pass < a.passes; ++pass) {
        atomicAdd(&own[pass * kDigits + digit_of(key, pass)], 1u);
      }
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < a.passes * kDigits; i += kDigitThreads) {
    uint32_t sum = 0;
#pragma unroll
    for (int copy = 0; copy < kCopies; ++copy) sum += memory[copy][i];
    if (sum != 0) atomicAdd(&counts[row * a.passes * kDigits + i], sum);
  }
}

// What a tile leaves of one digit: how many elements it has, or, in the end, how many it and all tiles before it have.
constexpr uint32_t kOfTile = uint32_t{1} << 30;
constexpr uint32_t kOfAll = uint32_t{2} << 30;
constexpr uint32_t kCount = kOfTile - 1;

// words: the number of the next block of each pass, then for each tile of the pass a word for each digit.
template <typename Key>
FGX_DEVICE_INLINE void pass_digits(const gpu::OrderArguments& a, const void* x, const Key* keys,
                                   const uint32_t* indices, Key* keys_out, uint32_t* indices_out,
                                   const uint32_t* counts, uint32_t* words, void* values,
                                   int64_t* value_indices) {
  constexpr int kItems = gpu::digit_items(sizeof(Key));
  constexpr int kTile = kItems * kDigitThreads;
  __shared__ Key tile_keys[kTile];
  __shared__ uint32_t tile_indices[kTile];
  __shared__ uint32_t warp_counts[kDigitWarps][kDigits];
  __shared__ uint32_t bases[kDigits];
  __shared__ uint32_t sums[kDigitWarps];
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % kWarp;
  const int warp = thread / kWarp;
#pragma unroll
  for (int w = 0; w < kDigitWarps; ++w) warp_counts[w][thread] = 0;
  __syncthreads();
  const int64_t number = block_in_order(&words[a.pass]);
  const int64_t row = number / a.tiles;
  const int64_t tile = number - row * a.tiles;
  uint32_t* const tile_words = words + sizeof(Key) + (a.pass * a.rows * a.tiles + number) * kDigits;
  const OrderPlace at = order_place(a, row);
  const int64_t first = tile * kTile;
  const int valid = a.length - first < kTile ? static_cast<int>(a.length - first) : kTile;
  // A warp has elements that follow each other. What lies behind the row's end comes last.
  Key own_keys[kItems];
  uint32_t own_indices[kItems];
  const int local = warp * kItems * kWarp + lane;
  const int left = valid > local ? (valid - local - 1) / kWarp + 1 : 0;
  if (a.pass == 0) {
    const KeyRule<Key> rule(a.dtype, a.falling != 0);
    load_elements(x, a.dtype, at.x + (first + local) * a.x_along, kWarp * a.x_along, left,
                  own_keys);
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      own_keys[i] = i < left ? rule.of(own_keys[i]) : static_cast<Key>(~Key(0));
      own_indices[i] = static_cast<uint32_t>(first) + local + i * kWarp;
    }
  } else {
    const int64_t own = row * a.length + first + local;
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      own_keys[i] = i < left ? keys[own + i * kWarp] : static_cast<Key>(~Key(0));
      own_indices[i] = i < left ? indices[own + i * kWarp] : 0;
    }
  }
  // Places among the elements of one digit that the warp has.
  uint32_t ranks[kItems];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const int digit = digit_of(own_keys[i], a.pass);
    ranks[i] = rank_in_warp<8>(digit, lane, warp_counts[warp]);
  }
  __syncthreads();
  // A thread for each digit.
  uint32_t count = 0;
#pragma unroll
  for (int w = 0; w < kDigitWarps; ++w) {
    const uint32_t here = warp_counts[w][thread];
    warp_counts[w][thread] = count;
    count += here;
  }
  const uint32_t begin = sum_before(count, sums);
  uint32_t real = count;
  if (thread == kDigits - 1) real -= kTile - valid;
  leave_word(&tile_words[thread], (tile == 0 ? kOfAll : kOfTile) | real);
  // Several tiles back at once: each look takes its time.
  constexpr int kWindow = 8;
  uint32_t earlier = 0;
  for (int64_t back = 1; back <= tile;) {
    uint32_t seen[kWindow];
#pragma unroll
    for (int w = 0; w < kWindow; ++w) {
      const bool there = back + w <= tile;
      seen[w] = there ? look_at_word(&tile_words[thread - (back + w) * kDigits]) : 0;
    }
    bool open = true;  // as long as all have been written
#pragma unroll
    for (int w = 0; w < kWindow; ++w) {
      open = open && seen[w] != 0;
      if (!open) continue;
      earlier += seen[w] & kCount;
      ++back;
      if ((seen[w] & kOfAll) != 0) {
        back = tile + 1;
        open = false;
      }
    }
  }
  if (tile > 0) leave_word(&tile_words[thread], kOfAll | (earlier + real));
  bases[thread] = counts[(row * a.passes + a.pass) * kDigits + thread] + earlier - begin;
#pragma unroll
  for (int w = 0; w < kDigitWarps; ++w) warp_counts[w][thread] += begin;
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const uint32_t place = warp_counts[warp][digit_of(own_keys[i], a.pass)] + ranks[i];
    tile_keys[place] = own_keys[i];
    tile_indices[place] = own_indices[i];
  }
  __syncthreads();
  const bool last = a.pass + 1 == a.passes;
#pragma unroll 4
  for (int i = thread; i < valid; i += kDigitThreads) {
    const Key key = tile_keys[i];
    const uint32_t index = tile_indices[i];
    const int64_t place = bases[digit_of(key, a.pass)] + static_cast<uint32_t>(i);
    if (!last) {
      keys_out[row * a.length + place] = key;
      indices_out[row * a.length + place] = index;
    } else if (place < a.kept) {
      store_of_key(values, at.value + place * a.value_along, key, x,
                   at.x + int64_t{index} * a.x_along, a.dtype, a.falling != 0);
      value_indices[at.index + place * a.index_along] = index;
    }
  }
}

}  // namespace fgx::device

extern "C" __global__ void fgx_digits_clear(uint32_t* words, int64_t count) {
  const int64_t i = fgx::device::thread_index();
  if (i < count) words[i] = 0;
}
extern "C" __global__ void __launch_bounds__(fgx::gpu::kDigitThreads)
    fgx_digits_starts(uint32_t* counts) {
  __shared__ uint32_t sums[fgx::device::kDigitWarps];
  uint32_t* const count =
      counts + static_cast<int64_t>(blockIdx.x) * fgx::gpu::kDigits + threadIdx.x;
  *count = fgx::device::sum_before(*count, sums);
}

#define FGX_DIGITS(name, Key)                                                                      \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kDigitThreads) fgx_digits_count_##name(   \
      const fgx::gpu::OrderArguments arguments, const void* x, uint32_t* counts) {                 \
    fgx::device::count_digits<Key>(arguments, x, counts);                                          \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kDigitThreads, 3) fgx_digits_pass_##name( \
      const fgx::gpu::OrderArguments arguments, const void* x, const Key* keys,                    \
      const uint32_t* indices, Key* keys_out, uint32_t* indices_out, const uint32_t* counts,       \
      uint32_t* words, void* values, int64_t* value_indices) {                                     \
    fgx::device::pass_digits<Key>(arguments, x, keys, indices, keys_out, indices_out, counts,      \
                                  words, values, value_indices);                                   \
  }
FGX_DIGITS(narrow, uint32_t)
FGX_DIGITS(wide, uint64_t)
