// SPDX-License-Identifier: Apache-2.0
// softmax_registers: short rows stay in registers from their load to their store.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: 0a71a95f-59ab-4d7b-bf5b-5ff3ce9593fa
// implements: aten::softmax
// source: y = exp(x - max(x)) / sum(exp(x - max(x)))
// configuration: {"lanes": 16, "unrolled": true, "vectors_per_row": "1 to 16"}
// performance: measured over stable.cpu.softmax (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: [4096,64|128|256] float32 1.29x, 1.24x, 1.34x; bfloat16 1.32x, 1.17x, 1.19x;
// performance: float16 1.29x, 1.34x, 1.08x
// licence: Apache-2.0
// content_hash: 769f0e81e014b25fa7634b554486531d98cb285cfe3f7b3b9095c8aa8ffd0ac1
// ---- end of metadata

#include "kernels/experimental/generated/reduction/softmax_registers.h"

#include "base/error.h"
#include "kernels/experimental/generated/reduction/reduction.h"
#include "kernels/stable/softmax/softmax.h"

namespace fgx {
namespace {

constexpr int64_t kStep = 16;

RunFn prepare(const Call& call, KernelState& state) {
  const TensorView& x = call.tensor(0);
  if (call.outputs()[0].dtype != x.dtype) fail(FGX_UNSUPPORTED, "it converts no types");
  if (call.normalized_dim(1, x.ndim) != x.ndim - 1) {
    fail(FGX_UNSUPPORTED, "it works along the last dimension only");
  }
  const int kind = x.dtype == DType::kFloat16 ? 0 : x.dtype == DType::kBFloat16 ? 1 : 2;
  const SoftmaxRegistersTable& table = softmax_registers_table_for(best_isa());
  return prepare_softmax_rows(call, state, table.kinds[kind][x.dim(-1) / kStep - 1]);
}

}  // namespace

ImplementationDef softmax_registers() {
  using Kind = Constraint::Kind;
  return {
      .name = "experimental.generated.softmax_registers",
      .group = Group::kGenerated,
      .tier = Tier::kSpecialized,
      .batch_invariant = true,
      .in_place = false,
      .constraints =
          {
              {.kind = Kind::kCpuFeature, .low = static_cast<int64_t>(Isa::kAvx512)},
              {.kind = Kind::kDType,
               .argument = 0,
               .dtypes = kHalfTypes | DTypeSet{DType::kFloat32}},
              {.kind = Kind::kDim,
               .argument = 0,
               .dim = -1,
               .low = kStep,
               .high = kStep * kSoftmaxRegisterSteps},
              {.kind = Kind::kDivisible, .argument = 0, .dim = -1, .low = kStep},
              {.kind = Kind::kContiguous, .argument = Constraint::kAllTensors},
          },
      .prepare = prepare,
  };
}

}  // namespace fgx
