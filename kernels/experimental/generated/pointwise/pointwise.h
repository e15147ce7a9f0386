// SPDX-License-Identifier: Apache-2.0
// Generated implementations of elementwise operators, for the list of their family.
#pragma once

#include "schema/operator.h"

namespace fgx {

// gelu of float32 through one power of two per element.
ImplementationDef gelu_exp2();
// gelu of bfloat16 with polynomials as short as its precision allows.
ImplementationDef gelu_bf16_short();
// silu_and_mul of a few long rows, split over columns.
ImplementationDef silu_and_mul_rows();
// silu_and_mul of any dense tensor in one pass.
ImplementationDef silu_and_mul_fused();

}  // namespace fgx
