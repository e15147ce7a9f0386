// SPDX-License-Identifier: Apache-2.0
// Tolerances: what passes, what does not, and that no tolerance grows beyond meaning.
#include "verify/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/verify/fixture.h"
#include "verify/elements.h"
#include "verify/honesty.h"
#include "verify/oracle_run.h"

namespace fgx {
namespace {

using test::op;
using test::tensor;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Judges `actual` where `expected` is right, with a fixed absolute tolerance.
Fault judged(DType dtype, double actual, double expected, double atol = 0, bool exact = false) {
  GuardedTensor made(dtype, {1}, {1}, 0, 0);
  store_number(made.data(), dtype, actual);
  OracleTensor oracle;
  oracle.dtype = dtype;
  oracle.shape = {1};
  if (is_float(dtype)) {
    oracle.reals = {expected};
  } else {
    oracle.integers = {static_cast<int64_t>(expected)};
  }
  ErrorModel model;
  model.absolute = atol;
  model.exact = exact;
  return compare(made.view(), oracle, model).fault;
}

TEST(Accuracy, RoundingToTheTypePasses) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    for (const double x : {1.0 / 3, 1e-3, 123.456, -7.0, 0.0}) {
      EXPECT_EQ(judged(dtype, x, x), Fault::kNone) << info(dtype).name << ' ' << x;
    }
  }
}

TEST(Accuracy, RelativeTolerancesAreTheDesigns) {
  EXPECT_EQ(judged(DType::kFloat32, 1 + 1.2e-6, 1), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat32, 1 + 1.5e-6, 1), Fault::kValue);
  EXPECT_EQ(judged(DType::kFloat64, 1 + 0.9e-7, 1), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat64, 1 + 1.1e-7, 1), Fault::kValue);
  EXPECT_EQ(judged(DType::kFloat16, 1 + 0x1p-10, 1), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat16, 1 + 0x1p-9, 1), Fault::kValue);
  EXPECT_EQ(judged(DType::kBFloat16, 1 + 0x1p-6, 1), Fault::kNone);
  EXPECT_EQ(judged(DType::kBFloat16, 1 + 0x3p-7, 1), Fault::kValue);
}

TEST(Accuracy, NanAndInfinityMatchByPosition) {
  EXPECT_EQ(judged(DType::kFloat32, kNan, kNan), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat32, 0, kNan), Fault::kNan);
  EXPECT_EQ(judged(DType::kFloat32, kNan, 0), Fault::kNan);
  EXPECT_EQ(judged(DType::kFloat32, kNan, kInfinity), Fault::kNan);
  EXPECT_EQ(judged(DType::kFloat32, kInfinity, kInfinity), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat32, -kInfinity, kInfinity), Fault::kInf);
  EXPECT_EQ(judged(DType::kFloat32, 3e38, kInfinity), Fault::kInf);
  EXPECT_EQ(judged(DType::kFloat32, kInfinity, 1e30), Fault::kInf);
  // Overflow in the type, not in the oracle.
  EXPECT_EQ(judged(DType::kFloat16, kInfinity, 7e4), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat16, 65504, 65519), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat16, kInfinity, 65519), Fault::kNone);  // within the tolerance
  EXPECT_EQ(judged(DType::kFloat16, kInfinity, 6e4), Fault::kInf);
  EXPECT_EQ(judged(DType::kFloat16, 6e4, 7e4), Fault::kInf);
}

TEST(Accuracy, IntegersAndMovedDataAreExact) {
  EXPECT_EQ(judged(DType::kInt64, 5, 5), Fault::kNone);
  EXPECT_EQ(judged(DType::kInt64, 5, 6), Fault::kValue);
  EXPECT_EQ(judged(DType::kBool, 1, 0), Fault::kValue);
  EXPECT_EQ(judged(DType::kFloat32, 1 + 0x1p-23, 1, 0, true), Fault::kValue);
  EXPECT_EQ(judged(DType::kFloat32, -0.0, 0.0, 0, true), Fault::kValue);
  EXPECT_EQ(judged(DType::kFloat32, -0.0, 0.0), Fault::kNone);
}

TEST(Accuracy, CapBoundsWhateverTheModelSays) {
  // An absolute tolerance of 100 around values of 1 would accept anything.
  EXPECT_EQ(judged(DType::kFloat32, 1.02, 1, 100), Fault::kNone);
  EXPECT_EQ(judged(DType::kFloat32, 1.05, 1, 100), Fault::kValue);
}

TEST(Accuracy, WrongTypeIsAFaultOfItsOwn) {
  GuardedTensor made(DType::kFloat64, {1}, {1}, 0, 0);
  made.poison(0);
  OracleTensor oracle;
  oracle.dtype = DType::kFloat32;
  oracle.shape = {1};
  oracle.reals = {0};
  EXPECT_EQ(compare(made.view(), oracle, {}).fault, Fault::kDType);
}

// The tolerance of summing `length` standard normal numbers in a type.
double sum_tolerance(DType dtype, int64_t length) {
  const CallSpec spec = test::call(op("rowsum"), {tensor(dtype, {4, length})});
  BoundValues values(spec);
  GuardedTensor input(dtype, {4, length}, {length, 1}, 0, 0);
  fill_input(op("rowsum"), 0, 0, input.view(), values.first_shapes(),
             seed_of(1, Distribution::kNormal));
  values.set_data(0, input.data());
  Call call;
  call.bind(op("rowsum"), values.values(), {});
  const auto inputs = oracle_inputs(call);
  const auto outputs = run_oracle(call, inputs);
  return error_model(call, inputs, outputs[0]).absolute;
}

TEST(Accuracy, ToleranceGrowsWithTheRootOfTheLengthAndTheSizeOfTheSum) {
  // kAtolFactor * epsilon * sqrt(n) * scale, and the scale of a sum is itself sqrt(n).
  EXPECT_NEAR(sum_tolerance(DType::kFloat32, 1024) / (2 * 0x1p-23 * 1024), 1, 1);
  EXPECT_NEAR(sum_tolerance(DType::kFloat32, 65536) / (2 * 0x1p-23 * 65536), 1, 1);
  // A float16 sum is computed in float32; rounding to float16 is the relative tolerance's business.
  EXPECT_LT(sum_tolerance(DType::kFloat16, 1024), 1e-3);
  // 122 997 elements, whose sum is about 350: off by thousands is not acceptable, nor is off by a tenth.
  EXPECT_LT(sum_tolerance(DType::kFloat32, 122997), 0.1);
}

TEST(Accuracy, PointwiseToleranceFollowsEachElement) {
  const CallSpec spec = test::call(op("twice"), {tensor(DType::kFloat32, {2})});
  BoundValues values(spec);
  float data[2] = {1e6f, 1e-6f};
  values.set_data(0, data);
  Call call;
  call.bind(op("twice"), values.values(), {});
  const auto inputs = oracle_inputs(call);
  const auto outputs = run_oracle(call, inputs);
  const ErrorModel model = error_model(call, inputs, outputs[0]);
  ASSERT_EQ(model.per_element.size(), 2u);
  // The large neighbour does not excuse the small element.
  EXPECT_LT(model.per_element[1], 1e-12);
  EXPECT_GT(model.per_element[0], 0.1);
}

TEST(Accuracy, StableSetsTheMeasure) {
  EXPECT_TRUE(close_to_stable(3e-7, 1e-7, DType::kFloat32, 1));
  EXPECT_FALSE(close_to_stable(9e-7, 1e-7, DType::kFloat32, 1));
  EXPECT_TRUE(close_to_stable(2e-7, 0, DType::kFloat32, 1));  // two roundings
}

// Two right products of long rows differ by more than two right sums of two numbers.
TEST(Agreement, GrowsWithTheTermsOfAnElement) {
  OracleTensor reference;
  reference.dtype = DType::kBFloat16;
  reference.shape = {4};
  reference.reals = {1, -2, 3, 0.001};
  const ErrorModel one = agreement_model(reference, 1);
  const ErrorModel many = agreement_model(reference, 4096);
  EXPECT_NEAR(many.absolute / one.absolute, 64, 1e-6);
  EXPECT_LT(many.absolute, 1e-4);
}

}  // namespace
}  // namespace fgx
