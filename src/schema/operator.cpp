// SPDX-License-Identifier: Apache-2.0
// Names of families and categories, and small questions to operators.
#include "schema/operator.h"

namespace fgx {

const char* family_name(Family family) {
  switch (family) {
    case Family::kPointwise:
      return "pointwise";
    case Family::kReduction:
      return "reduction";
    case Family::kNorm:
      return "norm";
    case Family::kSoftmax:
      return "softmax";
    case Family::kBlas:
      return "blas";
    case Family::kSelect:
      return "select";
    case Family::kMoe:
      return "moe";
    case Family::kAttention:
      return "attention";
    case Family::kLoss:
      return "loss";
  }
  return "unknown";
}

const char* category_name(Family family) {
  switch (family) {
    case Family::kPointwise:
      return "pointwise";
    case Family::kReduction:
    case Family::kNorm:
    case Family::kSoftmax:
      return "reduction";
    case Family::kBlas:
      return "blas";
    default:
      return "custom";
  }
}

int64_t OracleTensor::numel() const {
  int64_t product = 1;
  for (int64_t dim : shape) product *= dim;
  return product;
}

int OperatorDef::choice_index(int argument, std::string_view value) const {
  if (argument < 0 || static_cast<size_t>(argument) >= choice_list.size()) return -1;
  const int list = choice_list[static_cast<size_t>(argument)];
  if (list < 0) return -1;
  const std::vector<std::string>& legal = choices[static_cast<size_t>(list)].second;
  for (size_t i = 0; i < legal.size(); ++i) {
    if (legal[i] == value) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace fgx
