// SPDX-License-Identifier: Apache-2.0
// What a call must at least move and compute: the numerators of GB/s and GFLOP/s.
#pragma once

#include <cstdint>

#include "schema/call.h"

namespace fgx {

// Bytes of all inputs and outputs, each element counted once (a stretched dimension holds one).
int64_t bytes_moved(const Call& call);

// Floating-point operations by the family's rule, -1 where the notion means nothing:
//   blas        2 per product summed          attention  4 per query, key and feature, 5 per weight
//   softmax     5 per element                 norm       6 per element
//   reduction   1 per input element           pointwise, loss  1 per output element
//   moe         5 per input element           select     none
int64_t flop_count(const Call& call);

}  // namespace fgx
