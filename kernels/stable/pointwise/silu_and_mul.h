// SPDX-License-Identifier: Apache-2.0
// silu_and_mul: the gated activation of LLaMA's feed-forward layer.
#pragma once

#include "schema/operator.h"

namespace fgx {

// fgx::silu_and_mul(Tensor self) -> Tensor: [..., 2 d] to [..., d], silu(first half) * second half.
OperatorDef define_silu_and_mul();

}  // namespace fgx
