// SPDX-License-Identifier: Apache-2.0
// Plain references of layer_norm and rms_norm.
#include <cmath>
#include <limits>

#include "kernels/stable/norm/norm.h"

namespace fgx {
namespace {

int64_t row_length(const Call& call) {
  int64_t length = 1;
  for (const int64_t size : call.ints(1)) length *= size;
  return length;
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
  const int64_t length = row_length(call);
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

void oracle_rms_norm(const Call& call, const std::vector<OracleTensor>& inputs,
                     std::vector<OracleTensor>& outputs) {
  const OracleTensor& x = inputs[0];
  OracleTensor& y = outputs[0];
  const OracleTensor* weight = call.has(2) ? &inputs[1] : nullptr;
  double eps = x.dtype == DType::kFloat64 ? std::numeric_limits<double>::epsilon()
                                          : std::numeric_limits<float>::epsilon();
  if (call.scalar(3).present()) eps = call.scalar(3).as_double();
  const int64_t length = row_length(call);
  y.reals.assign(static_cast<size_t>(y.numel()), 0.0);
  for (int64_t start = 0; start < x.numel(); start += length) {
    double squares = 0;
    for (int64_t i = 0; i < length; ++i) squares += x.at(start + i) * x.at(start + i);
    const double root = std::sqrt(squares / static_cast<double>(length) + eps);
    for (int64_t i = 0; i < length; ++i) {
      const double scale = weight != nullptr ? weight->at(i) : 1.0;
      y.reals[static_cast<size_t>(start + i)] = x.at(start + i) / root * scale;
    }
  }
}

}  // namespace fgx
