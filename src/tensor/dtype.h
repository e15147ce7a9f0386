// SPDX-License-Identifier: Apache-2.0
// Element types that operators take: their names, sizes, categories and DLPack codes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "flaggems_exp.h"

namespace fgx {

enum class DType : uint8_t {
  kBool,
  kUInt8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
};
inline constexpr int kDTypeCount = 10;

// Promotion categories, lowest first.
enum class DTypeCategory : uint8_t { kBool, kInteger, kFloat };

struct DTypeInfo {
  std::string_view name;        // PyTorch's name: "float32"
  std::string_view short_name;  // in call expressions: "f32"
  uint8_t size;                 // bytes
  DTypeCategory category;
  fgx_dtype code;
};

inline constexpr DTypeInfo kDTypeInfo[kDTypeCount] = {
    {"bool", "bool", 1, DTypeCategory::kBool, {FGX_DTYPE_BOOL, 8, 1}},
    {"uint8", "u8", 1, DTypeCategory::kInteger, {FGX_DTYPE_UINT, 8, 1}},
    {"int8", "i8", 1, DTypeCategory::kInteger, {FGX_DTYPE_INT, 8, 1}},
    {"int16", "i16", 2, DTypeCategory::kInteger, {FGX_DTYPE_INT, 16, 1}},
    {"int32", "i32", 4, DTypeCategory::kInteger, {FGX_DTYPE_INT, 32, 1}},
    {"int64", "i64", 8, DTypeCategory::kInteger, {FGX_DTYPE_INT, 64, 1}},
    {"float16", "f16", 2, DTypeCategory::kFloat, {FGX_DTYPE_FLOAT, 16, 1}},
    {"bfloat16", "bf16", 2, DTypeCategory::kFloat, {FGX_DTYPE_BFLOAT, 16, 1}},
    {"float32", "f32", 4, DTypeCategory::kFloat, {FGX_DTYPE_FLOAT, 32, 1}},
    {"float64", "f64", 8, DTypeCategory::kFloat, {FGX_DTYPE_FLOAT, 64, 1}},
};

constexpr const DTypeInfo& info(DType dtype) { return kDTypeInfo[static_cast<int>(dtype)]; }
constexpr int64_t size_of(DType dtype) { return info(dtype).size; }
constexpr bool is_float(DType dtype) { return info(dtype).category == DTypeCategory::kFloat; }
constexpr bool is_integer(DType dtype) { return info(dtype).category == DTypeCategory::kInteger; }

// The element type of a DLPack code; nullopt when no operator takes it.
constexpr std::optional<DType> from_code(fgx_dtype code) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const fgx_dtype& known = kDTypeInfo[i].code;
    if (known.code == code.code && known.bits == code.bits && known.lanes == code.lanes) {
      return static_cast<DType>(i);
    }
  }
  return std::nullopt;
}

// An integer as the type holds it: its low bits; whether it is not 0 for bool; itself for other types.
constexpr int64_t wrap_to(DType dtype, int64_t value) {
  switch (dtype) {
    case DType::kBool:
      return value != 0;
    case DType::kUInt8:
      return static_cast<uint8_t>(value);
    case DType::kInt8:
      return static_cast<int8_t>(value);
    case DType::kInt16:
      return static_cast<int16_t>(value);
    case DType::kInt32:
      return static_cast<int32_t>(value);
    default:
      return value;
  }
}

// Finds a type by its name or short name ("float32", "torch.float32", "f32"); nullopt if unknown.
std::optional<DType> dtype_from_name(std::string_view name);

// A set of element types, for constraints and type rules.
class DTypeSet {
 public:
  constexpr DTypeSet() = default;
  constexpr DTypeSet(std::initializer_list<DType> types) {
    for (DType t : types) bits_ = static_cast<uint16_t>(bits_ | (1u << static_cast<int>(t)));
  }
  constexpr bool contains(DType t) const { return (bits_ >> static_cast<int>(t)) & 1u; }
  constexpr uint16_t bits() const { return bits_; }
  friend constexpr DTypeSet operator|(DTypeSet a, DTypeSet b) {
    DTypeSet result;
    result.bits_ = static_cast<uint16_t>(a.bits_ | b.bits_);
    return result;
  }

 private:
  uint16_t bits_ = 0;
};

inline constexpr DTypeSet kHalfTypes{DType::kFloat16, DType::kBFloat16};
inline constexpr DTypeSet kFloatTypes{DType::kFloat16, DType::kBFloat16, DType::kFloat32,
                                      DType::kFloat64};
inline constexpr DTypeSet kIntegerTypes{DType::kUInt8, DType::kInt8, DType::kInt16, DType::kInt32,
                                        DType::kInt64};
inline constexpr DTypeSet kAllTypes = kFloatTypes | kIntegerTypes | DTypeSet{DType::kBool};

}  // namespace fgx
