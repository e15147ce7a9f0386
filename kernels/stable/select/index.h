// SPDX-License-Identifier: Apache-2.0
// Moves by index along one dimension: index_select, gather and scatter.
#pragma once

#include "schema/operator.h"

namespace fgx {

void infer_index_select(const Call& call, std::vector<OutputSpec>& outputs);
void infer_gather(const Call& call, std::vector<OutputSpec>& outputs);
void infer_scatter(const Call& call, std::vector<OutputSpec>& outputs);

RunFn prepare_index_select(const Call& call, KernelState& state);
RunFn prepare_gather(const Call& call, KernelState& state);
RunFn prepare_scatter(const Call& call, KernelState& state);

void index_select_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                         std::vector<OracleTensor>& outputs);
void gather_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs);
void scatter_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                    std::vector<OracleTensor>& outputs);

}  // namespace fgx
