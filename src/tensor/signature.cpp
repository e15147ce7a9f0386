// SPDX-License-Identifier: Apache-2.0
// Signatures of shapes.
#include "tensor/signature.h"

#include <bit>

namespace fgx {
namespace {

std::string bucket(int64_t dim) {
  if (dim <= 0) return "0";
  const uint64_t rounded = std::bit_ceil(static_cast<uint64_t>(dim));
  struct Unit {
    int shift;
    const char* suffix;
  };
  for (const Unit& unit : {Unit{30, "G"}, Unit{20, "M"}, Unit{10, "K"}}) {
    if (rounded >> unit.shift != 0) return std::to_string(rounded >> unit.shift) + unit.suffix;
  }
  return std::to_string(rounded);
}

}  // namespace

std::string signature_of(std::span<const int64_t> dims) {
  if (dims.empty()) return "s";
  std::string text;
  for (int64_t dim : dims) {
    if (!text.empty()) text += '_';
    text += bucket(dim);
  }
  return text;
}

std::string signature_of(std::span<const TensorView> tensors) {
  std::string text;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (i > 0) text += 'x';
    text += signature_of(tensors[i].dims());
  }
  return text;
}

}  // namespace fgx
