// SPDX-License-Identifier: Apache-2.0
// The loss family: the FGX_LOSS lines of pointwise_formulas.inc, with their reductions, and
// cross_entropy_loss.
#include "kernels/families.h"
#include "kernels/gpu/cross_entropy_gpu.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/stable/loss/cross_entropy.h"
#include "kernels/stable/pointwise/pointwise_operator.h"

namespace fgx {
namespace {

int64_t reduce_length(const Call& call) {
  const int64_t reduction = call.integer(call.op().schema.find("reduction"));
  return reduction == 0 ? 1 : call.tensor(0).numel;
}

}  // namespace

void add_loss_operators(Catalogue& catalogue) {
  for (int i = 0; i < static_cast<int>(PointwiseIndex::kCount); ++i) {
    if (!kPointwiseOperators[i].is_loss) continue;
    OperatorDef op = define_pointwise(static_cast<PointwiseIndex>(i));
    op.reduce_length = &reduce_length;
    catalogue.add(std::move(op));
  }
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int "
              "reduction=1, SymInt ignore_index=-100, float label_smoothing=0.0) -> Tensor",
          .family = Family::kLoss,
          .infer = infer_cross_entropy_loss,
          .oracle = cross_entropy_loss_oracle,
          .reduce_length = cross_entropy_length,
          .examples = {"cross_entropy_loss(f32[512,1000],i64[512])",
                       "cross_entropy_loss(bf16[16,151936],i64[16],None,0)",
                       "cross_entropy_loss(f32[64,33],i64[64],f32[33],2,-100,0.1)",
                       "cross_entropy_loss(f32[3,21,40,31],i64[3,40,31],None,0,2)"},
          .implementations = {{.name = "stable.cpu.cross_entropy_loss",
                               .in_place = false,
                               .prepare = prepare_cross_entropy_loss}},
      },
      prepare_cross_entropy_loss_gpu, cross_entropy_loss_workspace_gpu));
}

}  // namespace fgx
