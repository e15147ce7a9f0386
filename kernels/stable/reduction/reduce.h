// SPDX-License-Identifier: Apache-2.0
// What sum, mean, amax, argmax, max and var_mean share: which dimensions go, and the walk over the rest.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/common/row_walk.h"
#include "kernels/common/strided.h"
#include "kernels/stable/reduction/reduce_kernels.h"
#include "schema/operator.h"

namespace fgx {

// amax and argmax of nothing do not exist: throws InvalidArgument.
void require_elements(const Call& call, int dim_argument, const TensorView& self, uint32_t reduced);

// What a writer knows of the results.
struct ReduceResult {
  int64_t length;     // number of elements reduced
  double correction;  // var_mean's
  DType dtype;
};
// Writes totals to elements `stride` apart.
using ReduceWriteFn = void (*)(const ReduceSlot* totals, int64_t count, const ReduceResult& result,
                               char* out, int64_t stride);

// How slots of one operator are folded and written.
struct ReduceOps {
  // total = total combined with part, whose indices are `offset` further on.
  void (*fold)(ReduceSlot* total, const ReduceSlot& part, int64_t offset);
  ReduceWriteFn write;
  // Result of reducing nothing.
  ReduceSlot empty;
  ReduceWriteFn write_second = nullptr;  // to output 1, of operators with two
};

// Writers for ReduceOps: each total, divided or not, converted to the result's type.
void write_reals(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                 int64_t stride);
void write_means(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                 int64_t stride);
void write_integers(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                    int64_t stride);
void write_indices(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                   int64_t stride);
void write_variances(const ReduceSlot* totals, int64_t count, const ReduceResult& result, char* out,
                     int64_t stride);

struct ReduceRequest {
  uint32_t reduced = 0;  // dimensions of self
  bool keepdim = false;
  bool ordered = false;             // elements must be visited in row-major order (argmax)
  DType compute = DType::kFloat32;  // elements are converted to this type first
  const ReduceTable* table = nullptr;
  const ReduceOps* ops = nullptr;
  double correction = 0.0;
};
// What a call of sum or mean, amax, argmax or max, var_mean asks for, but for table and ops, which are the CPU's.
ReduceRequest sum_request(const Call& call);
ReduceRequest max_request(const Call& call);
ReduceRequest argmax_request(const Call& call);
ReduceRequest var_mean_request(const Call& call);

// The first input's dimensions, apart: kept ones merged and ordered by their steps, as those of the result;
// reduced ones merged, ordered too unless the order of elements counts.
struct ReduceGeometry {
  WalkDim kept[FGX_MAX_RANK];
  int kept_dims = 0;
  Strided reduced;
  WalkDim inner() const { return kept_dims > 0 ? kept[kept_dims - 1] : WalkDim{1, 0, 0}; }
  bool as_columns() const { return reduced.ndim <= 1 && kept_dims > 0 && inner().in_stride == 1; }
  bool as_rows() const {
    return reduced.ndim == 0 ? !as_columns() : reduced.ndim == 1 && reduced.strides[0] == 1;
  }
};
void cut_reduction(const Call& call, const ReduceRequest& request, const TensorView& out,
                   ReduceGeometry* geometry);

// Chooses the walk for the call's first input and its outputs. The result does not depend on the number of
// threads: long rows are cut at fixed places.
RunFn prepare_reduce(const Call& call, const ReduceRequest& request, KernelState& state);

}  // namespace fgx
