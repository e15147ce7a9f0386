// SPDX-License-Identifier: Apache-2.0
// Changes to a call, from which cases are made. They need not give legal calls: the operator's own
// rules decide afterwards.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "verify/call_spec.h"

namespace fgx {

using SpecSink = std::function<void(const CallSpec&)>;

std::vector<TensorSpec*> tensors_of(CallSpec& spec);
// Different sizes of dimensions, in order of appearance; sizes of 1 are left out.
std::vector<int64_t> distinct_dims(const CallSpec& spec);
// Gives every dimension of size `from` the size `to`, and attributes that hold sizes likewise; all
// tensors become contiguous.
CallSpec with_dim(CallSpec spec, int64_t from, int64_t to);
// Appends defaults so that argument `index` exists.
void extend_to(CallSpec& spec, size_t index);
// The type of the first float tensor, else of the first tensor.
DType principal_dtype(const CallSpec& spec);
// Gives all tensors of the principal type another one.
CallSpec with_dtype(CallSpec spec, DType dtype);

void vary_shapes(const CallSpec& base, std::span<const int64_t> sizes, const SpecSink& sink);
void vary_ranks(const CallSpec& base, const SpecSink& sink);
// `each`: also one tensor at a time.
void vary_layouts(const CallSpec& base, bool each, const SpecSink& sink);
void vary_attributes(const CallSpec& base, const SpecSink& sink);
// One tensor of another type at a time, and numbers in place of tensors.
void vary_promotion(const CallSpec& base, std::span<const DType> types, const SpecSink& sink);

// Changes the call until it meets the constraints, as far as shapes, types and attributes can.
CallSpec settle(CallSpec spec, const std::vector<Constraint>& constraints);
// Changes the call towards an implementation's constraints, then to the ends of each range.
void vary_within(const CallSpec& base, const std::vector<Constraint>& constraints,
                 const SpecSink& sink);

}  // namespace fgx
