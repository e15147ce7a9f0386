// SPDX-License-Identifier: Apache-2.0
// Plain references of sum, mean, amax, argmax, max, var_mean and cumsum.
#include <cmath>
#include <cstdint>

#include "kernels/stable/reduction/reduction.h"
#include "tensor/half.h"

namespace fgx {
namespace {

// Which dimensions of the input are reduced.
std::vector<bool> reduced_flags(const Call& call, const OracleTensor& self) {
  const auto ndim = static_cast<int64_t>(self.shape.size());
  std::vector<bool> reduced(self.shape.size(), false);
  bool named = false;
  if (call.has(1)) {
    std::vector<int64_t> dims(call.ints(1).begin(), call.ints(1).end());
    if (call.scalar(1).present()) dims.push_back(call.integer(1));
    for (int64_t dim : dims) {
      named = true;
      if (ndim > 0) reduced[static_cast<size_t>((dim + ndim) % ndim)] = true;
    }
  }
  if (!named) reduced.assign(self.shape.size(), true);
  return reduced;
}

// Calls visit(input element, output element, position among the reduced) in row-major order.
template <typename Visit>
void for_each_element(const OracleTensor& self, const std::vector<bool>& reduced, Visit&& visit) {
  const size_t ndim = self.shape.size();
  std::vector<int64_t> index(ndim, 0);
  for (int64_t i = 0; i < self.numel(); ++i) {
    int64_t output = 0;
    int64_t position = 0;
    for (size_t d = 0; d < ndim; ++d) {
      if (reduced[d]) {
        position = position * self.shape[d] + index[d];
      } else {
        output = output * self.shape[d] + index[d];
      }
    }
    visit(i, static_cast<size_t>(output), position);
    for (size_t d = ndim; d-- > 0;) {
      if (++index[d] < self.shape[d]) break;
      index[d] = 0;
    }
  }
}

// The element as the result's type holds it.
double rounded_to(DType dtype, double value) {
  switch (dtype) {
    case DType::kFloat16:
      return to_float(to_float16(static_cast<float>(value)));
    case DType::kBFloat16:
      return to_float(to_bfloat16(static_cast<float>(value)));
    case DType::kFloat32:
      return static_cast<float>(value);
    default:
      return value;
  }
}

}  // namespace

void oracle_sum(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  OracleTensor& out = outputs[0];
  const size_t count = static_cast<size_t>(out.numel());
  const bool real = is_float(out.dtype);
  out.reals.assign(real ? count : 0, 0.0);
  out.integers.assign(real ? 0 : count, 0);
  for_each_element(self, reduced_flags(call, self), [&](int64_t i, size_t o, int64_t) {
    if (real) {
      out.reals[o] += rounded_to(out.dtype, self.at(i));
      return;
    }
    int64_t value = 0;
    if (self.reals.empty()) {
      value = self.integers[static_cast<size_t>(i)];
    } else if (out.dtype == DType::kBool) {
      value = self.at(i) != 0;
    } else {
      value = static_cast<int64_t>(self.at(i));
    }
    value = wrap_to(out.dtype, value);
    out.integers[o] =
        wrap_to(out.dtype, static_cast<int64_t>(static_cast<uint64_t>(out.integers[o]) +
                                                static_cast<uint64_t>(value)));
  });
}

void oracle_mean(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  OracleTensor& out = outputs[0];
  out.reals.assign(static_cast<size_t>(out.numel()), 0.0);
  const std::vector<bool> reduced = reduced_flags(call, self);
  for_each_element(self, reduced, [&](int64_t i, size_t o, int64_t) {
    out.reals[o] += rounded_to(out.dtype, self.at(i));
  });
  double length = 1;
  for (size_t d = 0; d < reduced.size(); ++d) {
    if (reduced[d]) length *= static_cast<double>(self.shape[d]);
  }
  for (double& value : out.reals) value /= length;
}

void oracle_amax(const Call& call, const std::vector<OracleTensor>& inputs,
                 std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  OracleTensor& out = outputs[0];
  const size_t count = static_cast<size_t>(out.numel());
  const bool real = is_float(out.dtype);
  out.reals.assign(real ? count : 0, -INFINITY);
  out.integers.assign(real ? 0 : count, INT64_MIN);
  for_each_element(self, reduced_flags(call, self), [&](int64_t i, size_t o, int64_t) {
    if (!real) {
      const int64_t value = self.integers[static_cast<size_t>(i)];
      if (value > out.integers[o]) out.integers[o] = value;
    } else if (std::isnan(self.at(i)) || self.at(i) > out.reals[o]) {
      if (!std::isnan(out.reals[o])) out.reals[o] = self.at(i);
    }
  });
}

void oracle_argmax(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  OracleTensor& out = outputs[0];
  const size_t count = static_cast<size_t>(out.numel());
  const bool real = is_float(self.dtype);
  std::vector<int64_t> best(count, -1);  // input element
  out.integers.assign(count, 0);
  for_each_element(self, reduced_flags(call, self), [&](int64_t i, size_t o, int64_t position) {
    bool better = best[o] < 0;
    if (!better && real) {
      const double old = self.at(best[o]);
      better = !std::isnan(old) && (std::isnan(self.at(i)) || self.at(i) > old);
    } else if (!better) {
      better = self.integers[static_cast<size_t>(i)] > self.integers[static_cast<size_t>(best[o])];
    }
    if (!better) return;
    best[o] = i;
    out.integers[o] = position;
  });
}

void oracle_max(const Call& call, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs) {
  std::vector<OracleTensor> values(1, outputs[0]);
  std::vector<OracleTensor> indices(1, outputs[1]);
  oracle_amax(call, inputs, values);
  oracle_argmax(call, inputs, indices);
  outputs[0] = std::move(values[0]);
  outputs[1] = std::move(indices[0]);
}

void oracle_var_mean(const Call& call, const std::vector<OracleTensor>& inputs,
                     std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  const size_t count = static_cast<size_t>(outputs[0].numel());
  const double correction = call.has(2) ? call.scalar(2).as_double() : 1.0;
  const std::vector<bool> reduced = reduced_flags(call, self);
  double length = 1;
  for (size_t d = 0; d < reduced.size(); ++d) {
    if (reduced[d]) length *= static_cast<double>(self.shape[d]);
  }
  std::vector<double>& variance = outputs[0].reals;
  std::vector<double>& mean = outputs[1].reals;
  variance.assign(count, 0.0);
  mean.assign(count, 0.0);
  for_each_element(self, reduced, [&](int64_t i, size_t o, int64_t) { mean[o] += self.at(i); });
  for (double& value : mean) value /= length;
  for_each_element(self, reduced, [&](int64_t i, size_t o, int64_t) {
    variance[o] += (self.at(i) - mean[o]) * (self.at(i) - mean[o]);
  });
  const double freedom = length - correction;
  for (double& value : variance) value = length == 0 ? NAN : value / (freedom > 0 ? freedom : 0);
}

void oracle_cumsum(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  OracleTensor& out = outputs[0];
  const auto ndim = static_cast<int64_t>(self.shape.size());
  const int64_t dim = ndim == 0 ? 0 : (call.integer(1) + ndim) % ndim;
  int64_t inner = 1;
  for (int64_t d = dim + 1; d < ndim; ++d) inner *= self.shape[static_cast<size_t>(d)];
  const int64_t length = ndim == 0 ? 1 : self.shape[static_cast<size_t>(dim)];
  const bool real = is_float(out.dtype);
  out.reals.assign(real ? static_cast<size_t>(out.numel()) : 0, 0.0);
  out.integers.assign(real ? 0 : static_cast<size_t>(out.numel()), 0);
  for (int64_t i = 0; i < self.numel(); ++i) {
    const bool first = i / inner % length == 0;
    const auto here = static_cast<size_t>(i);
    const auto before = static_cast<size_t>(i - inner);
    if (real) {
      out.reals[here] = rounded_to(out.dtype, self.at(i)) + (first ? 0.0 : out.reals[before]);
      continue;
    }
    const int64_t value =
        self.reals.empty() ? self.integers[here] : static_cast<int64_t>(self.at(i));
    const int64_t sum =
        static_cast<int64_t>(static_cast<uint64_t>(wrap_to(out.dtype, value)) +
                             static_cast<uint64_t>(first ? 0 : out.integers[before]));
    out.integers[here] = wrap_to(out.dtype, sum);
  }
}

}  // namespace fgx
