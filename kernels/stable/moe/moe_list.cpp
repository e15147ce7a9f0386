// SPDX-License-Identifier: Apache-2.0
// The mixture-of-experts family: operators with their type rules, oracles and implementations.
#include "kernels/families.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/stable/moe/topk_kernels.h"
#include "kernels/stable/moe/topk_softmax.h"

namespace fgx {

void add_moe_operators(Catalogue& catalogue) {
  // softmax over the last dimension in float32, then the topk largest in falling order; of equal
  // logits the lower index comes first. Weights are float32, indices int32, as serving engines pass
  // them on. A row with NaN, or without a finite largest logit, gets weights NaN, indices 0, 1, ...
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "fgx::topk_softmax(Tensor gating_output, int topk, bool renormalize=False) -> "
              "(Tensor weights, Tensor indices)",
          .family = Family::kMoe,
          .infer = infer_topk_softmax,
          .oracle = oracle_topk_softmax,
          .reduce_length = expert_count,
          .speed_attributes = {"topk"},
          .aliases = {"fused_moe_gate"},
          .examples = {"topk_softmax(f32[16,64], 6)", "topk_softmax(bf16[4096,128], 8, True)",
                       "topk_softmax(f16[33,60], 4, renormalize=True)"},
          .implementations = {{.name = "stable.cpu.topk_softmax",
                               .batch_invariant = true,
                               .in_place = false,
                               .constraints = {{.kind = Constraint::Kind::kDim,
                                                .argument = 0,
                                                .dim = -1,
                                                .low = 1,
                                                .high = kMostExperts}},
                               .prepare = prepare_topk_softmax}},
      },
      prepare_topk_softmax_gpu));
}

}  // namespace fgx
