// SPDX-License-Identifier: Apache-2.0
// Names of element types.
#include "tensor/dtype.h"

namespace fgx {
namespace {

struct Alias {
  std::string_view name;
  DType dtype;
};
// PyTorch's second names of the same types.
constexpr Alias kAliases[] = {
    {"half", DType::kFloat16}, {"float", DType::kFloat32}, {"double", DType::kFloat64},
    {"short", DType::kInt16},  {"int", DType::kInt32},     {"long", DType::kInt64},
};

}  // namespace

std::optional<DType> dtype_from_name(std::string_view name) {
  constexpr std::string_view kPrefix = "torch.";
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  for (int i = 0; i < kDTypeCount; ++i) {
    if (kDTypeInfo[i].name == name || kDTypeInfo[i].short_name == name) {
      return static_cast<DType>(i);
    }
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return alias.dtype;
  }
  return std::nullopt;
}

}  // namespace fgx
