// SPDX-License-Identifier: Apache-2.0
// What a tensor holds, for people: dtype names, elements as numbers, a summary.
#include "support/tensor_text.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "support/text.h"

namespace cli {
namespace {

template <typename T>
T load(const char* address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

double half_to_double(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int mantissa = bits & 0x3FF;
  double value = 0;
  if (exponent == 0x1F) {
    value = mantissa == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

double bfloat16_to_double(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return static_cast<double>(value);
}

double element(const char* address, fgx_dtype dtype) {
  switch (dtype.code * 256 + dtype.bits) {
    case FGX_DTYPE_BOOL * 256 + 8:
    case FGX_DTYPE_UINT * 256 + 8:
      return load<uint8_t>(address);
    case FGX_DTYPE_INT * 256 + 8:
      return load<int8_t>(address);
    case FGX_DTYPE_INT * 256 + 16:
      return load<int16_t>(address);
    case FGX_DTYPE_INT * 256 + 32:
      return load<int32_t>(address);
    case FGX_DTYPE_INT * 256 + 64:
      return static_cast<double>(load<int64_t>(address));
    case FGX_DTYPE_FLOAT * 256 + 16:
      return half_to_double(load<uint16_t>(address));
    case FGX_DTYPE_BFLOAT * 256 + 16:
      return bfloat16_to_double(load<uint16_t>(address));
    case FGX_DTYPE_FLOAT * 256 + 32:
      return static_cast<double>(load<float>(address));
    case FGX_DTYPE_FLOAT * 256 + 64:
      return load<double>(address);
    default:
      return NAN;
  }
}

}  // namespace

std::string dtype_name(fgx_dtype dtype) {
  switch (dtype.code) {
    case FGX_DTYPE_BOOL:
      return "bool";
    case FGX_DTYPE_INT:
      return format("int%d", dtype.bits);
    case FGX_DTYPE_UINT:
      return format("uint%d", dtype.bits);
    case FGX_DTYPE_FLOAT:
      return format("float%d", dtype.bits);
    case FGX_DTYPE_BFLOAT:
      return format("bfloat%d", dtype.bits);
    default:
      return format("code%d_%d", dtype.code, dtype.bits);
  }
}

std::string shape_text(const fgx_tensor& tensor) {
  std::string text = "[";
  for (int32_t i = 0; i < tensor.ndim; ++i) {
    text += (i > 0 ? "," : "") + std::to_string(tensor.shape[i]);
  }
  return text + "]";
}

TensorSummary summarize(const fgx_tensor& tensor, size_t first) {
  TensorSummary summary;
  summary.elements = 1;
  for (int32_t i = 0; i < tensor.ndim; ++i) summary.elements *= tensor.shape[i];
  std::vector<int64_t> strides(static_cast<size_t>(tensor.ndim), 1);
  for (int32_t i = tensor.ndim - 1; i >= 0; --i) {
    const auto k = static_cast<size_t>(i);
    if (tensor.strides != nullptr) {
      strides[k] = tensor.strides[i];
    } else if (i + 1 < tensor.ndim) {
      strides[k] = strides[k + 1] * tensor.shape[i + 1];
    }
  }
  summary.min = INFINITY;
  summary.max = -INFINITY;
  double sum = 0;
  int64_t finite = 0;
  std::vector<int64_t> index(static_cast<size_t>(tensor.ndim), 0);
  int64_t offset = 0;
  const char* base = static_cast<const char*>(tensor.data) + tensor.byte_offset;
  for (int64_t n = 0; n < summary.elements; ++n) {
    const double value = element(base + offset * (tensor.dtype.bits / 8), tensor.dtype);
    if (summary.first.size() < first) summary.first.push_back(value);
    if (std::isnan(value)) {
      ++summary.nans;
    } else if (std::isinf(value)) {
      ++summary.infinities;
    } else {
      summary.min = std::min(summary.min, value);
      summary.max = std::max(summary.max, value);
      sum += value;
      ++finite;
    }
    for (int32_t i = tensor.ndim - 1; i >= 0; --i) {
      const auto k = static_cast<size_t>(i);
      offset += strides[k];
      if (++index[k] < tensor.shape[i]) break;
      offset -= strides[k] * tensor.shape[i];
      index[k] = 0;
    }
  }
  if (finite == 0) summary.min = summary.max = NAN;
  summary.mean = finite == 0 ? NAN : sum / static_cast<double>(finite);
  return summary;
}

}  // namespace cli
