// SPDX-License-Identifier: Apache-2.0
// rms_norm_bf16_dot: bfloat16 rows, squares by AVX512-BF16 dot products, results by its conversions.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: e10904a4-e4da-406e-a71a-c5a2d1572d40
// implements: aten::rms_norm
// source: y = x * rsqrt(mean(x^2) + eps) * weight
// configuration: {"accumulators": 4, "instructions": "avx512_bf16", "step": 32}
// performance: measured over stable.cpu.rms_norm (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: bfloat16 [1,3584] 1.07x (call included), [16,3584] 1.2x, [512,3584] 1.3x
// licence: Apache-2.0
// content_hash: aa7f949f8660ad1c6e99c56dde5feffa3b20a3301db3eb82096a80f4707001ab
// ---- end of metadata

#include "kernels/experimental/generated/reduction/rms_norm_bf16_dot.h"

#include "base/error.h"
#include "kernels/experimental/generated/reduction/reduction.h"
#include "kernels/stable/norm/norm.h"

namespace fgx {
namespace {

constexpr int8_t kInput = 0;
constexpr int8_t kWeight = 2;

RunFn prepare(const Call& call, KernelState& state) {
  if (!call.has(kWeight)) fail(FGX_UNSUPPORTED, "it needs a weight");
  return prepare_rms_norm_rows(call, state, rms_norm_bf16_dot_table_for(best_isa()).rows);
}

const char* available() {
  return has_avx512_bf16() ? nullptr : "the processor has no AVX512-BF16 instructions";
}

}  // namespace

ImplementationDef rms_norm_bf16_dot() {
  using Kind = Constraint::Kind;
  const DTypeSet bf16 = {DType::kBFloat16};
  return {
      .name = "experimental.generated.rms_norm_bf16_dot",
      .group = Group::kGenerated,
      .tier = Tier::kSpecialized,
      .batch_invariant = true,
      .in_place = false,
      .constraints =
          {
              {.kind = Kind::kCpuFeature, .low = static_cast<int64_t>(Isa::kAvx512)},
              {.kind = Kind::kDType, .argument = kInput, .dtypes = bf16},
              {.kind = Kind::kRank, .argument = kWeight, .low = 1, .high = 1},
              {.kind = Kind::kDType, .argument = kWeight, .dtypes = bf16},
              {.kind = Kind::kDim, .argument = kInput, .dim = -1, .low = 32, .high = 16384},
              {.kind = Kind::kDivisible, .argument = kInput, .dim = -1, .low = 32},
              {.kind = Kind::kContiguous, .argument = Constraint::kAllTensors},
          },
      .prepare = prepare,
      .available = available,
  };
}

}  // namespace fgx
