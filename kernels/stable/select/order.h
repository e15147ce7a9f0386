// SPDX-License-Identifier: Apache-2.0
// Operators that put elements in order: topk and sort.
#pragma once

#include "schema/operator.h"

namespace fgx {

void infer_topk(const Call& call, std::vector<OutputSpec>& outputs);
void infer_sort(const Call& call, std::vector<OutputSpec>& outputs);

RunFn prepare_topk(const Call& call, KernelState& state);
RunFn prepare_sort(const Call& call, KernelState& state);
size_t topk_workspace(const Call& call);
size_t sort_workspace(const Call& call);
RunFn prepare_topk_gpu(const Call& call, KernelState& state);
RunFn prepare_sort_gpu(const Call& call, KernelState& state);
size_t topk_workspace_gpu(const Call& call);
size_t sort_workspace_gpu(const Call& call);

void topk_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs);
void sort_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs);

}  // namespace fgx
