// SPDX-License-Identifier: Apache-2.0
// topk and sort within blocks: rows, or tiles of them, are sorted in registers, and the first ones kept.
//
//   fgx_order_block_<small, narrow, wide>(arguments, x, from, to, values, indices)
//   fgx_order_select_<narrow, wide>(arguments, x, from, to)   the first ones of longer tiles, to be sorted afterwards
//
// Key and index of an element are one number, so that no two are equal and any way to sort is stable: of 32 bits for
// elements of at most 16 (small), of 64 bits for those of at most 32 (narrow), of 96 bits (wide). Rows that are longer
// than a block sorts give each tile's first ones to the next launch (`to`, `from`).
#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/order_keys.h"
#include "kernels/gpu/order_rows.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

struct SmallPair {
  using Key = uint32_t;
  uint32_t bits;
  static FGX_DEVICE_INLINE SmallPair make(uint32_t key, uint32_t index) {
    return {key << 16 | index};
  }
  static FGX_DEVICE_INLINE SmallPair last() { return {~uint32_t{0}}; }
  FGX_DEVICE_INLINE uint32_t index() const { return bits & 0xffff; }
  FGX_DEVICE_INLINE bool before(const SmallPair& other) const { return bits < other.bits; }
  FGX_DEVICE_INLINE SmallPair from_lane(int mask) const { return {shuffle_xor(bits, mask)}; }
};
struct NarrowPair {
  using Key = uint32_t;
  uint64_t bits;
  static FGX_DEVICE_INLINE NarrowPair make(uint32_t key, uint32_t index) {
    return {uint64_t{key} << 32 | index};
  }
  static FGX_DEVICE_INLINE NarrowPair last() { return {~uint64_t{0}}; }
  FGX_DEVICE_INLINE uint32_t index() const { return static_cast<uint32_t>(bits); }
  FGX_DEVICE_INLINE bool before(const NarrowPair& other) const { return bits < other.bits; }
  FGX_DEVICE_INLINE NarrowPair from_lane(int mask) const { return {shuffle_xor(bits, mask)}; }
};
struct WidePair {
  using Key = uint64_t;
  uint64_t key;
  uint32_t low;
  static FGX_DEVICE_INLINE WidePair make(uint64_t key, uint32_t index) { return {key, index}; }
  static FGX_DEVICE_INLINE WidePair last() { return {~uint64_t{0}, ~uint32_t{0}}; }
  FGX_DEVICE_INLINE uint32_t index() const { return low; }
  FGX_DEVICE_INLINE bool before(const WidePair& other) const {
    return key < other.key || (key == other.key && low < other.low);
  }
  FGX_DEVICE_INLINE WidePair from_lane(int mask) const {
    return {shuffle_xor(key, mask), shuffle_xor(low, mask)};
  }
};

// Pairs of a block in shared memory, each part by itself: neighbours have neighbouring words.
template <typename Pair>
struct SharedPairs {
  Pair* pairs;
  FGX_DEVICE_INLINE SharedPairs(void* memory, int) : pairs(static_cast<Pair*>(memory)) {}
  FGX_DEVICE_INLINE void set(int at, const Pair& pair) { pairs[at] = pair; }
  FGX_DEVICE_INLINE Pair get(int at) const { return pairs[at]; }
};
template <>
struct SharedPairs<WidePair> {
  uint64_t* keys;
  uint32_t* lows;
  FGX_DEVICE_INLINE SharedPairs(void* memory, int count)
      : keys(static_cast<uint64_t*>(memory)), lows(reinterpret_cast<uint32_t*>(keys + count)) {}
  FGX_DEVICE_INLINE void set(int at, const WidePair& pair) {
    keys[at] = pair.key;
    lows[at] = pair.low;
  }
  FGX_DEVICE_INLINE WidePair get(int at) const { return {keys[at], lows[at]}; }
};

constexpr int kItems = gpu::kOrderItems;

template <typename Pair>
FGX_DEVICE_INLINE void exchange(Pair& a, Pair& b, bool rising) {
  if (b.before(a) == rising) {
    const Pair other = a;
    a = b;
    b = other;
  }
}

// K. E. Batcher's bitonic network (1968) over threads * kItems pairs, of which each thread has kItems that follow each
// other: steps between a thread's own pairs, between lanes, and, in larger tiles, through shared memory.
template <typename Pair>
FGX_DEVICE_INLINE void sort_tile(Pair (&own)[kItems], int thread, int threads, void* memory) {
  const int count = threads * kItems;
  SharedPairs<Pair> shared(memory, static_cast<int>(blockDim.x) * kItems);
  for (int size = 2; size <= count; size *= 2) {
    for (int step = size / 2; step >= kItems; step /= 2) {
      const int mask = step / kItems;
      const bool rising = (thread * kItems & size) == 0;
      const bool takes_first = ((thread & mask) == 0) == rising;
      Pair others[kItems];
      if (mask >= kWarp) {
        __syncthreads();
#pragma unroll
        for (int i = 0; i < kItems; ++i) {
          shared.set(i * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x), own[i]);
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < kItems; ++i) {
          others[i] =
              shared.get(i * static_cast<int>(blockDim.x) + (static_cast<int>(threadIdx.x) ^ mask));
        }
      } else {
#pragma unroll
        for (int i = 0; i < kItems; ++i) others[i] = own[i].from_lane(mask);
      }
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
        if (others[i].before(own[i]) == takes_first) own[i] = others[i];
      }
    }
    if (size == 2) {
      exchange(own[0], own[1], true);
      exchange(own[2], own[3], false);
      continue;
    }
    const bool rising = (thread * kItems & size) == 0;
    exchange(own[0], own[2], rising);
    exchange(own[1], own[3], rising);
    exchange(own[0], own[1], rising);
    exchange(own[2], own[3], rising);
  }
}

template <typename Pair>
FGX_DEVICE_INLINE void order_block(const gpu::OrderArguments& a, const void* x, const Pair* from,
                                   Pair* to, void* values, int64_t* indices) {
  extern __shared__ __align__(16) unsigned char shared_memory[];
  static_assert(kItems == 4);
  const int threads = a.threads;
  const int thread = static_cast<int>(threadIdx.x) & (threads - 1);
  const int64_t number = static_cast<int64_t>(blockIdx.x) * (blockDim.x / threads) +
                         static_cast<int>(threadIdx.x) / threads;
  const bool exists = number < a.rows * a.tiles;
  int64_t row = exists ? number : 0;
  int64_t tile = 0;
  if (a.tiles > 1) {
    row /= a.tiles;
    tile = number - row * a.tiles;
  }
  const OrderPlace at = order_place(a, row);
  Pair own[kItems];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const int64_t element = tile * threads * kItems + i * threads + thread;
    own[i] = Pair::last();
    if (element >= a.length) continue;
    if (a.from_pairs != 0) {
      own[i] = from[row * a.length + element];
    } else {
      own[i] = Pair::make(
          key_of<typename Pair::Key>(x, a.dtype, at.x + element * a.x_along, a.falling != 0),
          static_cast<uint32_t>(element));
    }
  }
  sort_tile(own, thread, threads, shared_memory);
  if (!exists) return;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const int64_t place = thread * kItems + i;
    if (place >= a.kept) continue;
    if (a.to_pairs != 0) {
      to[(row * a.tiles + tile) * a.kept + place] = own[i];
      continue;
    }
    const int64_t index = own[i].index();
    copy_element(values, at.value + place * a.value_along, x, at.x + index * a.x_along, a.dtype);
    indices[at.index + place * a.index_along] = index;
  }
}

// Walks a tile and keeps the first ones: pairs that come before the last of them gather in shared memory, until there
// are so many that they have to be sorted. Which place a pair gathers in depends on timing, what is kept does not.
template <typename Pair>
FGX_DEVICE_INLINE void order_select(const gpu::OrderArguments& a, const void* x, const Pair* from,
                                    Pair* to) {
  extern __shared__ __align__(16) unsigned char shared_memory[];
  __shared__ int gathered;
  constexpr int kThreads = gpu::select_threads(sizeof(typename Pair::Key));
  const int thread = static_cast<int>(threadIdx.x);
  const int64_t row = blockIdx.x / a.tiles;
  const int64_t tile = blockIdx.x - row * a.tiles;
  const OrderPlace at = order_place(a, row);
  const int64_t begin = tile * a.span;
  const int64_t end = begin + a.span < a.length ? begin + a.span : a.length;
  const int kept = static_cast<int>(a.kept);
  // Twice what comes in at once is enough for few.
  const int capacity = kept <= kThreads / 2 ? 2 * kThreads : kThreads * kItems;
  SharedPairs<Pair> pairs(shared_memory, kThreads * kItems);
  Pair limit = Pair::last();  // what is kept comes before, or is it
  int fill = 0;
  if (thread == 0) gathered = 0;
  const auto shrink = [&] {
    __syncthreads();
    int threads = kItems;
    while (threads * kItems < fill) threads *= 2;
    Pair own[kItems];
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int place = i * threads + thread;
      own[i] = thread < threads && place < fill ? pairs.get(place) : Pair::last();
    }
    __syncthreads();
    sort_tile(own, thread & (threads - 1), threads, shared_memory);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int place = thread * kItems + i;
      if (thread < threads && place < kept) pairs.set(place, own[i]);
    }
    if (thread == 0) gathered = fill < kept ? fill : kept;
    __syncthreads();
    fill = fill < kept ? fill : kept;
    if (fill == kept) limit = pairs.get(kept - 1);
  };
  for (int64_t first = begin; first < end; first += kThreads * kItems) {
    Pair loaded[kItems];
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int64_t element = first + i * kThreads + thread;
      loaded[i] = Pair::last();
      if (element >= end) continue;
      loaded[i] = a.from_pairs != 0
                      ? from[row * a.length + element]
                      : Pair::make(key_of<typename Pair::Key>(
                                       x, a.dtype, at.x + element * a.x_along, a.falling != 0),
                                   static_cast<uint32_t>(element));
    }
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      bool comes = loaded[i].before(limit);
      int count = __syncthreads_count(comes ? 1 : 0);
      if (count == 0) continue;
      if (fill + count > capacity) {
        shrink();
        comes = loaded[i].before(limit);
        count = __syncthreads_count(comes ? 1 : 0);
      }
      if (comes) pairs.set(atomicAdd(&gathered, 1), loaded[i]);
      fill += count;
    }
  }
  shrink();
  for (int place = thread; place < kept; place += kThreads) {
    to[(row * a.tiles + tile) * a.kept + place] = place < fill ? pairs.get(place) : Pair::last();
  }
}

}  // namespace fgx::device

#define FGX_ORDER_SELECT(name, Pair)                                                   \
  extern "C" __global__ void __launch_bounds__(                                        \
      fgx::gpu::select_threads(sizeof(fgx::device::Pair::Key)))                        \
      fgx_order_select_##name(const fgx::gpu::OrderArguments arguments, const void* x, \
                              const fgx::device::Pair* from, fgx::device::Pair* to) {  \
    fgx::device::order_select<fgx::device::Pair>(arguments, x, from, to);              \
  }
FGX_ORDER_SELECT(narrow, NarrowPair)
FGX_ORDER_SELECT(wide, WidePair)

#define FGX_ORDER_BLOCK(name, Pair)                                                              \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kMostOrderThreads)                      \
      fgx_order_block_##name(const fgx::gpu::OrderArguments arguments, const void* x,            \
                             const fgx::device::Pair* from, fgx::device::Pair* to, void* values, \
                             int64_t* indices) {                                                 \
    fgx::device::order_block<fgx::device::Pair>(arguments, x, from, to, values, indices);        \
  }
FGX_ORDER_BLOCK(small, SmallPair)
FGX_ORDER_BLOCK(narrow, NarrowPair)
FGX_ORDER_BLOCK(wide, WidePair)
