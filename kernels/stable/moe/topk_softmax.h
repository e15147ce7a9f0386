// SPDX-License-Identifier: Apache-2.0
// Type rule, kernel and oracle of topk_softmax, the mixture-of-experts gate.
#pragma once

#include <vector>

#include "kernels/common/strided.h"
#include "schema/operator.h"

namespace fgx {

// A call whose outputs have elements.
struct GateRequest {
  DType dtype;
  bool renormalize;
  int64_t topk;
  int64_t rows;
  int64_t weight_stride;  // along a row
  int64_t index_stride;
  Strided x_row;
};
GateRequest gate_request(const Call& call);

void infer_topk_softmax(const Call& call, std::vector<OutputSpec>& outputs);
int64_t expert_count(const Call& call);
RunFn prepare_topk_softmax(const Call& call, KernelState& state);
RunFn prepare_topk_softmax_gpu(const Call& call, KernelState& state);
void oracle_topk_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                         std::vector<OracleTensor>& outputs);

}  // namespace fgx
