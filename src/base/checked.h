// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic that cannot wrap: every size the library computes goes through here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/error.h"

namespace fgx {

// The try_ variants return false on overflow and leave *out unspecified; they never throw.
template <typename T>
[[nodiscard]] constexpr bool try_add(T a, T b, T* out) noexcept {
  static_assert(std::is_integral_v<T>);
  return !__builtin_add_overflow(a, b, out);
}
template <typename T>
[[nodiscard]] constexpr bool try_sub(T a, T b, T* out) noexcept {
  static_assert(std::is_integral_v<T>);
  return !__builtin_sub_overflow(a, b, out);
}
template <typename T>
[[nodiscard]] constexpr bool try_mul(T a, T b, T* out) noexcept {
  static_assert(std::is_integral_v<T>);
  return !__builtin_mul_overflow(a, b, out);
}

// Converts between integer types; false when the value does not fit.
template <typename To, typename From>
[[nodiscard]] constexpr bool try_narrow(From value, To* out) noexcept {
  static_assert(std::is_integral_v<To> && std::is_integral_v<From>);
  *out = static_cast<To>(value);
  return static_cast<From>(*out) == value && (*out < To{}) == (value < From{});
}

// The checked_ variants throw InvalidArgument that names `what`, e.g. "size of output 0".
template <typename T>
constexpr T checked_add(T a, T b, const char* what) {
  T out{};
  if (!try_add(a, b, &out)) fail(FGX_INVALID_ARGUMENT, "%s overflows", what);
  return out;
}
template <typename T>
constexpr T checked_sub(T a, T b, const char* what) {
  T out{};
  if (!try_sub(a, b, &out)) fail(FGX_INVALID_ARGUMENT, "%s overflows", what);
  return out;
}
template <typename T>
constexpr T checked_mul(T a, T b, const char* what) {
  T out{};
  if (!try_mul(a, b, &out)) fail(FGX_INVALID_ARGUMENT, "%s overflows", what);
  return out;
}
template <typename To, typename From>
constexpr To checked_narrow(From value, const char* what) {
  To out{};
  if (!try_narrow(value, &out)) fail(FGX_INVALID_ARGUMENT, "%s is out of range", what);
  return out;
}

// Rounds up to a multiple of `alignment` (a power of two).
template <typename T>
[[nodiscard]] constexpr bool try_align_up(T value, T alignment, T* out) noexcept {
  T sum{};
  if (!try_add(value, static_cast<T>(alignment - 1), &sum)) return false;
  *out = static_cast<T>(sum & ~static_cast<T>(alignment - 1));
  return true;
}
template <typename T>
constexpr T checked_align_up(T value, T alignment, const char* what) {
  T out{};
  if (!try_align_up(value, alignment, &out)) fail(FGX_INVALID_ARGUMENT, "%s overflows", what);
  return out;
}

}  // namespace fgx
