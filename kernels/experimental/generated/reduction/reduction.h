// SPDX-License-Identifier: Apache-2.0
// Generated implementations of row operators, for the lists of their families.
#pragma once

#include "schema/operator.h"

namespace fgx {

// rms_norm of bfloat16 rows with AVX512-BF16 dot products and conversions.
ImplementationDef rms_norm_bf16_dot();
// rms_norm of large outputs, written past the caches.
ImplementationDef rms_norm_streaming();
// softmax of short rows that stay in registers from load to store.
ImplementationDef softmax_registers();

}  // namespace fgx
