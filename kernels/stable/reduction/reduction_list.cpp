// SPDX-License-Identifier: Apache-2.0
// The reduction family: operators with their type rules, oracles and implementations, best first.
#include "kernels/families.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/gpu/reduction_gpu.h"
#include "kernels/stable/reduction/reduction.h"

namespace fgx {

void add_reduction_operators(Catalogue& catalogue) {
  // Batch invariant: a row reduced over trailing dimensions has the same bits beside any other rows.
  // (Over leading dimensions, a single column adds up in another order than several do.)
  //
  // ATen's sum(self) without a dim is this overload with its default.
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "aten::sum.dim_IntList(Tensor self, int[1]? dim=None, bool keepdim=False, *, "
              "ScalarType? dtype=None) -> Tensor",
          .family = Family::kReduction,
          .infer = infer_sum,
          .oracle = oracle_sum,
          .reduce_length = reduced_length,
          .speed_attributes = {"dim"},
          .examples = {"sum(f32[4096,4096], dim=[-1])", "sum(f16[1024,1024], dim=[0])",
                       "sum(bf16[64,129,33], dim=[0,2], keepdim=True)", "sum(i32[4096])",
                       "sum(f32[1000,1000])"},
          .implementations = {{.name = "stable.cpu.sum",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_sum}},
      },
      prepare_sum_gpu, sum_workspace_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "aten::mean.dim(Tensor self, int[1]? dim=None, bool keepdim=False, *, "
                         "ScalarType? dtype=None) -> Tensor",
          .family = Family::kReduction,
          .infer = infer_mean,
          .oracle = oracle_mean,
          .reduce_length = reduced_length,
          .speed_attributes = {"dim"},
          .examples = {"mean(f32[4096,4096], dim=[-1])", "mean(bf16[1024,1024], dim=[0])",
                       "mean(f32[7,9,11], dim=[1], keepdim=True)"},
          .implementations = {{.name = "stable.cpu.mean",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_mean}},
      },
      prepare_mean_gpu, sum_workspace_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "aten::amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor",
          .family = Family::kReduction,
          .infer = infer_amax,
          .oracle = oracle_amax,
          .speed_attributes = {"dim"},
          .examples = {"amax(f32[4096,4096], dim=[-1])", "amax(bf16[1024,1024], dim=[0])",
                       "amax(i64[33,65])"},
          .implementations = {{.name = "stable.cpu.amax",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_amax}},
      },
      prepare_amax_gpu, amax_workspace_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "aten::argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
          .family = Family::kReduction,
          .infer = infer_argmax,
          .oracle = oracle_argmax,
          .speed_attributes = {"dim"},
          .examples = {"argmax(f32[4096,4096], dim=-1)", "argmax(bf16[16,151936], dim=-1)",
                       "argmax(f32[33,65], dim=0)", "argmax(i32[1000])"},
          .implementations = {{.name = "stable.cpu.argmax",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_argmax}},
      },
      prepare_argmax_gpu, argmax_workspace_gpu));
}

}  // namespace fgx
