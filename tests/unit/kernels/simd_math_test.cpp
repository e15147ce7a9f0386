// SPDX-License-Identifier: Apache-2.0
// Elementary functions of the kernels against the C library in the next wider type.
#include "kernels/common/simd_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace fgx {
namespace {

constexpr double kMostUlp = 3.0;

// Distance in units of the last place of T; 0 for equal, nan equals nan, infinities must agree.
template <typename T>
double ulps(T got, long double want) {
  const T nearest = static_cast<T>(want);
  if (std::isnan(nearest)) return std::isnan(got) ? 0.0 : 1e9;
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0.0 : 1e9;
  if (nearest == T(0) && got == T(0)) return std::signbit(got) == std::signbit(nearest) ? 0.0 : 1e9;
  int exponent;
  std::frexp(nearest == T(0) ? got : nearest, &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::fabs((static_cast<long double>(got) - want) / unit));
}

template <typename T>
const std::vector<T>& samples() {
  static const std::vector<T> values = [] {
    using Limits = std::numeric_limits<T>;
    std::vector<T> v{T(0),
                     -T(0),
                     T(1),
                     -T(1),
                     T(-2),
                     T(0.5),
                     Limits::infinity(),
                     -Limits::infinity(),
                     Limits::quiet_NaN(),
                     Limits::max(),
                     Limits::lowest(),
                     Limits::min(),
                     -Limits::min(),
                     Limits::denorm_min(),
                     -Limits::denorm_min(),
                     std::nextafter(T(1), T(0)),
                     std::nextafter(T(1), T(2)),
                     T(88.72284),
                     T(88.72283),
                     T(-103.97),
                     T(-87.34),
                     T(709.78271),
                     T(-745.13),
                     T(0.92),
                     T(2.5e-8),
                     T(1e-17)};
    std::mt19937_64 random(7);
    for (int i = 0; i < 200000; ++i) {
      const uint64_t bits = random();
      const double unit = static_cast<double>(static_cast<int64_t>(bits)) * 0x1p-63;
      switch (i % 5) {
        case 0:
          v.push_back(static_cast<T>(unit * 100));
          break;
        case 1:
          v.push_back(static_cast<T>(unit * 5));
          break;
        case 2:
          v.push_back(static_cast<T>(1 + unit * 1e-2));
          break;
        case 3:
          v.push_back(static_cast<T>(unit * 750));
          break;
        default:
          if constexpr (sizeof(T) == 4)
            v.push_back(portable::float_of(static_cast<uint32_t>(bits)));
          else
            v.push_back(portable::double_of(bits));
      }
    }
    return v;
  }();
  return values;
}

template <typename T, typename Function, typename Reference>
void expect_accurate(const char* name, Function function, Reference reference) {
  double worst = 0.0;
  T at = T(0);
  for (T x : samples<T>()) {
    const double error = ulps<T>(function(x), reference(static_cast<long double>(x)));
    if (error > worst) {
      worst = error;
      at = x;
    }
  }
  EXPECT_LE(worst, kMostUlp) << name << " at " << at << " gives " << function(at);
}

template <typename T>
class SimdMath : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(SimdMath, Types);

#define FGX_ACCURATE(function, reference)                           \
  expect_accurate<TypeParam>(                                       \
      #function, [](TypeParam x) { return portable::function(x); }, \
      [](long double x) -> long double { return reference; })

TYPED_TEST(SimdMath, Exp) { FGX_ACCURATE(exp, std::exp(x)); }
TYPED_TEST(SimdMath, Expm1) { FGX_ACCURATE(expm1, std::expm1(x)); }
TYPED_TEST(SimdMath, Log) { FGX_ACCURATE(log, std::log(x)); }
TYPED_TEST(SimdMath, Log1p) { FGX_ACCURATE(log1p, std::log1p(x)); }
TYPED_TEST(SimdMath, Tanh) { FGX_ACCURATE(tanh, std::tanh(x)); }
TYPED_TEST(SimdMath, Sigmoid) { FGX_ACCURATE(sigmoid, 1.0L / (1.0L + std::exp(-x))); }
TYPED_TEST(SimdMath, Erf) { FGX_ACCURATE(erf, std::erf(x)); }

}  // namespace
}  // namespace fgx
