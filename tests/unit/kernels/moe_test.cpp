// SPDX-License-Identifier: Apache-2.0
// topk_softmax against its oracle; its kernel in every instruction set.
#include "kernels/stable/moe/topk_kernels.h"
#include "tests/unit/kernels/row_case.h"

namespace fgx {
namespace {

using namespace testing_support;

TEST(TopkSoftmax, MatchesTheOracle) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    for (const auto& shape :
         std::vector<std::vector<int64_t>>{{64}, {5, 7}, {33, 60}, {2, 3, 128}, {4, 1}}) {
      for (const auto& strides : layouts_of(shape)) {
        TestTensor x(dtype, shape, strides);
        x.randomize(3, shape.size() == 2);
        for (const int64_t topk : {int64_t{1}, std::min<int64_t>(6, shape.back()), shape.back()}) {
          for (const bool renormalize : {false, true}) {
            EXPECT_EQ(
                check_operator("topk_softmax", {x.value(), integer(topk), boolean(renormalize)},
                               {&x}, std::string(info(dtype).name)),
                1);
          }
        }
      }
    }
  }
}

TEST(TopkSoftmax, OutputOfAnyStrides) {
  TestTensor x(DType::kFloat32, {6, 50});
  x.randomize(8, false);
  EXPECT_EQ(check_operator("topk_softmax", {x.value(), integer(4)}, {&x}, "strided", {1, 6}), 1);
}

class GateKernel : public ::testing::TestWithParam<Isa> {};

TEST_P(GateKernel, TiesTakeTheLowerIndex) {
  for (const int64_t n : {1, 7, 16, 40, 4096}) {
    std::vector<float> logits(static_cast<size_t>(n), 0.5f);
    const int64_t topk = std::min<int64_t>(n, 9);
    std::vector<float> weights(static_cast<size_t>(topk));
    std::vector<int32_t> indices(static_cast<size_t>(topk), -1);
    gate_table_for(GetParam())
        .gate({logits.data(), n, topk, false, weights.data(), 1, indices.data(), 1});
    for (int64_t k = 0; k < topk; ++k) {
      EXPECT_EQ(indices[static_cast<size_t>(k)], k);
      EXPECT_NEAR(weights[static_cast<size_t>(k)], 1.0 / static_cast<double>(n), 1e-6);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, GateKernel, ::testing::ValuesIn(usable_isas()),
                         [](const auto& test) { return isa_name(test.param); });

}  // namespace
}  // namespace fgx
