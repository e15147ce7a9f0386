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

#pragma once

#include "backend/cpu/isa.h"
#include "kernels/stable/norm/norm_kernels.h"

namespace fgx {

// Rows of float32, with a float32 weight or none; n a multiple of 32 and rows of y aligned to 64 bytes.
struct RmsNormStreamingTable {
  void (*rows)(const NormRows& work);
};
FGX_DECLARE_ISA_TABLE(RmsNormStreamingTable, rms_norm_streaming_table)

}  // namespace fgx
