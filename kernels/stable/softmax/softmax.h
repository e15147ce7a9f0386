// SPDX-License-Identifier: Apache-2.0
// Type rule, kernels and oracle of the softmax family.
#pragma once

#include <optional>
#include <vector>

#include "kernels/common/row_walk.h"
#include "kernels/stable/softmax/softmax_kernels.h"
#include "schema/operator.h"

namespace fgx {

void infer_softmax(const Call& call, std::vector<OutputSpec>& outputs);
// Elements that go into one result.
int64_t softmax_length(const Call& call);
RunFn prepare_softmax(const Call& call, KernelState& state);
RunFn prepare_log_softmax(const Call& call, KernelState& state);
void oracle_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                    std::vector<OracleTensor>& outputs);
void oracle_log_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                        std::vector<OracleTensor>& outputs);

// For other kernels of rows over the last dimension: walks the rows as the stable one does. Throws
// Unsupported unless rows are contiguous in themselves and their outer dimensions merge enough.
// `kernels` must stay alive; of them only `rows` is used while rows are shorter than
// kSoftmaxLongRow.
inline constexpr int64_t kSoftmaxLongRow = 32768;
RunFn prepare_softmax_rows(const Call& call, KernelState& state, const SoftmaxKernels& kernels);

// The call's tensors, cut into rows along the softmax dimension.
struct SoftmaxRows {
  int64_t length;
  int64_t x_stride;  // along the dimension
  int64_t y_stride;
  WalkDim outer[FGX_MAX_RANK];
  int outer_dims;
};
void cut_rows(const Call& call, SoftmaxRows* rows);

// The kernels for a pair of types; nullopt where the input must be converted first.
std::optional<SoftmaxKind> softmax_kind(DType in, DType out);

}  // namespace fgx
