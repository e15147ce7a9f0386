// SPDX-License-Identifier: Apache-2.0
// rms_norm_streaming: large float32 outputs, stored past the caches.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: b58f50d7-6e22-45a9-8e87-402053d65736
// implements: aten::rms_norm
// source: y = x * rsqrt(mean(x^2) + eps) * weight
// configuration: {"accumulators": 2, "step": "2 vectors", "store": "non-temporal"}
// performance: measured over stable.cpu.rms_norm (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: float32 [4096,4096] 1.3x to 2.3x, [8192,3584] 1.3x, [16384,8192] 1.5x
// licence: Apache-2.0
// content_hash: f32be8a1b30d8ed1df8357039aa5749f0b62c508cc1aaca50bda00b8ed861121
// ---- end of metadata

#include "kernels/experimental/generated/reduction/rms_norm_streaming.h"

#include "base/error.h"
#include "kernels/experimental/generated/reduction/reduction.h"
#include "kernels/stable/norm/norm.h"

namespace fgx {
namespace {

constexpr int8_t kInput = 0;
constexpr int8_t kWeight = 2;

RunFn prepare(const Call& call, KernelState& state) {
  const TensorView* weight = call.tensor_or_null(kWeight);
  if (weight != nullptr && weight->dtype != DType::kFloat32) {
    fail(FGX_UNSUPPORTED, "its weight has another type than its input");
  }
  if (call.ints(1).size() != 1) fail(FGX_UNSUPPORTED, "it normalizes one dimension only");
  return prepare_rms_norm_rows(call, state, rms_norm_streaming_table_for(best_isa()).rows);
}

}  // namespace

ImplementationDef rms_norm_streaming() {
  using Kind = Constraint::Kind;
  return {
      .name = "experimental.generated.rms_norm_streaming",
      .group = Group::kGenerated,
      .tier = Tier::kSpecialized,
      .batch_invariant = true,
      .in_place = false,
      .constraints =
          {
              {.kind = Kind::kDType, .argument = kInput, .dtypes = {DType::kFloat32}},
              {.kind = Kind::kNumel, .argument = kInput, .low = int64_t{1} << 22},
              {.kind = Kind::kDim, .argument = kInput, .dim = -1, .low = 256, .high = 16384},
              {.kind = Kind::kDivisible, .argument = kInput, .dim = -1, .low = 32},
              {.kind = Kind::kContiguous, .argument = Constraint::kAllTensors},
              {.kind = Kind::kAligned, .argument = Constraint::kAllTensors, .low = 64},
          },
      .prepare = prepare,
  };
}

}  // namespace fgx
