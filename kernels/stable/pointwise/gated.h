// SPDX-License-Identifier: Apache-2.0
// The gated activations of feed-forward layers: [..., 2 d] to [..., d], act(first half) * second half.
#pragma once

#include "schema/operator.h"

namespace fgx {

// fgx::silu_and_mul(Tensor self) -> Tensor
OperatorDef define_silu_and_mul();
// fgx::gelu_and_mul(Tensor self, *, str approximate='none') -> Tensor
OperatorDef define_gelu_and_mul();

}  // namespace fgx
