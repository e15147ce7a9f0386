// SPDX-License-Identifier: Apache-2.0
// Type rules, kernels and oracles of the reduction family.
#pragma once

#include <vector>

#include "schema/operator.h"

namespace fgx {

void infer_sum(const Call& call, std::vector<OutputSpec>& outputs);
void infer_mean(const Call& call, std::vector<OutputSpec>& outputs);
void infer_amax(const Call& call, std::vector<OutputSpec>& outputs);
void infer_argmax(const Call& call, std::vector<OutputSpec>& outputs);
void infer_max(const Call& call, std::vector<OutputSpec>& outputs);
void infer_var_mean(const Call& call, std::vector<OutputSpec>& outputs);
void infer_cumsum(const Call& call, std::vector<OutputSpec>& outputs);
// Elements that go into one result.
int64_t reduced_length(const Call& call);

RunFn prepare_sum(const Call& call, KernelState& state);
RunFn prepare_mean(const Call& call, KernelState& state);
RunFn prepare_amax(const Call& call, KernelState& state);
RunFn prepare_argmax(const Call& call, KernelState& state);
RunFn prepare_max(const Call& call, KernelState& state);
RunFn prepare_var_mean(const Call& call, KernelState& state);
RunFn prepare_cumsum(const Call& call, KernelState& state);

void oracle_sum(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs);
void oracle_mean(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs);
void oracle_amax(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs);
void oracle_argmax(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs);
void oracle_max(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs);
void oracle_var_mean(const Call& call, const std::vector<OracleTensor>& inputs,
                     std::vector<OracleTensor>& outputs);
void oracle_cumsum(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs);

}  // namespace fgx
