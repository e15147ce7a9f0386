// SPDX-License-Identifier: Apache-2.0
// Plain references of copy, cat and embedding.
#include <cmath>
#include <limits>

#include "kernels/stable/select/select.h"

namespace fgx {
namespace {

void make_room(OracleTensor& out) {
  const auto count = static_cast<size_t>(out.numel());
  out.reals.assign(is_float(out.dtype) ? count : 0, 0.0);
  out.integers.assign(is_float(out.dtype) ? 0 : count, 0);
}

// Moves element `from_index`, converted to the type of `to`. Floats beyond the range of int32 (of int64
// for that type) become its lowest value, of which narrower types keep the low bits; 16-bit floats are
// rounded from float32: what PyTorch does on x86.
void move_element(OracleTensor& to, int64_t to_index, const OracleTensor& from,
                  int64_t from_index) {
  if (is_float(to.dtype)) {
    const double value = from.at(from_index);
    to.reals[to_index] = size_of(to.dtype) == 2 ? static_cast<float>(value) : value;
    return;
  }
  if (!is_float(from.dtype)) {
    to.integers[to_index] = wrap_to(to.dtype, from.integers[from_index]);
    return;
  }
  const double value = from.reals[from_index];
  if (to.dtype == DType::kBool) {
    to.integers[to_index] = value != 0;
    return;
  }
  const bool wide = to.dtype == DType::kInt64;
  const double limit = wide ? 0x1p63 : 0x1p31;
  const int64_t lowest =
      wide ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int32_t>::min();
  const double whole = std::trunc(value);
  const bool fits = whole >= -limit && whole < limit;
  to.integers[to_index] = wrap_to(to.dtype, fits ? static_cast<int64_t>(whole) : lowest);
}

}  // namespace

void copy_oracle(const Call&, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs) {
  const OracleTensor& source = inputs[1];
  OracleTensor& out = outputs[0];
  make_room(out);
  const size_t skipped = out.shape.size() - source.shape.size();
  for (int64_t i = 0; i < out.numel(); ++i) {
    // Position in the source: sizes of 1 are stretched.
    int64_t rest = i;
    int64_t index = 0;
    int64_t scale = 1;
    for (size_t d = out.shape.size(); d > skipped; --d) {
      const int64_t position = rest % out.shape[d - 1];
      rest /= out.shape[d - 1];
      const int64_t size = source.shape[d - 1 - skipped];
      index += (size == 1 ? 0 : position) * scale;
      scale *= size;
    }
    move_element(out, i, source, index);
  }
}

void cat_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs) {
  OracleTensor& out = outputs[0];
  make_room(out);
  if (out.numel() == 0) return;
  const int dim = cat_dim(call);
  int64_t rows = 1;
  for (int d = 0; d < dim; ++d) rows *= out.shape[d];
  const int64_t row_length = out.numel() / rows;
  int64_t offset = 0;
  for (const OracleTensor& input : inputs) {
    const int64_t length = input.numel() / rows;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < length; ++i) {
        move_element(out, row * row_length + offset + i, input, row * length + i);
      }
    }
    offset += length;
  }
}

void embedding_oracle(const Call&, const std::vector<OracleTensor>& inputs,
                      std::vector<OracleTensor>& outputs) {
  const OracleTensor& weight = inputs[0];
  const OracleTensor& indices = inputs[1];
  const int64_t width = weight.shape[1];
  make_room(outputs[0]);
  for (int64_t i = 0; i < indices.numel(); ++i) {
    for (int64_t j = 0; j < width; ++j) {
      move_element(outputs[0], i * width + j, weight, indices.integers[i] * width + j);
    }
  }
}

}  // namespace fgx
