// SPDX-License-Identifier: Apache-2.0
// Plain references of softmax and log_softmax.
#include <cmath>

#include "kernels/stable/softmax/softmax.h"
#include "tensor/half.h"

namespace fgx {
namespace {

// PyTorch converts the input to the result's type before anything else.
double converted(DType dtype, double value) {
  if (dtype == DType::kFloat16) return to_float(to_float16(static_cast<float>(value)));
  if (dtype == DType::kBFloat16) return to_float(to_bfloat16(static_cast<float>(value)));
  if (dtype == DType::kFloat32) return static_cast<float>(value);
  return value;
}

void reference(const Call& call, const std::vector<OracleTensor>& inputs,
               std::vector<OracleTensor>& outputs, bool logarithm) {
  const OracleTensor& x = inputs[0];
  OracleTensor& y = outputs[0];
  y.reals.assign(static_cast<size_t>(y.numel()), 0.0);
  const auto ndim = static_cast<int64_t>(x.shape.size());
  const int64_t dim = ndim == 0 ? 0 : (call.integer(1) + ndim) % ndim;
  int64_t outer = 1;
  int64_t inner = 1;
  const int64_t length = ndim == 0 ? 1 : x.shape[static_cast<size_t>(dim)];
  for (int64_t d = 0; d < ndim; ++d) {
    if (d < dim) outer *= x.shape[static_cast<size_t>(d)];
    if (d > dim) inner *= x.shape[static_cast<size_t>(d)];
  }
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const auto element = [&](int64_t k) { return (o * length + k) * inner + i; };
      double largest = -INFINITY;
      for (int64_t k = 0; k < length; ++k) {
        largest = std::fmax(largest, converted(y.dtype, x.at(element(k))));
      }
      double sum = 0;
      for (int64_t k = 0; k < length; ++k) {
        sum += std::exp(converted(y.dtype, x.at(element(k))) - largest);
      }
      for (int64_t k = 0; k < length; ++k) {
        const double centred = converted(y.dtype, x.at(element(k))) - largest;
        y.reals[static_cast<size_t>(element(k))] =
            logarithm ? centred - std::log(sum) : std::exp(centred) / sum;
      }
    }
  }
}

}  // namespace

void oracle_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                    std::vector<OracleTensor>& outputs) {
  reference(call, inputs, outputs, false);
}

void oracle_log_softmax(const Call& call, const std::vector<OracleTensor>& inputs,
                        std::vector<OracleTensor>& outputs) {
  reference(call, inputs, outputs, true);
}

}  // namespace fgx
