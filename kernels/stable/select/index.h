// SPDX-License-Identifier: Apache-2.0
// Moves by index along one dimension: index_select, gather and scatter.
#pragma once

#include "schema/operator.h"

namespace fgx {

// The loops of a call over `dense` (what is gathered, or what is scattered), the indices and the table: those over the
// other dimensions, outermost first, and the one along the dimension. Steps in elements.
struct IndexLoops {
  enum Operand { kDense, kIndices, kTable };
  static constexpr int kOperands = 3;
  int32_t ndim;  // of the other dimensions, merged; at least 1
  int64_t sizes[FGX_MAX_RANK];
  int64_t steps[kOperands][FGX_MAX_RANK];
  int64_t others;            // product of sizes
  int64_t length;            // along the dimension
  int64_t along[kOperands];  // steps; the table's is what an index counts
  int64_t limit;             // size of the table along the dimension
  int64_t bytes;             // of an element
  bool wide_indices;
};
// Of calls with indices. scatter's table is the result; a number that is scattered has no steps.
IndexLoops index_select_loops(const Call& call);
IndexLoops gather_loops(const Call& call);
IndexLoops scatter_loops(const Call& call);

void infer_index_select(const Call& call, std::vector<OutputSpec>& outputs);
void infer_gather(const Call& call, std::vector<OutputSpec>& outputs);
void infer_scatter(const Call& call, std::vector<OutputSpec>& outputs);

RunFn prepare_index_select(const Call& call, KernelState& state);
RunFn prepare_gather(const Call& call, KernelState& state);
RunFn prepare_scatter(const Call& call, KernelState& state);
RunFn prepare_index_select_gpu(const Call& call, KernelState& state);
RunFn prepare_gather_gpu(const Call& call, KernelState& state);
RunFn prepare_scatter_gpu(const Call& call, KernelState& state);
size_t scatter_workspace_gpu(const Call& call);

void index_select_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                         std::vector<OracleTensor>& outputs);
void gather_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs);
void scatter_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                    std::vector<OracleTensor>& outputs);

}  // namespace fgx
