// SPDX-License-Identifier: Apache-2.0
// Launchers and oracles of the attention family.
#pragma once

#include "schema/operator.h"

namespace fgx {

// Arguments of scaled_dot_product_attention.
enum AttentionArgument {
  kQuery,
  kKey,
  kValue,
  kMask,
  kDropout,
  kCausal,
  kScale,
  kGrouped,
};
// Arguments of apply_rotary_pos_emb.
enum RotaryArgument { kRotaryQuery, kRotaryKey, kCosine, kSine, kPositions, kInterleaved };

RunFn prepare_attention(const Call& call, KernelState& state);
size_t attention_workspace(const Call& call);
RunFn prepare_rotary(const Call& call, KernelState& state);
RunFn prepare_attention_gpu(const Call& call, KernelState& state);
size_t attention_workspace_gpu(const Call& call);
RunFn prepare_rotary_gpu(const Call& call, KernelState& state);

void attention_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                      std::vector<OracleTensor>& outputs);
void rotary_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs);

}  // namespace fgx
