// SPDX-License-Identifier: Apache-2.0
// The reduction family: operators with their type rules, oracles and implementations, best first.
#include "kernels/families.h"
#include "kernels/gpu/cumsum_gpu.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/gpu/reduction_gpu.h"
#include "kernels/stable/reduction/reduction.h"

namespace fgx {
namespace {

int64_t scanned_length(const Call& call) {
  const TensorView& self = call.tensor(0);
  return self.ndim == 0 ? 1 : self.dim(call.normalized_dim(1, self.ndim));
}

}  // namespace

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
  // Of equal largest elements the first counts, and the first NaN before all others.
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "aten::max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, "
              "Tensor indices)",
          .family = Family::kReduction,
          .infer = infer_max,
          .oracle = oracle_max,
          .speed_attributes = {"dim"},
          .examples = {"max(f32[4096,4096], dim=-1)", "max(bf16[16,151936], dim=-1)",
                       "max(f32[33,65], dim=0, keepdim=True)", "max(i32[1000], dim=0)"},
          .implementations = {{.name = "stable.cpu.max",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_max}},
      },
      prepare_max_gpu, max_workspace_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "aten::var_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? "
                         "correction=None, bool keepdim=False) -> (Tensor, Tensor)",
          .family = Family::kReduction,
          .infer = infer_var_mean,
          .oracle = oracle_var_mean,
          .reduce_length = reduced_length,
          .speed_attributes = {"dim"},
          .examples = {"var_mean(f32[4096,4096], dim=[-1])", "var_mean(bf16[1024,1024], dim=[0])",
                       "var_mean(f32[64,129,33], dim=[0,2], correction=0, keepdim=True)",
                       "var_mean(f32[1000,1000])"},
          .implementations =
              {{.name = "stable.cpu.var_mean", .in_place = false, .prepare = prepare_var_mean}},
      },
      prepare_var_mean_gpu, var_mean_workspace_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "aten::cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor",
          .family = Family::kReduction,
          .infer = infer_cumsum,
          .oracle = oracle_cumsum,
          .reduce_length = scanned_length,
          .speed_attributes = {"dim"},
          .in_place_arguments = {"self"},
          .examples = {"cumsum(f32[4096,4096], dim=-1)", "cumsum(bf16[1024,1024], dim=0)",
                       "cumsum(i32[64,129,33], dim=1)", "cumsum(i64[100000], dim=0)"},
          .implementations =
              {{.name = "stable.cpu.cumsum", .batch_invariant = true, .prepare = prepare_cumsum}},
      },
      prepare_cumsum_gpu, cumsum_workspace_gpu));
}

}  // namespace fgx
