// SPDX-License-Identifier: Apache-2.0
// Checks the operator that add_any_operator.sh adds: trace.
#include <flaggems_exp.h>

#include "unit/kernels/operator_case.h"

namespace fgx {
namespace {

using namespace testing_support;

TEST(Trace, MatchesItsOracle) {
  TestTensor wide(DType::kFloat32, {17, 300});
  wide.randomize(1, false);
  EXPECT_EQ(1, check_operator("trace", {wide.value()}, {&wide}));
  TestTensor transposed(DType::kFloat32, {40, 30}, {1, 40}, 2);
  transposed.randomize(2, false);
  EXPECT_EQ(1, check_operator("trace", {transposed.value()}, {&transposed}, "transposed"));
  TestTensor nothing(DType::kFloat32, {0, 3});
  EXPECT_EQ(1, check_operator("trace", {nothing.value()}, {&nothing}, "nothing"));
  TestTensor vector(DType::kFloat32, {3});
  EXPECT_TRUE(refuses("trace", {vector.value()}));
}

TEST(Trace, IsFoundByNameAndComputes) {
  fgx_context* context = nullptr;
  ASSERT_EQ(FGX_OK, fgx_context_create(nullptr, &context));
  fgx_op* op = nullptr;
  ASSERT_EQ(FGX_OK, fgx_context_get_op(context, "trace", &op));
  TestTensor x(DType::kFloat32, {2, 2});
  for (int i = 0; i < 4; ++i) x.set(i, i + 1.0);
  TestTensor y(DType::kFloat32, {});
  const fgx_value args[1]{x.value()};
  fgx_tensor* outs[1]{y.tensor()};
  ASSERT_EQ(FGX_OK, fgx_op_call(op, args, 1, outs, 1, nullptr));
  EXPECT_EQ(5.0, read_real(y.data(), DType::kFloat32, 0));
  fgx_context_destroy(context);
}

}  // namespace
}  // namespace fgx
