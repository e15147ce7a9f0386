// SPDX-License-Identifier: Apache-2.0
// gelu_bf16_short: gelu of bfloat16 with polynomials as short as its precision allows.
//
// generator: lane-templates 0.1.0, 2026-11-20T12:15:00Z
// op_id: 0f3de5b1-7a9b-4f0e-8b43-26f5e3a4c95d
// implements: aten::gelu
// source: y = max(x, 0) - |x| * 2^p(|x|), p = log2 of the normal tail
// configuration: {"lanes": 16, "power_degree": 3, "tail_degree": 5, "unroll": 2}
// performance: measured over stable.cpu.gelu's loop (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: 4096 and 65536 elements bfloat16 2.11x, 2.15x
// licence: Apache-2.0
// content_hash: 350a8f6e7f9e2f34d51c5dd8d32b571e3e063f97265d03f2aa716d7ed08c24ad
// ---- end of metadata

#include "kernels/experimental/generated/pointwise/dense_unary.h"
#include "kernels/experimental/generated/pointwise/pointwise.h"

namespace fgx {
namespace {

RunFn prepare(const Call& call, KernelState& state) {
  return prepare_dense_unary(call, state, gelu_bf16_short_table_for(best_isa()));
}

}  // namespace

ImplementationDef gelu_bf16_short() {
  using Kind = Constraint::Kind;
  return {
      .name = "experimental.generated.gelu_bf16_short",
      .group = Group::kGenerated,
      .tier = Tier::kSpecialized,
      .batch_invariant = true,
      .constraints =
          {
              {.kind = Kind::kCpuFeature, .low = static_cast<int64_t>(Isa::kAvx512)},
              {.kind = Kind::kDType, .argument = 0, .dtypes = {DType::kBFloat16}},
              {.kind = Kind::kChoice, .argument = 1, .low = 0},
              {.kind = Kind::kContiguous, .argument = Constraint::kAllTensors},
          },
      .prepare = prepare,
  };
}

}  // namespace fgx
