// SPDX-License-Identifier: Apache-2.0
// softmax_registers: short rows stay in registers from their load to their store.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: 0a71a95f-59ab-4d7b-bf5b-5ff3ce9593fa
// implements: aten::softmax
// source: y = exp(x - max(x)) / sum(exp(x - max(x)))
// configuration: {"lanes": 16, "unrolled": true, "vectors_per_row": "1 to 16"}
// performance: measured over stable.cpu.softmax (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: [4096,64|128|256] float32 1.28x, 1.21x, 1.10x; float16 1.24x, 1.22x, 1.07x;
// performance: bfloat16 [4096,128|256] 1.12x, 1.09x
// licence: Apache-2.0
// content_hash: 4a70de11ef4e6729d40cc0930a0fe00bc0a44f3af5edd631c959b006902e0c20
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
