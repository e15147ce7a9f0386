// SPDX-License-Identifier: Apache-2.0
// Type rule, kernel and oracle of topk_softmax, the mixture-of-experts gate.
#pragma once

#include <vector>

#include "schema/operator.h"

namespace fgx {

void infer_topk_softmax(const Call& call, std::vector<OutputSpec>& outputs);
int64_t expert_count(const Call& call);
RunFn prepare_topk_softmax(const Call& call, KernelState& state);
void oracle_topk_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                         std::vector<OracleTensor>& outputs);

}  // namespace fgx
