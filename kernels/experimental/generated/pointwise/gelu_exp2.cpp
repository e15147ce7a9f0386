// SPDX-License-Identifier: Apache-2.0
// gelu_exp2: gelu of float32 through one power of two per element.
//
// generator: lane-templates 0.1.0, 2026-11-20T12:15:00Z
// op_id: 5c0a53f2-8f0e-4a58-9d4d-8a1f63f3a1b7
// implements: aten::gelu
// source: y = max(x, 0) - |x| * 2^p(|x|), p = log2 of the normal tail
// configuration: {"lanes": 16, "power_degree": 6, "tail_degree": 8, "unroll": 2}
// performance: measured over stable.cpu.gelu's loop (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: 4096 and 65536 elements float32 1.87x, 1.88x
// licence: Apache-2.0
// content_hash: 326fee2a3ac7d340cc812abda3c96783a552e1ff98d564c4aaefc2b4ee6ab920
// ---- end of metadata

#include "kernels/experimental/generated/pointwise/dense_unary.h"
#include "kernels/experimental/generated/pointwise/pointwise.h"

namespace fgx {
namespace {

RunFn prepare(const Call& call, KernelState& state) {
  return prepare_dense_unary(call, state, gelu_exp2_table_for(best_isa()));
}

}  // namespace

ImplementationDef gelu_exp2() {
  using Kind = Constraint::Kind;
  return {
      .name = "experimental.generated.gelu_exp2",
      .group = Group::kGenerated,
      .tier = Tier::kSpecialized,
      .batch_invariant = true,
      .constraints =
          {
              {.kind = Kind::kCpuFeature, .low = static_cast<int64_t>(Isa::kAvx512)},
              {.kind = Kind::kDType, .argument = 0, .dtypes = {DType::kFloat32}},
              {.kind = Kind::kChoice, .argument = 1, .low = 0},
              {.kind = Kind::kContiguous, .argument = Constraint::kAllTensors},
              {.kind = Kind::kNumel, .argument = 0, .low = 1, .high = int64_t{1} << 26},
          },
      .prepare = prepare,
  };
}

}  // namespace fgx
