// SPDX-License-Identifier: Apache-2.0
// Variants that lead a call into the range an implementation accepts, and to the ends of that range.
#include <algorithm>

#include "schema/constraint.h"
#include "verify/case_variants.h"

namespace fgx {
namespace {

// Ranges are tried no further than this: the oracle is slow.
constexpr int64_t kLargestSize = 1 << 14;

TensorSpec* tensor_of(CallSpec& spec, int argument) {
  if (argument == Constraint::kAllTensors) argument = 0;
  const auto index = static_cast<size_t>(argument);
  if (index >= spec.arguments.size() || spec.arguments[index].tensors.empty()) return nullptr;
  return &spec.arguments[index].tensors[0];
}

int64_t* dim_of(TensorSpec& tensor, int dim) {
  const int rank = static_cast<int>(tensor.shape.size());
  const int at = dim < 0 ? dim + rank : dim;
  return at >= 0 && at < rank ? &tensor.shape[static_cast<size_t>(at)] : nullptr;
}

// Sets one dimension of one tensor, and every dimension of the same size with it. Sizes of 1 are
// ambiguous, so there only the tensors of the same rank follow.
CallSpec with_size(CallSpec spec, int argument, int dim, int64_t size) {
  TensorSpec* tensor = tensor_of(spec, argument);
  int64_t* place = tensor == nullptr ? nullptr : dim_of(*tensor, dim);
  if (place == nullptr || *place == size) return spec;
  if (*place != 1) return with_dim(spec, *place, size);
  const size_t rank = tensor->shape.size();
  for (TensorSpec* other : tensors_of(spec)) {
    if (other->shape.size() != rank) continue;
    int64_t* same = dim_of(*other, dim);
    if (same != nullptr && *same == 1) *same = size;
    other->strides.clear();
  }
  return spec;
}

CallSpec with_rows(const CallSpec& spec, int argument, int64_t rows) {
  CallSpec result = spec;
  TensorSpec* tensor = tensor_of(result, argument);
  if (tensor == nullptr || tensor->shape.size() < 2) return result;
  const int rank = static_cast<int>(tensor->shape.size());
  int64_t others = 1;
  for (int d = 1; d + 1 < rank; ++d) others *= tensor->shape[static_cast<size_t>(d)];
  if (others > rows) {
    for (int d = 1; d + 1 < rank; ++d) result = with_size(std::move(result), argument, d, 1);
    others = 1;
  }
  return with_size(std::move(result), argument, 0,
                   std::max<int64_t>(1, rows / std::max<int64_t>(1, others)));
}

CallSpec with_numel(const CallSpec& spec, int argument, int64_t numel) {
  CallSpec result = spec;
  TensorSpec* tensor = tensor_of(result, argument);
  if (tensor == nullptr || tensor->shape.empty()) return result;
  int64_t others = 1;
  for (size_t d = 1; d < tensor->shape.size(); ++d) others *= tensor->shape[d];
  if (others == 0) return result;
  return with_size(result, argument, 0, (numel + others - 1) / others);
}

int64_t clamp(int64_t value, const Constraint& range) {
  return std::clamp(value, range.low, std::max(range.low, range.high));
}

// One step towards meeting `constraint`.
CallSpec towards(CallSpec spec, const Constraint& constraint) {
  const bool on_all = constraint.argument == Constraint::kAllTensors;
  const int argument = on_all ? 0 : constraint.argument;
  const auto index = static_cast<size_t>(argument);
  switch (constraint.kind) {
    case Constraint::Kind::kDType:
      for (int t = 0; t < kDTypeCount; ++t) {
        const TensorSpec* tensor = tensor_of(spec, argument);
        const auto dtype = static_cast<DType>(t);
        if (tensor == nullptr || constraint.dtypes.contains(tensor->dtype)) break;
        if (!constraint.dtypes.contains(dtype)) continue;
        const DType from = tensor->dtype;
        for (TensorSpec* other : tensors_of(spec)) {
          if (other->dtype == from) other->dtype = dtype;
        }
      }
      return spec;
    case Constraint::Kind::kSameDType: {
      const DType dtype = principal_dtype(spec);
      for (TensorSpec* tensor : tensors_of(spec)) tensor->dtype = dtype;
      return spec;
    }
    case Constraint::Kind::kDim: {
      TensorSpec* tensor = tensor_of(spec, argument);
      const int64_t* size = tensor == nullptr ? nullptr : dim_of(*tensor, constraint.dim);
      if (size == nullptr) return spec;
      int64_t wanted = clamp(*size, constraint);
      // A size that another dimension has would tie the two together in later steps.
      const std::vector<int64_t> taken = distinct_dims(spec);
      if (wanted != *size && std::find(taken.begin(), taken.end(), wanted) != taken.end() &&
          wanted <= constraint.high / 2) {
        wanted *= 2;
      }
      return with_size(spec, argument, constraint.dim, wanted);
    }
    case Constraint::Kind::kDivisible: {
      TensorSpec* tensor = tensor_of(spec, argument);
      const int64_t* size = tensor == nullptr ? nullptr : dim_of(*tensor, constraint.dim);
      if (size == nullptr || constraint.low <= 0) return spec;
      const int64_t multiple =
          std::max<int64_t>(1, (*size + constraint.low - 1) / constraint.low) * constraint.low;
      return with_size(spec, argument, constraint.dim, multiple);
    }
    case Constraint::Kind::kNumel: {
      const TensorSpec* tensor = tensor_of(spec, argument);
      if (tensor == nullptr) return spec;
      const int64_t numel = product(tensor->shape);
      const int64_t wanted = clamp(numel, constraint);
      return wanted == numel ? spec : with_numel(spec, argument, wanted);
    }
    case Constraint::Kind::kRows: {
      const TensorSpec* tensor = tensor_of(spec, argument);
      if (tensor == nullptr || tensor->shape.empty()) return spec;
      int64_t rows = 1;
      for (size_t d = 0; d + 1 < tensor->shape.size(); ++d) rows *= tensor->shape[d];
      const int64_t wanted = clamp(rows, constraint);
      return wanted == rows ? spec : with_rows(spec, argument, wanted);
    }
    case Constraint::Kind::kContiguous:
      for (TensorSpec* tensor : tensors_of(spec)) tensor->strides.clear();
      return spec;
    case Constraint::Kind::kChoice:
      for (const auto& [name, values] : spec.op->choices) {
        if (name != spec.op->schema.arguments[index].name) continue;
        if (constraint.low < 0 || constraint.low >= static_cast<int64_t>(values.size())) continue;
        extend_to(spec, index);
        spec.arguments[index] = {};
        spec.arguments[index].tag = FGX_TAG_STRING;
        spec.arguments[index].text = values[static_cast<size_t>(constraint.low)];
      }
      return spec;
    case Constraint::Kind::kInteger: {
      extend_to(spec, index);
      ArgumentSpec& value = spec.arguments[index];
      if (value.tag == FGX_TAG_NONE) value.tag = FGX_TAG_INT;
      value.integer = clamp(value.integer, constraint);
      return spec;
    }
    case Constraint::Kind::kAbsent:
      if (index < spec.arguments.size()) spec.arguments[index] = {};
      return spec;
    default:
      return spec;
  }
}

}  // namespace

CallSpec settle(CallSpec spec, const std::vector<Constraint>& constraints) {
  for (int round = 0; round < 2; ++round) {
    // Numbers of elements come last: single dimensions decide first how large the others must be.
    for (const bool numel : {false, true}) {
      for (const Constraint& constraint : constraints) {
        if ((constraint.kind == Constraint::Kind::kNumel) != numel) continue;
        spec = towards(std::move(spec), constraint);
      }
    }
  }
  return spec;
}

void vary_within(const CallSpec& base, const std::vector<Constraint>& constraints,
                 const SpecSink& sink) {
  const CallSpec inside = settle(base, constraints);
  sink(inside);
  for (const Constraint& constraint : constraints) {
    if (constraint.kind == Constraint::Kind::kDType) {
      for (int t = 0; t < kDTypeCount; ++t) {
        if (constraint.dtypes.contains(static_cast<DType>(t))) {
          sink(settle(with_dtype(inside, static_cast<DType>(t)), constraints));
        }
      }
      continue;
    }
    const bool rows = constraint.kind == Constraint::Kind::kRows;
    const bool numel = constraint.kind == Constraint::Kind::kNumel;
    const bool dim = constraint.kind == Constraint::Kind::kDim;
    const bool divisible = constraint.kind == Constraint::Kind::kDivisible;
    if (!rows && !numel && !dim && !divisible) continue;
    const int64_t low = constraint.low;
    const int64_t high = std::min(constraint.high, kLargestSize);
    std::vector<int64_t> sizes;
    if (divisible) {
      sizes = {low, 2 * low, 3 * low, 5 * low};
    } else {
      sizes = {low, low + 1, low + 7, 2 * low + 1, low + (high - low) / 2, constraint.high};
      // Powers of two and their neighbours are where kernels change their inner loop.
      for (const int64_t size : {16, 64, 100, 128, 255, 256, 512, 1000}) sizes.push_back(size);
    }
    for (const int64_t size : sizes) {
      if (size < low || size > constraint.high || size > kLargestSize) continue;
      sink(settle(rows    ? with_rows(inside, constraint.argument, size)
                  : numel ? with_numel(inside, constraint.argument, size)
                          : with_size(inside, constraint.argument, constraint.dim, size),
                  constraints));
    }
  }
}

}  // namespace fgx
