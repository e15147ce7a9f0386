// SPDX-License-Identifier: Apache-2.0
// Plain references of index_select, gather and scatter.
#include "kernels/stable/select/index.h"
#include "tensor/half.h"

namespace fgx {
namespace {

void make_room(OracleTensor& out) {
  const auto count = static_cast<size_t>(out.numel());
  out.reals.assign(is_float(out.dtype) ? count : 0, 0.0);
  out.integers.assign(is_float(out.dtype) ? 0 : count, 0);
}

void move_element(OracleTensor& to, int64_t to_index, const OracleTensor& from,
                  int64_t from_index) {
  if (is_float(to.dtype)) {
    to.reals[to_index] = from.at(from_index);
  } else if (is_float(from.dtype)) {  // a number that is scattered
    const double value = from.reals[from_index];
    to.integers[to_index] = to.dtype == DType::kBool ? value != 0.0 : static_cast<int64_t>(value);
  } else {
    to.integers[to_index] = from.integers[from_index];
  }
}

int64_t dim_of(const Call& call, const OracleTensor& self) {
  const auto ndim = static_cast<int64_t>(self.shape.size());
  return ndim == 0 ? 0 : (call.integer(1) + ndim) % ndim;
}

// Calls visit(element of `walked`, element of `table`) for every element of the index: that of the
// table has the index's value as its coordinate along `dim`.
template <typename Visit>
void for_each_index(const OracleTensor& index, const OracleTensor& walked,
                    const OracleTensor& table, int64_t dim, Visit&& visit) {
  const auto ndim = static_cast<int64_t>(index.shape.size());
  for (int64_t i = 0; i < index.numel(); ++i) {
    int64_t rest = i;
    int64_t from = 0, from_step = 1;
    int64_t to = 0, to_step = 1;
    for (int64_t d = ndim - 1; d >= 0; --d) {
      const auto at = static_cast<size_t>(d);
      const int64_t here = rest % index.shape[at];
      rest /= index.shape[at];
      const bool has_table = at < table.shape.size();
      const bool has_walked = at < walked.shape.size();
      from += here * from_step;
      to += (d == dim ? index.integers[i] : here) * to_step;
      from_step *= has_walked ? walked.shape[at] : 1;
      to_step *= has_table ? table.shape[at] : 1;
    }
    visit(i, from, to);
  }
}

}  // namespace

void index_select_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                         std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  const OracleTensor& index = inputs[1];
  OracleTensor& out = outputs[0];
  make_room(out);
  const auto dim = static_cast<size_t>(dim_of(call, self));
  int64_t inner = 1;
  for (size_t d = dim + 1; d < self.shape.size(); ++d) inner *= self.shape[d];
  const int64_t length = self.shape.empty() ? 1 : self.shape[dim];
  const int64_t count = index.numel();
  for (int64_t i = 0; i < out.numel(); ++i) {
    const int64_t outer = i / (count * inner);
    const int64_t place = index.integers[i / inner % count];
    move_element(out, i, self, (outer * length + place) * inner + i % inner);
  }
}

void gather_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs) {
  make_room(outputs[0]);
  for_each_index(
      inputs[1], inputs[1], inputs[0], dim_of(call, inputs[0]),
      [&](int64_t i, int64_t, int64_t from) { move_element(outputs[0], i, inputs[0], from); });
}

void scatter_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                    std::vector<OracleTensor>& outputs) {
  const OracleTensor& source = inputs[2];
  const bool number = call.tensor(3).wrapped_number;
  make_room(outputs[0]);
  for (int64_t i = 0; i < inputs[0].numel(); ++i) move_element(outputs[0], i, inputs[0], i);
  for_each_index(inputs[1], source, inputs[0], dim_of(call, inputs[0]),
                 [&](int64_t, int64_t from, int64_t to) {
                   move_element(outputs[0], to, source, number ? 0 : from);
                 });
}

}  // namespace fgx
