// SPDX-License-Identifier: Apache-2.0
// Type rules, kernels and oracles of layer_norm, rms_norm and fused_add_rms_norm.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kernels/common/row_walk.h"
#include "kernels/common/strided.h"
#include "kernels/stable/norm/norm_kernels.h"
#include "kernels/stable/pointwise/elementwise.h"
#include "schema/operator.h"

namespace fgx {

void infer_layer_norm(const Call& call, std::vector<OutputSpec>& outputs);
void infer_rms_norm(const Call& call, std::vector<OutputSpec>& outputs);
void infer_fused_add_rms_norm(const Call& call, std::vector<OutputSpec>& outputs);
// Elements of one row.
int64_t normalized_length(const Call& call);

RunFn prepare_layer_norm(const Call& call, KernelState& state);
RunFn prepare_rms_norm(const Call& call, KernelState& state);

RunFn prepare_fused_add_rms_norm(const Call& call, KernelState& state);

void oracle_layer_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                       std::vector<OracleTensor>& outputs);
void oracle_rms_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                     std::vector<OracleTensor>& outputs);
void oracle_fused_add_rms_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                               std::vector<OracleTensor>& outputs);

// The steps of the type rule: throws InvalidArgument unless `shape` is that of the trailing dimensions
// of `input` and of the argument `parameter` (where it is present).
void check_normalized_shape(const Call& call, int argument, const TensorView& input);
void check_parameter(const Call& call, int argument, std::span<const int64_t> shape);

// What a norm works on, when that is not the tensors of an rms_norm call: rows of the last
// `normalized_dims` dimensions of x. Positions in RunArgs::data: x 0, then weight if there is one, y.
struct RmsNormTensors {
  TensorView x;
  const TensorView* weight;
  TensorView y;
  int normalized_dims;
};
RunFn prepare_rms_norm_of(const RmsNormTensors& tensors, KernelState& state);
// The sum of a fused_add_rms_norm call, as an elementwise operator on tensors 0 and 1 into 2. `alpha`, which is one,
// and the call must live as long as the request.
ElementwiseRequest add_norm_sum(const Call& call, const Scalar& alpha);
// Such a call as two launches, for any strides: the sum, then the norm of it.
struct AddNormSteps {
  KernelState sum;
  KernelState norm;
  RunFn run_sum;
  RunFn run_norm;
  bool weighted;
};
void run_add_norm_steps(const KernelState& state, const RunArgs& args);
// Kernels for rows of one type and parameters of another; nullopt: parameters must be converted.
std::optional<NormKind> norm_kind(DType row, DType parameter);

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
void cut_rows(const RmsNormTensors& tensors, NormGeometry* rows);

// eps of a call with input of this type.
double eps_of(const RunArgs& args, DType dtype);
// eps of rms_norm when it is None: the machine epsilon of the type it computes in, that is float32
// for the half types.
double default_rms_eps(DType input);

}  // namespace fgx
