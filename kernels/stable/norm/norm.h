// SPDX-License-Identifier: Apache-2.0
// Type rules, kernels and oracles of layer_norm and rms_norm.
#pragma once

#include <vector>

#include "kernels/common/row_walk.h"
#include "kernels/common/strided.h"
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

enum class Norm : uint8_t { kLayer, kRms };

// Positions of the tensors in RunArgs::data; -1: absent. The input is the first.
struct NormSlots {
  int8_t weight;
  int8_t bias;
  int8_t output;
};
// The call's tensors, cut into rows.
struct NormGeometry {
  WalkDim outer[FGX_MAX_RANK];
  int outer_dims;
  Strided x;
  Strided y;
  Strided weight;
  Strided bias;
  NormSlots slots;
  const TensorView* weight_view;  // null: absent
  const TensorView* bias_view;
  bool contiguous;  // all rows are, and the outer dimensions fit a RowWalk
};
void cut_rows(const Call& call, Norm norm, NormGeometry* rows);

// eps of a call with input of this type.
double eps_of(const RunArgs& args, DType dtype);
// eps of rms_norm when it is None: the machine epsilon of the type it computes in, that is float32
// for the half types.
double default_rms_eps(DType input);

}  // namespace fgx
