// SPDX-License-Identifier: Apache-2.0
// Limits and single-element access of every dtype.
#include "verify/elements.h"

#include <cmath>
#include <limits>

#include "tensor/half.h"

namespace fgx {
namespace {

template <typename T>
T load_as(const void* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

template <typename T>
void store_as(void* element, T value) {
  std::memcpy(element, &value, sizeof value);
}

}  // namespace

IntegerLimits integer_limits(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return {0, 1};
    case DType::kUInt8:
      return {0, 255};
    case DType::kInt8:
      return {-128, 127};
    case DType::kInt16:
      return {-32768, 32767};
    case DType::kInt32:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default:
      return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

void store_real(void* element, DType dtype, double value) {
  switch (dtype) {
    case DType::kFloat16:
      store_as(element, to_float16(value).bits);
      break;
    case DType::kBFloat16:
      store_as(element, to_bfloat16(value).bits);
      break;
    case DType::kFloat32:
      store_as(element, static_cast<float>(value));
      break;
    default:
      store_as(element, value);
  }
}

void store_integer(void* element, DType dtype, int64_t value) {
  switch (dtype) {
    case DType::kBool:
      store_as(element, static_cast<uint8_t>(value != 0));
      break;
    case DType::kUInt8:
    case DType::kInt8:
      store_as(element, static_cast<uint8_t>(value));
      break;
    case DType::kInt16:
      store_as(element, static_cast<uint16_t>(value));
      break;
    case DType::kInt32:
      store_as(element, static_cast<uint32_t>(value));
      break;
    default:
      store_as(element, value);
  }
}

void store_number(void* element, DType dtype, double value) {
  if (is_float(dtype)) {
    store_real(element, dtype, value);
  } else {
    store_integer(element, dtype, static_cast<int64_t>(value));
  }
}

double load_real(const void* element, DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return static_cast<double>(to_float(Float16{load_as<uint16_t>(element)}));
    case DType::kBFloat16:
      return static_cast<double>(to_float(BFloat16{load_as<uint16_t>(element)}));
    case DType::kFloat32:
      return static_cast<double>(load_as<float>(element));
    default:
      return load_as<double>(element);
  }
}

int64_t load_integer(const void* element, DType dtype) {
  switch (dtype) {
    case DType::kBool:
    case DType::kUInt8:
      return load_as<uint8_t>(element);
    case DType::kInt8:
      return load_as<int8_t>(element);
    case DType::kInt16:
      return load_as<int16_t>(element);
    case DType::kInt32:
      return load_as<int32_t>(element);
    default:
      return load_as<int64_t>(element);
  }
}

double round_to(DType dtype, double value) {
  alignas(8) unsigned char bytes[8];
  store_real(bytes, dtype, value);
  return load_real(bytes, dtype);
}

double ulp_at(DType dtype, double value) {
  const FloatLimits& limits = float_limits(dtype);
  const double magnitude = std::fabs(value);
  if (magnitude < limits.smallest_normal) return limits.smallest_subnormal;
  return std::ldexp(limits.epsilon, std::ilogb(magnitude));
}

}  // namespace fgx
