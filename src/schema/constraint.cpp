// SPDX-License-Identifier: Apache-2.0
// Evaluation and description of constraints.
#include "schema/constraint.h"

#include <span>
#include <string>

#include "backend/cpu/isa.h"
#include "schema/call.h"
#include "schema/operator.h"

namespace fgx {
namespace {

bool in_range(int64_t value, const Constraint& c) { return value >= c.low && value <= c.high; }

int64_t rows_of(const TensorView& tensor) {
  int64_t rows = 1;
  for (int i = 0; i + 1 < tensor.ndim; ++i) rows *= tensor.shape[i];
  return rows;
}

bool has_dim(const TensorView& tensor, int dim) {
  return dim < 0 ? -dim <= tensor.ndim : dim < tensor.ndim;
}

bool tensor_holds(const Constraint& c, const TensorView& tensor) {
  switch (c.kind) {
    case Constraint::Kind::kDType:
      return c.dtypes.contains(tensor.dtype);
    case Constraint::Kind::kRank:
      return in_range(tensor.ndim, c);
    case Constraint::Kind::kDim:
      return has_dim(tensor, c.dim) && in_range(tensor.dim(c.dim), c);
    case Constraint::Kind::kDivisible:
      return has_dim(tensor, c.dim) && tensor.dim(c.dim) % c.low == 0;
    case Constraint::Kind::kNumel:
      return in_range(tensor.numel, c);
    case Constraint::Kind::kContiguous:
      return tensor.contiguous;
    case Constraint::Kind::kAligned:
      return reinterpret_cast<uintptr_t>(tensor.data) % static_cast<uintptr_t>(c.low) == 0;
    case Constraint::Kind::kRows:
      return in_range(rows_of(tensor), c);
    default:
      return true;
  }
}

bool all_hold(const Constraint& c, std::span<const TensorView> tensors) {
  for (const TensorView& tensor : tensors) {
    if (tensor.present && !tensor_holds(c, tensor)) return false;
  }
  return true;
}

bool same_dtype(std::span<const TensorView> tensors) {
  for (const TensorView& tensor : tensors) {
    if (tensor.dtype != tensors[0].dtype) return false;
  }
  return true;
}

std::string dtypes_text(DTypeSet dtypes) {
  std::string text;
  for (int i = 0; i < kDTypeCount; ++i) {
    if (!dtypes.contains(static_cast<DType>(i))) continue;
    if (!text.empty()) text += ", ";
    text += kDTypeInfo[i].name;
  }
  return text;
}

std::string range_text(const Constraint& c) {
  if (c.low == c.high) return "= " + std::to_string(c.low);
  if (c.high == INT64_MAX) return ">= " + std::to_string(c.low);
  return "in " + std::to_string(c.low) + ".." + std::to_string(c.high);
}

}  // namespace

bool Constraint::holds(const Call& call) const {
  switch (kind) {
    case Kind::kSameDType:
      return same_dtype(call.inputs());
    case Kind::kChoice:
      return call.arguments()[static_cast<size_t>(argument)].choice == low;
    case Kind::kInteger:
      return call.has(argument) && in_range(call.integer(argument), *this);
    case Kind::kAbsent:
      return !call.has(argument);
    case Kind::kCpuFeature:
      return static_cast<int64_t>(best_isa()) >= low;
    default:
      break;
  }
  if (argument != kAllTensors) return all_hold(*this, call.tensors(argument));
  return all_hold(*this, call.inputs()) && all_hold(*this, call.outputs());
}

std::string Constraint::text(const Call& call) const {
  const OperatorDef& op = call.op();
  const std::string name = argument == kAllTensors
                               ? "every tensor"
                               : op.schema.arguments[static_cast<size_t>(argument)].name;
  const std::string dimension = "dimension " + std::to_string(dim) + " of " + name;
  switch (kind) {
    case Kind::kDType:
      return "dtype of " + name + " one of " + dtypes_text(dtypes);
    case Kind::kSameDType:
      return "all inputs of one dtype";
    case Kind::kRank:
      return "rank of " + name + " " + range_text(*this);
    case Kind::kDim:
      return dimension + " " + range_text(*this);
    case Kind::kDivisible:
      return dimension + " a multiple of " + std::to_string(low);
    case Kind::kNumel:
      return "elements of " + name + " " + range_text(*this);
    case Kind::kContiguous:
      return name + " contiguous";
    case Kind::kAligned:
      return name + " aligned to " + std::to_string(low) + " bytes";
    case Kind::kChoice: {
      const int list = op.choice_list[static_cast<size_t>(argument)];
      return name + " = '" +
             op.choices[static_cast<size_t>(list)].second[static_cast<size_t>(low)] + "'";
    }
    case Kind::kInteger:
      return name + " " + range_text(*this);
    case Kind::kAbsent:
      return name + " is None";
    case Kind::kRows:
      return "rows of " + name + " " + range_text(*this);
    case Kind::kCpuFeature:
      return std::string("a CPU with ") + isa_name(static_cast<Isa>(low));
  }
  return "unknown constraint";
}

const char* Constraint::reason() const {
  switch (kind) {
    case Kind::kDType:
      return "dtype";
    case Kind::kSameDType:
      return "mixed_dtypes";
    case Kind::kRank:
      return "rank_range";
    case Kind::kDim:
      return "dim_range";
    case Kind::kDivisible:
      return "dim_divisible";
    case Kind::kNumel:
      return "numel_range";
    case Kind::kContiguous:
      return "not_contiguous";
    case Kind::kAligned:
      return "misaligned";
    case Kind::kChoice:
      return "choice";
    case Kind::kInteger:
      return "attribute_range";
    case Kind::kAbsent:
      return "argument_present";
    case Kind::kRows:
      return "rows_range";
    case Kind::kCpuFeature:
      return "cpu_feature";
  }
  return "unknown";
}

}  // namespace fgx
