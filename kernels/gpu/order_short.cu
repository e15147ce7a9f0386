// SPDX-License-Identifier: Apache-2.0
// topk and sort of rows that a block sorts by digits.
//
//   fgx_order_short_<small, narrow, wide>_<1024, 2048, 4096>(arguments, x, values, indices)   rows of up to so many
//
// The types are those of order.cu's kernels.
#include "kernels/gpu/order_short.h"

// Least blocks of 256 threads to a multiprocessor: registers that leave room for so many.
#define FGX_ORDER_SHORT(name, Key, packed, blocks, tile)                                           \
  extern "C" __global__ void __launch_bounds__(tile / fgx::gpu::kShortItems, blocks * 4096 / tile) \
      fgx_order_short_##name##_##tile(const fgx::gpu::OrderArguments arguments, const void* x,     \
                                      void* values, int64_t* indices) {                            \
    fgx::device::sort_short<Key, packed, tile / fgx::gpu::kShortItems, fgx::gpu::kShortItems>(     \
        arguments, x, values, indices);                                                            \
  }
#define FGX_ORDER_SHORT_TILES(name, Key, packed, blocks) \
  FGX_ORDER_SHORT(name, Key, packed, blocks, 1024)       \
  FGX_ORDER_SHORT(name, Key, packed, blocks, 2048)       \
  FGX_ORDER_SHORT(name, Key, packed, blocks, 4096)
FGX_ORDER_SHORT_TILES(small, uint32_t, true, 3)
FGX_ORDER_SHORT_TILES(narrow, uint32_t, false, 3)
FGX_ORDER_SHORT_TILES(wide, uint64_t, false, 2)
