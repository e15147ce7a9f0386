// SPDX-License-Identifier: Apache-2.0
// Launchers and oracles of the family that moves elements: copy, cat, embedding.
#pragma once

#include "schema/operator.h"

namespace fgx {

RunFn prepare_copy(const Call& call, KernelState& state);
RunFn prepare_cat(const Call& call, KernelState& state);
RunFn prepare_embedding(const Call& call, KernelState& state);

// The dimension that cat joins, non-negative, and whether a tensor takes part: 1-d tensors without
// elements are skipped, whatever the rank of the others (an old habit of PyTorch).
int cat_dim(const Call& call);
bool cat_skips(const TensorView& tensor);

void copy_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs);
void cat_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs);
void embedding_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                      std::vector<OracleTensor>& outputs);

}  // namespace fgx
