// SPDX-License-Identifier: Apache-2.0
// topk of long rows: the digits of the last element that is kept are found from the highest, by several blocks to a row.
//
//   fgx_first_clear(words, zeros, count)          words before number `zeros` become 0, the others all ones
//   fgx_first_pass_<narrow, wide>(arguments, x, rows, counts, lists, kept)
//
// A pass counts how often each digit occurs among the elements that agree with the limit so far; the row's last block
// finds the digit of the limit. The next pass keeps what comes before, and lists what has that digit where that is
// little enough. What is kept is sorted afterwards: places in lists depend on timing, results do not.
#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/order_keys.h"
#include "kernels/gpu/order_pairs.h"
#include "kernels/gpu/order_rows.h"
#include "kernels/gpu/order_sums.h"
#include "kernels/gpu/unit.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

using gpu::kFirstAtOnce;
using gpu::kFirstDigits;
using gpu::kFirstThreads;

template <typename Pair>
FGX_DEVICE_INLINE uint32_t first_digit(const gpu::FirstDigit& digit, const Pair& pair) {
  const uint32_t mask = (uint32_t{1} << digit.bits) - 1;
  if (digit.of_index != 0) return pair.index() >> digit.shift & mask;
  return static_cast<uint32_t>(pair.first_key() >> digit.shift) & mask;
}

// The digit of the limit among the elements of a row that were counted, and what the next pass does.
FGX_DEVICE_INLINE void find_limit(const gpu::FirstArguments& a, gpu::FirstRow* row,
                                  uint32_t* counts) {
  constexpr int kOwn = kFirstDigits / kFirstThreads;
  __shared__ uint32_t sums[kFirstThreads / kWarp];
  const int thread = static_cast<int>(threadIdx.x);
  const uint32_t wanted = a.pass == 0 ? static_cast<uint32_t>(a.order.kept) : row->wanted;
  uint32_t own[kOwn];
  uint32_t sum = 0;
#pragma unroll
  for (int i = 0; i < kOwn; ++i) {
    own[i] = look_at_word(&counts[thread * kOwn + i]);
    sum += own[i];
  }
  uint32_t before = sum_before(sum, sums);
#pragma unroll
  for (int i = 0; i < kOwn; ++i) counts[thread * kOwn + i] = 0;
  if (before >= wanted || before + sum < wanted) return;
  int digit = 0;
  uint32_t count = own[0];
#pragma unroll
  for (int i = 1; i < kOwn; ++i) {
    if (before + count >= wanted) continue;
    before += count;
    digit = i;
    count = own[i];
  }
  if (a.pass > 0) {
    if (a.digit_before.of_index != 0) {
      row->index |= row->limit << a.digit_before.shift;
    } else {
      row->key |= static_cast<uint64_t>(row->limit) << a.digit_before.shift;
    }
    if (row->next == 1) row->source = 1 + a.pass % 2;
  }
  row->limit = static_cast<uint32_t>(thread * kOwn + digit);
  row->wanted = wanted - before;
  const bool all = a.order.kept - row->wanted + count <= static_cast<uint32_t>(a.capacity);
  row->next = all ? 2 : count <= a.listed ? 1 : 0;
  if (all) row->over = a.pass + 1;
  row->arrived = 0;
  row->fill[(a.pass + 1) % 2] = 0;
}

template <typename Pair>
FGX_DEVICE_INLINE void first_pass(const gpu::FirstArguments& a, const void* x, gpu::FirstRow* rows,
                                  uint32_t* counts, Pair* lists, Pair* kept) {
  using Key = typename Pair::Key;
  __shared__ uint32_t memory[kFirstDigits];
  __shared__ uint32_t places[kFirstThreads / kWarp];
  __shared__ bool last;
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % kWarp;
  const int warp = thread / kWarp;
  const int64_t number = blockIdx.x / static_cast<uint32_t>(a.blocks);
  const int64_t block = blockIdx.x - number * a.blocks;
  gpu::FirstRow* const row = rows + number;
  const gpu::FirstRow at = *row;
  if (a.pass > 0 && at.over != 0 && at.over < static_cast<uint32_t>(a.pass)) return;
  const bool counting = a.pass == 0 || at.next != 2;
  if (counting) {
    for (int i = thread; i < kFirstDigits; i += kFirstThreads) memory[i] = 0;
    __syncthreads();
  }
  const OrderPlace place = order_place(a.order, number);
  const KeyRule<Key> rule(a.order.dtype, a.order.falling != 0);
  Pair* const to_list = lists + (number * 2 + a.pass % 2) * a.listed;
  const Pair* const from_list = lists + (number * 2 + (a.pass + 1) % 2) * a.listed;
  const bool listed = a.pass > 0 && at.source != 0;
  // Elements that agree in these bits with the limit come into question.
  const Key agree = a.digit_before.of_index != 0
                        ? static_cast<Key>(~Key(0))
                        : static_cast<Key>(~Key(0))
                              << (a.digit_before.shift + a.digit_before.bits - 1) << 1;
  const uint32_t index_agree = a.digit_before.of_index != 0
                                   ? ~uint32_t{0}
                                         << (a.digit_before.shift + a.digit_before.bits - 1) << 1
                                   : 0;
  const auto take = [&](const Pair& pair, bool valid) {
    if (a.pass == 0) {
      if (valid) atomicAdd(&memory[first_digit(a.digit, pair)], 1u);
      return;
    }
    if (!listed) {
      valid = valid && ((pair.first_key() ^ static_cast<Key>(at.key)) & agree) == 0 &&
              ((pair.index() ^ at.index) & index_agree) == 0;
    }
    const uint32_t digit = first_digit(a.digit_before, pair);
    const bool keeps = valid && (digit < at.limit || (digit == at.limit && at.next == 2));
    const bool stays = valid && digit == at.limit && at.next != 2;
    if (keeps) kept[number * a.capacity + atomicAdd(&row->taken, 1u)] = pair;
    if (stays) atomicAdd(&memory[first_digit(a.digit, pair)], 1u);
    if (at.next != 1) return;
    const LaneMask those = ballot(stays);
    if (those == 0) return;
    if (lane == first_lane(those)) {
      places[warp] = atomicAdd(&row->fill[a.pass % 2], static_cast<uint32_t>(count_bits(those)));
    }
    sync_warp();
    const uint32_t first = places[warp];
    sync_warp();
    if (stays) to_list[first + count_bits(those & ((LaneMask{1} << lane) - 1))] = pair;
  };
  if (listed) {
    const int64_t length = at.fill[(a.pass + 1) % 2];
    const int64_t step = static_cast<int64_t>(a.blocks) * kFirstThreads;
    for (int64_t first = block * kFirstThreads; first < length; first += step) {
      const bool valid = first + thread < length;
      take(valid ? from_list[first + thread] : Pair::last(), valid);
    }
  } else {
    const int64_t end =
        (block + 1) * a.chunk < a.order.length ? (block + 1) * a.chunk : a.order.length;
    constexpr int64_t kStep = int64_t{kFirstThreads} * kFirstAtOnce;
    for (int64_t first = block * a.chunk; first < end; first += kStep) {
      const int64_t own = first + thread;
      const int64_t left = own < end ? (end - own - 1) / kFirstThreads + 1 : 0;
      const int count = left < kFirstAtOnce ? static_cast<int>(left) : kFirstAtOnce;
      Key bits[kFirstAtOnce];
      load_elements(x, a.order.dtype, place.x + own * a.order.x_along,
                    kFirstThreads * a.order.x_along, count, bits);
#pragma unroll
      for (int i = 0; i < kFirstAtOnce; ++i) {
        take(Pair::make(rule.of(bits[i]), static_cast<uint32_t>(own + i * kFirstThreads)),
             i < count);
      }
    }
  }
  if (!counting) return;
  __syncthreads();
  uint32_t* const all = counts + number * kFirstDigits;
  for (int i = thread; i < kFirstDigits; i += kFirstThreads) {
    if (memory[i] != 0) atomicAdd(&all[i], memory[i]);
  }
  __threadfence();
  __syncthreads();
  if (thread == 0) last = atomicAdd(&row->arrived, 1u) + 1 == static_cast<uint32_t>(a.blocks);
  __syncthreads();
  if (!last) return;
  __threadfence();
  find_limit(a, row, all);
}

}  // namespace fgx::device

extern "C" __global__ void fgx_first_clear(uint32_t* words, int64_t zeros, int64_t count) {
  const int64_t i = fgx::device::thread_index();
  if (i < count) words[i] = i < zeros ? 0 : ~uint32_t{0};
}

#define FGX_FIRST(name, Pair)                                                                  \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kFirstThreads) fgx_first_pass_##name( \
      const fgx::gpu::FirstArguments arguments, const void* x, fgx::gpu::FirstRow* rows,       \
      uint32_t* counts, fgx::device::Pair* lists, fgx::device::Pair* kept) {                   \
    fgx::device::first_pass<fgx::device::Pair>(arguments, x, rows, counts, lists, kept);       \
  }
FGX_FIRST(narrow, NarrowPair)
FGX_FIRST(wide, WidePair)
