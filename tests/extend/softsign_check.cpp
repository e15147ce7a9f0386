// SPDX-License-Identifier: Apache-2.0
// Checks the operator that add_pointwise_operator.sh adds by one line: softsign.
#include <flaggems_exp.h>

#include "unit/kernels/operator_case.h"

namespace fgx {
namespace {

using namespace testing_support;

TEST(Softsign, MatchesItsOracleOverTypesAndStrides) {
  for (DType type : {DType::kBool, DType::kUInt8, DType::kInt64, DType::kFloat16, DType::kBFloat16,
                     DType::kFloat32, DType::kFloat64}) {
    TestTensor dense(type, {7, 333});
    dense.randomize(1);
    EXPECT_EQ(1, check_operator("softsign", {dense.value()}, {&dense}));
    TestTensor strided(type, {33, 7}, {2, 100}, 3);
    strided.randomize(2);
    EXPECT_EQ(1, check_operator("softsign", {strided.value()}, {&strided}, "strided", {1, 33}));
  }
}

// The oracle comes from the same line: so here is the formula once more, through the ABI.
TEST(Softsign, IsFoundByNameAndComputes) {
  fgx_context* context = nullptr;
  ASSERT_EQ(FGX_OK, fgx_context_create(nullptr, &context));
  fgx_op* op = nullptr;
  ASSERT_EQ(FGX_OK, fgx_context_get_op(context, "aten::softsign", &op));
  TestTensor x(DType::kFloat32, {4});
  TestTensor y(DType::kFloat32, {4});
  const double inputs[]{0.0, 1.0, -3.0, 1000.0};
  for (int i = 0; i < 4; ++i) x.set(i, inputs[i]);
  const fgx_value args[1]{x.value()};
  fgx_tensor* outs[1]{y.tensor()};
  ASSERT_EQ(FGX_OK, fgx_op_call(op, args, 1, outs, 1, nullptr));
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(read_real(y.data(), DType::kFloat32, i), inputs[i] / (1.0 + std::fabs(inputs[i])),
                1e-6);
  }
  // In place.
  outs[0] = x.tensor();
  ASSERT_EQ(FGX_OK, fgx_op_call(op, args, 1, outs, 1, nullptr));
  EXPECT_NEAR(read_real(x.data(), DType::kFloat32, 1), 0.5, 1e-6);
  fgx_context_destroy(context);
}

}  // namespace
}  // namespace fgx
