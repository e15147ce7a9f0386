// SPDX-License-Identifier: Apache-2.0
// The usual steps of type and shape rules, for those who write operators.
#pragma once

#include <initializer_list>
#include <vector>

#include "schema/call.h"
#include "schema/operator.h"
#include "tensor/broadcast.h"
#include "tensor/promotion.h"

namespace fgx {

// torch.result_type of all input tensors.
DType promote(const Call& call);
// Of the given arguments only (schema indices); absent ones are skipped. Tensors promote by their
// category, Scalars as numbers.
DType promote(const Call& call, std::initializer_list<int> arguments);

// The common shape of all input tensors. Throws InvalidArgument naming shapes and argument.
Dims broadcast(const Call& call);
Dims broadcast(const Call& call, std::initializer_list<int> arguments);

// Appends an output. Its shape is checked when the rule returns.
void add_output(std::vector<OutputSpec>& outputs, DType dtype, std::span<const int64_t> shape);

// Throws InvalidArgument unless the tensor's dtype is in `types`; says which are legal.
void require_dtype(const Call& call, int argument, DTypeSet types);
// Throws InvalidArgument unless its ndim lies in [low, high].
void require_rank(const Call& call, int argument, int low, int high = FGX_MAX_RANK);

// Whole rules. Result like argument 0; broadcast of all inputs in their promoted type; the same in
// the float type of it (integers and bool give float32); in bool.
void infer_like_self(const Call& call, std::vector<OutputSpec>& outputs);
void infer_promoted(const Call& call, std::vector<OutputSpec>& outputs);
void infer_promoted_float(const Call& call, std::vector<OutputSpec>& outputs);
void infer_predicate(const Call& call, std::vector<OutputSpec>& outputs);

// Dimensions that a reduction over argument `argument` (int, int[1]? or absent: all) runs over, one
// bit per dimension. An empty list means all, as in torch.sum. Throws InvalidArgument for a dimension
// out of range or given twice.
uint32_t reduced_dims(const Call& call, int argument, int ndim);
// The shape that is left, with `keepdim` ones for the reduced dimensions.
Dims reduced_shape(std::span<const int64_t> shape, uint32_t reduced, bool keepdim);

}  // namespace fgx
