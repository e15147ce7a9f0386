// SPDX-License-Identifier: Apache-2.0
// Turns each line of pointwise_formulas.inc into a functor over a set of elementary functions, so that
// CPU kernels, the oracle and device code compile the same expression.
#pragma once

#include <cstdint>

#include "kernels/common/simd_math.h"
#include "kernels/stable/pointwise/pointwise_rule.h"

// Device compilers define it as their function qualifiers.
#ifndef FGX_FORMULA_QUALIFIERS
#define FGX_FORMULA_QUALIFIERS [[gnu::always_inline]] static inline
#endif

namespace fgx {

// One number per formula, in the order of the list.
enum class FormulaId : int32_t {
#define FGX_UNARY(name, ...) name,
#define FGX_BINARY(name, ...) name,
#define FGX_TERNARY(name, ...) name,
#define FGX_LOSS(name, ...) name,
#define FGX_CHOICE_UNARY(name, argument, value, ...) name##_##value,
#define FGX_CHOICE_BINARY(name, argument, value, ...) name##_##value,
#define FGX_FORMULA_BINARY(name, ...) name,
#include "kernels/stable/pointwise/pointwise_formulas.inc"
  kCount,
};
inline constexpr int kFormulaCount = static_cast<int>(FormulaId::kCount);

namespace FGX_ISA {

// A 64-bit integer whose arithmetic wraps. Division by zero gives zero.
struct Integer {
  int64_t value;
  Integer() = default;
  FGX_ALWAYS_INLINE constexpr explicit Integer(int64_t v) : value(v) {}
  FGX_ALWAYS_INLINE constexpr friend Integer operator+(Integer a, Integer b) {
    return wrap(static_cast<uint64_t>(a.value) + static_cast<uint64_t>(b.value));
  }
  FGX_ALWAYS_INLINE constexpr friend Integer operator-(Integer a, Integer b) {
    return wrap(static_cast<uint64_t>(a.value) - static_cast<uint64_t>(b.value));
  }
  FGX_ALWAYS_INLINE constexpr friend Integer operator*(Integer a, Integer b) {
    return wrap(static_cast<uint64_t>(a.value) * static_cast<uint64_t>(b.value));
  }
  // Truncates.
  FGX_ALWAYS_INLINE constexpr friend Integer operator/(Integer a, Integer b) {
    if (b.value == 0) return Integer(0);
    return b.value == -1 ? Integer(0) - a : Integer(a.value / b.value);
  }
  FGX_ALWAYS_INLINE constexpr friend Integer operator-(Integer a) { return Integer(0) - a; }
  FGX_ALWAYS_INLINE constexpr friend bool operator<(Integer a, Integer b) {
    return a.value < b.value;
  }
  FGX_ALWAYS_INLINE constexpr friend bool operator>(Integer a, Integer b) { return b < a; }
  FGX_ALWAYS_INLINE constexpr friend bool operator<=(Integer a, Integer b) { return !(b < a); }
  FGX_ALWAYS_INLINE constexpr friend bool operator>=(Integer a, Integer b) { return !(a < b); }
  FGX_ALWAYS_INLINE constexpr friend bool operator==(Integer a, Integer b) {
    return a.value == b.value;
  }
  FGX_ALWAYS_INLINE constexpr friend bool operator!=(Integer a, Integer b) { return !(a == b); }

 private:
  FGX_ALWAYS_INLINE static constexpr Integer wrap(uint64_t bits) {
    return Integer(static_cast<int64_t>(bits));
  }
};

// What does not depend on the precision: shared by every set of elementary functions.
struct CommonMath {
  // The smaller or larger; nan if either is.
  template <typename T>
  FGX_FORMULA_QUALIFIERS T smaller(T x, T y) {
    return x > y || y != y ? y : x;
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T larger(T x, T y) {
    return x < y || y != y ? y : x;
  }
  FGX_FORMULA_QUALIFIERS Integer truncated_quotient(Integer x, Integer y) { return x / y; }
  FGX_FORMULA_QUALIFIERS Integer floored_quotient(Integer x, Integer y) {
    const Integer quotient = x / y;
    const bool inexact = y != Integer(0) && quotient * y != x;
    return inexact && (x < Integer(0)) != (y < Integer(0)) ? quotient - Integer(1) : quotient;
  }
};

// Elementary functions of the kernels.
struct KernelMath : CommonMath {
  using CommonMath::floored_quotient;
  using CommonMath::truncated_quotient;
  FGX_FORMULA_QUALIFIERS float abs(float x) { return abs_of(x); }
  FGX_FORMULA_QUALIFIERS double abs(double x) { return abs_of(x); }
  FGX_FORMULA_QUALIFIERS Integer abs(Integer x) { return x < Integer(0) ? -x : x; }
  FGX_FORMULA_QUALIFIERS float sqrt(float x) { return __builtin_sqrtf(x); }
  FGX_FORMULA_QUALIFIERS double sqrt(double x) { return __builtin_sqrt(x); }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T exp(T x) {
    return FGX_ISA::exp(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T expm1(T x) {
    return FGX_ISA::expm1(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T log(T x) {
    return FGX_ISA::log(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T log1p(T x) {
    return FGX_ISA::log1p(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T tanh(T x) {
    return FGX_ISA::tanh(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T sigmoid(T x) {
    return FGX_ISA::sigmoid(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T erf(T x) {
    return FGX_ISA::erf(x);
  }
  template <typename T>
  FGX_FORMULA_QUALIFIERS T normal_tail(T x) {
    return FGX_ISA::normal_tail(x);
  }
  FGX_FORMULA_QUALIFIERS float truncated_quotient(float x, float y) {
    return __builtin_truncf(x / y);
  }
  FGX_FORMULA_QUALIFIERS double truncated_quotient(double x, double y) {
    return __builtin_trunc(x / y);
  }
  FGX_FORMULA_QUALIFIERS float floored_quotient(float x, float y) {
    return floored(x, y, __builtin_fmodf(x, y));
  }
  FGX_FORMULA_QUALIFIERS double floored_quotient(double x, double y) {
    return floored(x, y, __builtin_fmod(x, y));
  }

 private:
  FGX_FORMULA_QUALIFIERS float floor(float x) { return __builtin_floorf(x); }
  FGX_FORMULA_QUALIFIERS double floor(double x) { return __builtin_floor(x); }
  // From the exact remainder, so that 1 // 0.1 is 9 although 1 / 0.1 rounds to 10.
  template <typename T>
  FGX_FORMULA_QUALIFIERS T floored(T x, T y, T remainder) {
    T quotient = (x - remainder) / y;
    quotient = remainder != T(0) && (y < T(0)) != (remainder < T(0)) ? quotient - T(1) : quotient;
    const T whole = floor(quotient);
    const T nearest = quotient - whole > T(0.5) ? whole + T(1) : whole;
    const T result = quotient != T(0) ? nearest : with_sign(T(0), x / y);
    return y == T(0) ? x / y : result;
  }
};

// Functors: Formula::apply<Math>(x, p0, p1), (x, y, p0, p1) or (x, y, z, p0, p1).
#define FGX_FUNCTOR_UNARY(name, rule_bits, ...)                                            \
  struct name##_formula {                                                                  \
    static constexpr int kArity = 1;                                                       \
    static constexpr uint32_t kRule = rule_bits;                                           \
    template <typename M, typename T>                                                      \
    FGX_FORMULA_QUALIFIERS T apply([[maybe_unused]] M m, T x, T, T, [[maybe_unused]] T p0, \
                                   [[maybe_unused]] T p1) {                                \
      return __VA_ARGS__;                                                                  \
    }                                                                                      \
  };
#define FGX_FUNCTOR_BINARY(name, rule_bits, ...)                                             \
  struct name##_formula {                                                                    \
    static constexpr int kArity = 2;                                                         \
    static constexpr uint32_t kRule = rule_bits;                                             \
    template <typename M, typename T>                                                        \
    FGX_FORMULA_QUALIFIERS T apply([[maybe_unused]] M m, T x, T y, T, [[maybe_unused]] T p0, \
                                   [[maybe_unused]] T p1) {                                  \
      return __VA_ARGS__;                                                                    \
    }                                                                                        \
  };
#define FGX_UNARY(name, schema, rule, ...) FGX_FUNCTOR_UNARY(name, rule, __VA_ARGS__)
#define FGX_BINARY(name, schema, rule, ...) FGX_FUNCTOR_BINARY(name, rule, __VA_ARGS__)
#define FGX_TERNARY(name, schema, rule_bits, ...)                                              \
  struct name##_formula {                                                                      \
    static constexpr int kArity = 3;                                                           \
    static constexpr uint32_t kRule = rule_bits;                                               \
    template <typename M, typename T>                                                          \
    FGX_FORMULA_QUALIFIERS T apply([[maybe_unused]] M m, T x, T y, T z, [[maybe_unused]] T p0, \
                                   [[maybe_unused]] T p1) {                                    \
      return __VA_ARGS__;                                                                      \
    }                                                                                          \
  };
#define FGX_LOSS(name, schema, ...) FGX_FUNCTOR_BINARY(name, kFloating, __VA_ARGS__)
#define FGX_CHOICE_UNARY(name, argument, value, rule, ...) \
  FGX_FUNCTOR_UNARY(name##_##value, rule, __VA_ARGS__)
#define FGX_CHOICE_BINARY(name, argument, value, rule, ...) \
  FGX_FUNCTOR_BINARY(name##_##value, rule, __VA_ARGS__)
#define FGX_FORMULA_BINARY(name, rule, ...) FGX_FUNCTOR_BINARY(name, rule, __VA_ARGS__)
#include "kernels/stable/pointwise/pointwise_formulas.inc"
#undef FGX_FUNCTOR_UNARY
#undef FGX_FUNCTOR_BINARY

}  // namespace FGX_ISA
}  // namespace fgx
