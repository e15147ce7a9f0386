// SPDX-License-Identifier: Apache-2.0
// Plain references of the matrix products.
#include "kernels/stable/blas/blas_oracle.h"

namespace fgx {
namespace {

// One product of integers, or of reals; integers wrap.
void add_product(OracleTensor& out, int64_t at, const OracleTensor& a, int64_t i,
                 const OracleTensor& b, int64_t j) {
  if (is_float(out.dtype)) {
    out.reals[at] += a.reals[i] * b.reals[j];
  } else {
    out.integers[at] = static_cast<int64_t>(static_cast<uint64_t>(out.integers[at]) +
                                            static_cast<uint64_t>(a.integers[i]) *
                                                static_cast<uint64_t>(b.integers[j]));
  }
}

void set_zero(OracleTensor& out) {
  const auto count = static_cast<size_t>(out.numel());
  out.reals.assign(is_float(out.dtype) ? count : 0, 0.0);
  out.integers.assign(is_float(out.dtype) ? 0 : count, 0);
}

// Keeps the low bits that the element type holds.
void wrap(OracleTensor& out) {
  for (int64_t& value : out.integers) {
    switch (out.dtype) {
      case DType::kUInt8:
        value = static_cast<uint8_t>(value);
        break;
      case DType::kInt8:
        value = static_cast<int8_t>(value);
        break;
      case DType::kInt16:
        value = static_cast<int16_t>(value);
        break;
      case DType::kInt32:
        value = static_cast<int32_t>(value);
        break;
      default:
        break;
    }
  }
}

}  // namespace

void mm_oracle(const Call&, const std::vector<OracleTensor>& inputs,
               std::vector<OracleTensor>& outputs) {
  const OracleTensor& a = inputs[0];
  const OracleTensor& b = inputs[1];
  OracleTensor& out = outputs[0];
  const int64_t m = a.shape[0];
  const int64_t k = a.shape[1];
  const int64_t n = b.shape[1];
  set_zero(out);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t s = 0; s < k; ++s) {
      for (int64_t j = 0; j < n; ++j) add_product(out, i * n + j, a, i * k + s, b, s * n + j);
    }
  }
  wrap(out);
}

void linear_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                   std::vector<OracleTensor>& outputs) {
  const OracleTensor& x = inputs[0];
  const OracleTensor& weight = inputs[1];
  OracleTensor& out = outputs[0];
  const int64_t k = x.shape.back();
  const int64_t n = weight.shape.size() == 1 ? 1 : weight.shape[0];
  const OracleTensor* bias = call.has(2) ? &inputs[2] : nullptr;
  set_zero(out);
  for (int64_t at = 0; at < out.numel(); ++at) {
    const int64_t i = at / n;
    const int64_t j = at % n;
    for (int64_t s = 0; s < k; ++s) add_product(out, at, x, i * k + s, weight, j * k + s);
    if (bias == nullptr) continue;
    const int64_t b = bias->numel() == 1 ? 0 : j;
    if (is_float(out.dtype)) {
      out.reals[at] += bias->reals[b];
    } else {
      out.integers[at] = static_cast<int64_t>(static_cast<uint64_t>(out.integers[at]) +
                                              static_cast<uint64_t>(bias->integers[b]));
    }
  }
  wrap(out);
}

void bmm_oracle(const Call&, const std::vector<OracleTensor>& inputs,
                std::vector<OracleTensor>& outputs) {
  const OracleTensor& a = inputs[0];
  const OracleTensor& b = inputs[1];
  OracleTensor& out = outputs[0];
  const int64_t m = a.shape[1];
  const int64_t k = a.shape[2];
  const int64_t n = b.shape[2];
  set_zero(out);
  for (int64_t row = 0; row < a.shape[0] * m; ++row) {
    for (int64_t s = 0; s < k; ++s) {
      const int64_t b_row = (row / m * k + s) * n;
      for (int64_t j = 0; j < n; ++j) add_product(out, row * n + j, a, row * k + s, b, b_row + j);
    }
  }
  wrap(out);
}

void addmm_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                  std::vector<OracleTensor>& outputs) {
  const OracleTensor& self = inputs[0];
  OracleTensor& out = outputs[0];
  mm_oracle(call, {inputs[1], inputs[2]}, outputs);
  const Scalar& beta = call.scalar(3);
  const Scalar& alpha = call.scalar(4);
  const int64_t n = out.shape[1];
  // How self is stretched.
  const size_t rank = self.shape.size();
  const int64_t columns = rank > 0 ? self.shape[rank - 1] : 1;
  const int64_t rows = rank > 1 ? self.shape[0] : 1;
  for (int64_t at = 0; at < out.numel(); ++at) {
    const int64_t from = (rows == 1 ? 0 : at / n * columns) + (columns == 1 ? 0 : at % n);
    if (is_float(out.dtype)) {
      out.reals[at] *= alpha.as_double();
      if (beta.as_double() != 0.0) out.reals[at] += beta.as_double() * self.reals[from];
    } else {
      out.integers[at] = static_cast<int64_t>(
          static_cast<uint64_t>(out.integers[at]) * static_cast<uint64_t>(alpha.as_int()) +
          static_cast<uint64_t>(self.integers[from]) * static_cast<uint64_t>(beta.as_int()));
    }
  }
  wrap(out);
}

}  // namespace fgx
