// SPDX-License-Identifier: Apache-2.0
// cross_entropy_loss against its oracle. (The elementwise losses are in pointwise_test.cpp.)
#include "tests/unit/kernels/row_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kFloats[] = {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};

// Targets with some that are ignored.
void fill_targets(TestTensor& target, int64_t classes, int64_t ignored) {
  for (int64_t i = 0; i < target.numel(); ++i) {
    target.set(i, static_cast<double>(i % 5 == 3 ? ignored : i * 7 % classes));
  }
}

TEST(CrossEntropy, TypesShapesReductionsAndArguments) {
  struct Shapes {
    std::vector<int64_t> self, target;
  };
  const Shapes shapes[] = {{{9}, {}},          {{7, 5}, {7}},        {{33, 130}, {33}},
                           {{3, 9001}, {3}},   {{4, 21, 6}, {4, 6}}, {{2, 5, 3, 7}, {2, 3, 7}},
                           {{300, 65}, {300}}, {{0, 5}, {0}},        {{3, 1}, {3}}};
  for (const DType dtype : kFloats) {
    for (const Shapes& shape : shapes) {
      const int64_t classes = shape.self.size() == 1 ? shape.self[0] : shape.self[1];
      for (const auto& strides : layouts_of(shape.self)) {
        TestTensor x(dtype, shape.self, strides, 1);
        TestTensor target(DType::kInt64, shape.target), weight(dtype, {classes}, {2});
        x.randomize(3, false);
        for (int64_t i = 0; i < classes; ++i) weight.set(i, 0.25 * static_cast<double>(i % 5 + 1));
        fill_targets(target, classes, -100);
        for (const int64_t reduction : {0, 1, 2}) {
          for (const double smoothing : {0.0, 0.125}) {
            EXPECT_EQ(check_operator("cross_entropy_loss",
                                     {x.value(), target.value(), none(), integer(reduction),
                                      integer(-100), number(smoothing)},
                                     {&x, &target}),
                      1);
            EXPECT_EQ(check_operator("cross_entropy_loss",
                                     {x.value(), target.value(), weight.value(), integer(reduction),
                                      integer(-100), number(smoothing)},
                                     {&x, &target, &weight}),
                      1);
          }
        }
      }
    }
  }
}

TEST(CrossEntropy, NothingButIgnoredTargets) {
  TestTensor x(DType::kFloat32, {4, 6}), target(DType::kInt64, {4});
  x.randomize(4, false);
  for (int64_t i = 0; i < 4; ++i) target.set(i, 2);
  for (const int64_t reduction : {0, 1, 2}) {
    EXPECT_EQ(check_operator("cross_entropy_loss",
                             {x.value(), target.value(), none(), integer(reduction), integer(2)},
                             {&x, &target}),
              1);
  }
}

TEST(CrossEntropy, TheSameBitsWithAnyNumberOfThreads) {
  TestTensor x(DType::kFloat32, {3000, 130}), target(DType::kInt64, {3000});
  x.randomize(5, false);
  fill_targets(target, 130, -100);
  for (const int64_t reduction : {0, 1, 2}) {
    const std::vector<fgx_value> args = {x.value(), target.value(), none(), integer(reduction)};
    EXPECT_EQ(bytes_with_threads("cross_entropy_loss", args, 1),
              bytes_with_threads("cross_entropy_loss", args, 3));
  }
}

TEST(CrossEntropy, Refusals) {
  TestTensor x(DType::kFloat32, {4, 6}), target(DType::kInt64, {4}), wrong(DType::kInt64, {6});
  TestTensor weight(DType::kFloat32, {4}), half(DType::kFloat16, {6}), small(DType::kInt32, {4});
  const char* name = "cross_entropy_loss";
  EXPECT_FALSE(refuses(name, {x.value(), target.value()}));
  EXPECT_TRUE(refuses(name, {x.value(), wrong.value()}));
  EXPECT_TRUE(refuses(name, {x.value(), small.value()}));
  EXPECT_TRUE(refuses(name, {x.value(), x.value()}));  // probabilities
  EXPECT_TRUE(refuses(name, {target.value(), target.value()}));
  EXPECT_TRUE(refuses(name, {x.value(), target.value(), weight.value()}));
  EXPECT_TRUE(refuses(name, {x.value(), target.value(), half.value()}));
  EXPECT_TRUE(refuses(name, {x.value(), target.value(), none(), integer(3)}));
  EXPECT_TRUE(
      refuses(name, {x.value(), target.value(), none(), integer(1), integer(0), number(1.5)}));
}

}  // namespace
}  // namespace fgx
