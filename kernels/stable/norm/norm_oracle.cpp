// SPDX-License-Identifier: Apache-2.0
// Plain references of layer_norm, rms_norm and fused_add_rms_norm.
#include <cmath>
#include <limits>

#include "kernels/stable/norm/norm.h"
#include "tensor/half.h"

namespace fgx {
namespace {

int64_t row_length(std::span<const int64_t> normalized_shape) {
  int64_t length = 1;
  for (const int64_t size : normalized_shape) length *= size;
  return length;
}

// What a type holds of a number.
double rounded(DType dtype, double value) {
  switch (dtype) {
    case DType::kFloat16:
      return to_float(to_float16(value));
    case DType::kBFloat16:
      return to_float(to_bfloat16(value));
    case DType::kFloat32:
      return static_cast<float>(value);
    default:
      return value;
  }
}

}  // namespace

void oracle_layer_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                       std::vector<OracleTensor>& outputs) {
  const OracleTensor& x = inputs[0];
  OracleTensor& y = outputs[0];
  size_t next = 1;
  const OracleTensor* weight = call.has(2) ? &inputs[next++] : nullptr;
  const OracleTensor* bias = call.has(3) ? &inputs[next++] : nullptr;
  const double eps = call.scalar(4).as_double();
  const int64_t length = row_length(call.ints(1));
  y.reals.assign(static_cast<size_t>(y.numel()), 0.0);
  for (int64_t start = 0; start < x.numel(); start += length) {
    double mean = 0;
    for (int64_t i = 0; i < length; ++i) mean += x.at(start + i);
    mean /= static_cast<double>(length);
    double variance = 0;
    for (int64_t i = 0; i < length; ++i) variance += std::pow(x.at(start + i) - mean, 2);
    variance /= static_cast<double>(length);
    for (int64_t i = 0; i < length; ++i) {
      double value = (x.at(start + i) - mean) / std::sqrt(variance + eps);
      if (weight != nullptr) value *= weight->at(i);
      if (bias != nullptr) value += bias->at(i);
      y.reals[static_cast<size_t>(start + i)] = value;
    }
  }
}

namespace {

void normalize_rows(const std::vector<double>& x, const OracleTensor* weight, int64_t length,
                    double eps, std::vector<double>& y) {
  const auto count = static_cast<int64_t>(x.size());
  y.assign(x.size(), 0.0);
  for (int64_t start = 0; start < count; start += length) {
    double squares = 0;
    for (int64_t i = 0; i < length; ++i) squares += x[start + i] * x[start + i];
    const double root = std::sqrt(squares / static_cast<double>(length) + eps);
    for (int64_t i = 0; i < length; ++i) {
      const double scale = weight != nullptr ? weight->at(i) : 1.0;
      y[start + i] = x[start + i] / root * scale;
    }
  }
}

double eps_of(const Scalar& eps, DType dtype) {
  if (eps.present()) return eps.as_double();
  return dtype == DType::kFloat64 ? std::numeric_limits<double>::epsilon()
                                  : std::numeric_limits<float>::epsilon();
}

}  // namespace

void oracle_rms_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                     std::vector<OracleTensor>& outputs) {
  const OracleTensor* weight = call.has(2) ? &inputs[1] : nullptr;
  normalize_rows(inputs[0].reals, weight, row_length(call.ints(1)),
                 eps_of(call.scalar(3), inputs[0].dtype), outputs[0].reals);
}

void oracle_fused_add_rms_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                               std::vector<OracleTensor>& outputs) {
  const OracleTensor& x = inputs[0];
  const OracleTensor* weight = call.has(3) ? &inputs[2] : nullptr;
  std::vector<double>& sum = outputs[1].reals;
  sum.clear();
  for (int64_t i = 0; i < x.numel(); ++i) {
    sum.push_back(rounded(x.dtype, x.at(i) + inputs[1].at(i)));
  }
  normalize_rows(sum, weight, row_length(call.ints(2)), eps_of(call.scalar(4), x.dtype),
                 outputs[0].reals);
}

}  // namespace fgx
