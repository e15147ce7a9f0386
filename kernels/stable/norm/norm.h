// SPDX-License-Identifier: Apache-2.0
// Type rules, kernels and oracles of layer_norm and rms_norm.
#pragma once

#include <vector>

#include "kernels/stable/norm/norm_kernels.h"
#include "schema/operator.h"

namespace fgx {

void infer_layer_norm(const Call& call, std::vector<OutputSpec>& outputs);
void infer_rms_norm(const Call& call, std::vector<OutputSpec>& outputs);
// Elements of one row.
int64_t normalized_length(const Call& call);

RunFn prepare_layer_norm(const Call& call, KernelState& state);
RunFn prepare_rms_norm(const Call& call, KernelState& state);

void oracle_layer_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                       std::vector<OracleTensor>& outputs);
void oracle_rms_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                     std::vector<OracleTensor>& outputs);

// For other kernels of contiguous rms_norm rows: walks the rows as the stable one does. The call must
// have rows that are contiguous in themselves, at most RowWalk::kMaxDims outer dimensions after
// merging, and a contiguous weight or none; throws Unsupported otherwise.
RunFn prepare_rms_norm_rows(const Call& call, KernelState& state,
                            void (*kernel)(const NormRows& work));

// eps of rms_norm when it is None: the machine epsilon of the type it computes in, that is float32
// for the half types.
double default_rms_eps(DType input);

}  // namespace fgx
