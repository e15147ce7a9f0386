// SPDX-License-Identifier: Apache-2.0
// Operators that move elements without computing: copy, cat, embedding, index_select, gather, scatter,
// topk, sort.
#include <algorithm>

#include "base/error.h"
#include "kernels/families.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/stable/select/index.h"
#include "kernels/stable/select/order.h"
#include "kernels/stable/select/select.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

void infer_copy(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(0);
  const TensorView& source = call.tensor(1);
  bool fits = source.ndim <= self.ndim;
  for (int d = 1; fits && d <= source.ndim; ++d) {
    fits = source.dim(-d) == 1 || source.dim(-d) == self.dim(-d);
  }
  if (!fits) {
    fail_argument(FGX_INVALID_ARGUMENT, 1, "src of shape %s does not broadcast to %s of self",
                  shape_text(source.dims()).c_str(), shape_text(self.dims()).c_str());
  }
  add_output(outputs, self.dtype, self.dims());
}

void infer_cat(const Call& call, std::vector<OutputSpec>& outputs) {
  const std::span<const TensorView> tensors = call.tensors(0);
  if (tensors.empty()) fail_argument(FGX_INVALID_ARGUMENT, 0, "cat needs at least one tensor");
  const TensorView* first = nullptr;
  for (const TensorView& tensor : tensors) {
    if (tensor.ndim == 0) {
      fail_argument(FGX_INVALID_ARGUMENT, 0, "a tensor without dimensions cannot be joined");
    }
    if (first == nullptr && !cat_skips(tensor)) first = &tensor;
  }
  const int dim = cat_dim(call);
  const DType dtype = result_type(tensors);
  if (first == nullptr) {
    add_output(outputs, dtype, Dims{0});
    return;
  }
  Dims shape(first->dims());
  shape[static_cast<size_t>(dim)] = 0;
  for (const TensorView& tensor : tensors) {
    if (cat_skips(tensor)) continue;
    bool fits = tensor.ndim == first->ndim;
    for (int d = 0; fits && d < tensor.ndim; ++d) fits = d == dim || tensor.dim(d) == first->dim(d);
    if (!fits) {
      fail_argument(FGX_INVALID_ARGUMENT, 0, "shapes %s and %s differ beside dimension %d",
                    shape_text(first->dims()).c_str(), shape_text(tensor.dims()).c_str(), dim);
    }
    int64_t& joined = shape[static_cast<size_t>(dim)];
    if (__builtin_add_overflow(joined, tensor.dim(dim), &joined)) {
      fail_argument(FGX_INVALID_ARGUMENT, 0, "the sizes along dimension %d overflow", dim);
    }
  }
  add_output(outputs, dtype, shape);
}

void infer_embedding(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& weight = call.tensor(0);
  const TensorView& indices = call.tensor(1);
  require_rank(call, 0, 2, 2);
  require_dtype(call, 1, {DType::kInt32, DType::kInt64});
  Dims shape(indices.dims());
  shape.push_back(weight.dim(1));
  add_output(outputs, weight.dtype, shape);
}

void add_index_operators(Catalogue& catalogue) {
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "index_select(Tensor self, int dim, Tensor index) -> Tensor",
          .family = Family::kSelect,
          .infer = infer_index_select,
          .oracle = index_select_oracle,
          .speed_attributes = {"dim"},
          .examples = {"index_select(f32[1024,256],0,i64[98])",
                       "index_select(bf16[64,129,33],-1,i32[16])"},
          .implementations = {{.name = "stable.cpu.index_select",
                               .batch_invariant = true,
                               .prepare = prepare_index_select}},
      },
      prepare_index_select_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor",
          .family = Family::kSelect,
          .infer = infer_gather,
          .oracle = gather_oracle,
          .speed_attributes = {"dim"},
          .examples = {"gather(f32[1024,256],1,i64[1024,16])", "gather(bf16[98,300],0,i64[7,300])"},
          .implementations =
              {{.name = "stable.cpu.gather", .batch_invariant = true, .prepare = prepare_gather}},
      },
      prepare_gather_gpu));
  // Where several indices name one place, the last along the dimension wins. A number for src is
  // ATen's scatter.value.
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor",
          .family = Family::kSelect,
          .infer = infer_scatter,
          .oracle = scatter_oracle,
          .speed_attributes = {"dim"},
          .in_place_arguments = {"self"},
          .aliases = {"scatter.value"},
          .examples = {"scatter(f32[1024,256],1,i64[1024,16],f32[1024,16])",
                       "scatter(bf16[98,300],0,i64[7,300],bf16[7,300])",
                       "scatter(f32[64,33],-1,i64[64,5],2.5)"},
          .implementations =
              {{.name = "stable.cpu.scatter", .batch_invariant = true, .prepare = prepare_scatter}},
      },
      prepare_scatter_gpu, scatter_workspace_gpu));
}

void add_order_operators(Catalogue& catalogue) {
  // NaN counts as larger than every number; of equal elements the lower index comes first.
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) "
              "-> (Tensor values, Tensor indices)",
          .family = Family::kSelect,
          .infer = infer_topk,
          .oracle = topk_oracle,
          .speed_attributes = {"k", "dim"},
          .examples = {"topk(f32[256,1024],8)", "topk(bf16[16,151936],50)",
                       "topk(i32[33,65],5,0,False)"},
          .implementations = {{.name = "stable.cpu.topk",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_topk,
                               .workspace = topk_workspace}},
      },
      prepare_topk_gpu, topk_workspace_gpu));
  // Always stable, whatever `stable` says.
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) "
              "-> (Tensor values, Tensor indices)",
          .family = Family::kSelect,
          .infer = infer_sort,
          .oracle = sort_oracle,
          .speed_attributes = {"dim"},
          .examples = {"sort(f32[256,1024],stable=True)",
                       "sort(bf16[33,65],stable=None,dim=0,descending=True)",
                       "sort(i64[100000],stable=False)"},
          .implementations = {{.name = "stable.cpu.sort",
                               .batch_invariant = true,
                               .in_place = false,
                               .prepare = prepare_sort,
                               .workspace = sort_workspace}},
      },
      prepare_sort_gpu, sort_workspace_gpu));
}

}  // namespace

bool cat_skips(const TensorView& tensor) { return tensor.ndim == 1 && tensor.numel == 0; }

int cat_dim(const Call& call) {
  const std::span<const TensorView> tensors = call.tensors(0);
  const auto first = std::find_if(tensors.begin(), tensors.end(),
                                  [](const TensorView& tensor) { return !cat_skips(tensor); });
  return call.normalized_dim(1, first == tensors.end() ? 1 : first->ndim);
}

void add_select_operators(Catalogue& catalogue) {
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor",
          .family = Family::kSelect,
          .infer = infer_copy,
          .oracle = copy_oracle,
          .in_place_arguments = {"self"},
          .examples = {"copy(f32[4096,4096],f32[4096,4096])", "copy(bf16[512,512],f32[512])"},
          .implementations =
              {{.name = "stable.cpu.copy", .batch_invariant = true, .prepare = prepare_copy}},
      },
      prepare_copy_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "cat(Tensor[] tensors, int dim=0) -> Tensor",
          .family = Family::kSelect,
          .infer = infer_cat,
          .oracle = cat_oracle,
          .aliases = {"concat", "concatenate"},
          .examples = {"cat([f32[16,4096],f32[1,4096]])", "cat([f16[8,64],f16[8,64]],-1)"},
          .implementations =
              {{.name = "stable.cpu.cat", .batch_invariant = true, .prepare = prepare_cat}},
      },
      prepare_cat_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "embedding(Tensor weight, Tensor indices, int padding_idx=-1, "
                         "bool scale_grad_by_freq=False, bool sparse=False) -> Tensor",
          .family = Family::kSelect,
          .infer = infer_embedding,
          .oracle = embedding_oracle,
          .examples = {"embedding(f32[1024,256],i64[98])"},
          .implementations = {{.name = "stable.cpu.embedding",
                               .batch_invariant = true,
                               .prepare = prepare_embedding}},
      },
      prepare_embedding_gpu));
  add_index_operators(catalogue);
  add_order_operators(catalogue);
}

}  // namespace fgx
