// SPDX-License-Identifier: Apache-2.0
// Matrix products: mm, linear, bmm and addmm.
//
// Without evidence from measurements the order below decides among implementations of one tier:
// specialised machine-generated ones first (their group is off unless the caller enables it), then our
// own blocked product, then the vendor libraries that were found, oneDNN before OpenBLAS (which picks
// kernels for older machines on some new ones). On GPUs the order is: our own for few rows
// where it was measured faster; the vendor's library; our own for few rows; our own general one, which
// takes everything.
#include <algorithm>

#include "base/error.h"
#include "kernels/experimental/generated/blas/generated_mm.h"
#include "kernels/families.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/gpu/matrix_product_gpu.h"
#include "kernels/native/blaslt_product.h"
#include "kernels/native/native_blas.h"
#include "kernels/stable/blas/blas_oracle.h"
#include "kernels/stable/blas/gemm.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

enum MmArgument { kSelf, kMat2 };
enum LinearArgument { kInput, kWeight, kBias };

constexpr DTypeSet kProductTypes = kFloatTypes | kIntegerTypes;

void require_same_dtype(const Call& call, int argument, int other) {
  if (call.tensor(argument).dtype == call.tensor(other).dtype) return;
  fail_argument(FGX_INVALID_ARGUMENT, argument, "has dtype %s, the first operand has %s",
                std::string(info(call.tensor(argument).dtype).name).c_str(),
                std::string(info(call.tensor(other).dtype).name).c_str());
}

void infer_mm(const Call& call, std::vector<OutputSpec>& outputs) {
  require_dtype(call, kSelf, kProductTypes);
  require_rank(call, kSelf, 2, 2);
  require_rank(call, kMat2, 2, 2);
  require_same_dtype(call, kMat2, kSelf);
  const TensorView& a = call.tensor(kSelf);
  const TensorView& b = call.tensor(kMat2);
  if (a.dim(1) != b.dim(0)) {
    fail_argument(FGX_INVALID_ARGUMENT, kMat2, "shapes %s and %s cannot be multiplied",
                  shape_text(a.dims()).c_str(), shape_text(b.dims()).c_str());
  }
  add_output(outputs, a.dtype, Dims{a.dim(0), b.dim(1)});
}

void infer_linear(const Call& call, std::vector<OutputSpec>& outputs) {
  require_dtype(call, kInput, kProductTypes);
  require_rank(call, kInput, 1);
  require_rank(call, kWeight, 1, 2);
  require_same_dtype(call, kWeight, kInput);
  const TensorView& input = call.tensor(kInput);
  const TensorView& weight = call.tensor(kWeight);
  if (input.dim(-1) != weight.dim(-1)) {
    fail_argument(FGX_INVALID_ARGUMENT, kWeight,
                  "weight of shape %s does not fit input of shape %s",
                  shape_text(weight.dims()).c_str(), shape_text(input.dims()).c_str());
  }
  Dims shape(input.dims());
  shape.pop_back();
  if (weight.ndim == 2) shape.push_back(weight.dim(0));
  if (const TensorView* bias = call.tensor_or_null(kBias)) {
    require_same_dtype(call, kBias, kInput);
    const bool fits = bias->ndim == 0 || (weight.ndim == 2 && bias->ndim == 1 &&
                                          (bias->dim(0) == weight.dim(0) || bias->dim(0) == 1));
    if (!fits) {
      fail_argument(FGX_INVALID_ARGUMENT, kBias, "bias of shape %s does not fit weight of shape %s",
                    shape_text(bias->dims()).c_str(), shape_text(weight.dims()).c_str());
    }
  }
  add_output(outputs, input.dtype, shape);
}

// Without our own ones for few rows.
void add_with_gpu(Catalogue& catalogue, OperatorDef op, ImplementationDef (*library)(int32_t),
                  PrepareFn general) {
  const ImplementationDef like = op.implementations.back();
  for (const int32_t type : {FGX_DEVICE_CUDA, FGX_DEVICE_ROCM}) {
    op.implementations.push_back(library(type));
  }
  add_gpu_implementations(op, like, general);
  catalogue.add(std::move(op));
}

// The operator, with implementations on GPUs beside the CPU's: `faster`, the libraries', `skinny`, the general ones.
void add_with_gpu(Catalogue& catalogue, OperatorDef op, ImplementationDef faster,
                  ImplementationDef (*library)(int32_t), ImplementationDef skinny,
                  PrepareFn general) {
  const auto cpu = std::find_if(op.implementations.begin(), op.implementations.end(),
                                [](const ImplementationDef& implementation) {
                                  return implementation.name.starts_with("stable.cpu.");
                                });
  const ImplementationDef like = *cpu;
  op.implementations.push_back(std::move(faster));
  for (const int32_t type : {FGX_DEVICE_CUDA, FGX_DEVICE_ROCM}) {
    op.implementations.push_back(library(type));
  }
  op.implementations.push_back(std::move(skinny));
  add_gpu_implementations(op, like, general);
  catalogue.add(std::move(op));
}

void infer_bmm(const Call& call, std::vector<OutputSpec>& outputs) {
  require_dtype(call, kSelf, kProductTypes);
  require_rank(call, kSelf, 3, 3);
  require_rank(call, kMat2, 3, 3);
  require_same_dtype(call, kMat2, kSelf);
  const TensorView& a = call.tensor(kSelf);
  const TensorView& b = call.tensor(kMat2);
  if (a.dim(0) != b.dim(0) || a.dim(2) != b.dim(1)) {
    fail_argument(FGX_INVALID_ARGUMENT, kMat2, "batches of shapes %s and %s cannot be multiplied",
                  shape_text(a.dims()).c_str(), shape_text(b.dims()).c_str());
  }
  add_output(outputs, a.dtype, Dims{a.dim(0), a.dim(1), b.dim(2)});
}

void infer_addmm(const Call& call, std::vector<OutputSpec>& outputs) {
  enum { kAdded, kMat1, kMat2Here, kBeta, kAlpha };
  require_dtype(call, kMat1, kProductTypes);
  require_rank(call, kMat1, 2, 2);
  require_rank(call, kMat2Here, 2, 2);
  require_same_dtype(call, kMat2Here, kMat1);
  require_same_dtype(call, kAdded, kMat1);
  const TensorView& self = call.tensor(kAdded);
  const TensorView& a = call.tensor(kMat1);
  const TensorView& b = call.tensor(kMat2Here);
  if (a.dim(1) != b.dim(0)) {
    fail_argument(FGX_INVALID_ARGUMENT, kMat2Here, "shapes %s and %s cannot be multiplied",
                  shape_text(a.dims()).c_str(), shape_text(b.dims()).c_str());
  }
  const Dims shape{a.dim(0), b.dim(1)};
  bool fits = self.ndim <= 2;
  for (int d = 1; fits && d <= self.ndim; ++d) {
    fits = self.dim(-d) == 1 || self.dim(-d) == shape[static_cast<size_t>(2 - d)];
  }
  if (!fits) {
    fail_argument(FGX_INVALID_ARGUMENT, kAdded, "self of shape %s does not broadcast to %s",
                  shape_text(self.dims()).c_str(), shape_text(shape).c_str());
  }
  for (const int argument : {int{kBeta}, int{kAlpha}}) {
    if (!is_float(a.dtype) && call.scalar(argument).kind == Scalar::Kind::kFloat) {
      fail_argument(FGX_INVALID_ARGUMENT, argument, "must not be a float when the result is %s",
                    info(a.dtype).name.data());
    }
  }
  add_output(outputs, a.dtype, shape);
}

int64_t shared_length(const Call& call) { return call.tensor(0).dim(-1); }
int64_t shared_length_of_addmm(const Call& call) { return call.tensor(1).dim(-1); }

}  // namespace

void add_blas_operators(Catalogue& catalogue) {
  add_with_gpu(
      catalogue,
      {
          .schema_text = "mm(Tensor self, Tensor mat2) -> Tensor",
          .family = Family::kBlas,
          .infer = infer_mm,
          .oracle = mm_oracle,
          .reduce_length = shared_length,
          .examples = {"mm(f32[16,3584],f32[3584,3584])", "mm(bf16[98,896],bf16[896,512])",
                       "mm(i32[7,9],i32[9,5])"},
          .implementations =
              {
                  mm_skinny_prefetch(),
                  mm_tile_prefetch(),
                  {.name = "stable.cpu.mm", .prepare = prepare_mm, .workspace = mm_workspace},
                  onednn_mm(),
                  openblas_mm(),
              },
      },
      few_rows_mm_gpu(), blaslt_mm, skinny_mm_gpu(), prepare_mm_gpu);
  add_with_gpu(
      catalogue,
      {
          .schema_text = "linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor",
          .family = Family::kBlas,
          .infer = infer_linear,
          .oracle = linear_oracle,
          .reduce_length = shared_length,
          .examples = {"linear(f32[1,3584],f32[3584,3584])",
                       "linear(bf16[2,49,896],bf16[512,896],bf16[512])"},
          .implementations =
              {
                  {.name = "stable.cpu.linear",
                   .prepare = prepare_linear,
                   .workspace = linear_workspace},
                  onednn_linear(),
                  openblas_linear(),
              },
      },
      few_rows_linear_gpu(), blaslt_linear, skinny_linear_gpu(), prepare_linear_gpu);
  add_with_gpu(catalogue,
               {
                   .schema_text = "bmm(Tensor self, Tensor mat2) -> Tensor",
                   .family = Family::kBlas,
                   .infer = infer_bmm,
                   .oracle = bmm_oracle,
                   .reduce_length = shared_length,
                   .examples = {"bmm(f32[28,98,128],f32[28,128,97])",
                                "bmm(bf16[64,17,33],bf16[64,33,9])", "bmm(i32[3,7,9],i32[3,9,5])"},
                   .implementations = {{.name = "stable.cpu.bmm",
                                        .prepare = prepare_bmm,
                                        .workspace = bmm_workspace}},
               },
               blaslt_bmm, prepare_bmm_gpu);
  // Half types add self to the sums, before they are rounded.
  add_with_gpu(
      catalogue,
      {
          .schema_text =
              "addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) "
              "-> Tensor",
          .family = Family::kBlas,
          .infer = infer_addmm,
          .oracle = addmm_oracle,
          .reduce_length = shared_length_of_addmm,
          .in_place_arguments = {"self"},
          .examples = {"addmm(f32[3584],f32[16,1024],f32[1024,3584])",
                       "addmm(bf16[98,512],bf16[98,896],bf16[896,512],beta=0.5,alpha=2)",
                       "addmm(i32[7,5],i32[7,9],i32[9,5],beta=2,alpha=3)"},
          .implementations = {few_rows_addmm_gpu(),
                              {.name = "stable.cpu.addmm",
                               .prepare = prepare_addmm,
                               .workspace = addmm_workspace}},
      },
      blaslt_addmm, prepare_addmm_gpu);
}

}  // namespace fgx
