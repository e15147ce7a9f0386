// SPDX-License-Identifier: Apache-2.0
// layer_norm, rms_norm and fused_add_rms_norm against their oracles; their kernels in every instruction set.
#include "kernels/experimental/generated/reduction/rms_norm_streaming.h"
#include "kernels/stable/norm/norm_kernels.h"
#include "tests/unit/kernels/row_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kFloats[] = {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};

TEST(Norm, MatchesTheOracleInEveryTypeAndLayout) {
  for (const DType dtype : kFloats) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{
             {17}, {5, 7}, {33, 130}, {3, 4, 70}, {2, 9001}, {4, 64}, {40, 256}}) {
      for (const auto& strides : layouts_of(shape)) {
        TestTensor x(dtype, shape, strides, 1);
        x.randomize(5, false);
        const std::vector<int64_t> row = {shape.back()};
        TestTensor weight(dtype, row), bias(dtype, row);
        weight.randomize(6, false);
        bias.randomize(7, false);
        const std::string what(info(dtype).name);
        EXPECT_GE(
            check_operator("layer_norm", {x.value(), int_list(row), weight.value(), bias.value()},
                           {&x, &weight, &bias}, what),
            1);
        EXPECT_GE(check_operator("layer_norm",
                                 {x.value(), int_list(row), none(), bias.value(), number(0.5)},
                                 {&x, &bias}, what),
                  1);
        EXPECT_GE(
            check_operator("rms_norm", {x.value(), int_list(row), weight.value(), number(1e-6)},
                           {&x, &weight}, what),
            1);
        EXPECT_GE(check_operator("rms_norm", {x.value(), int_list(row)}, {&x}, what), 1);
      }
    }
  }
}

TEST(Norm, SeveralDimensionsAtOnce) {
  TestTensor x(DType::kFloat32, {3, 4, 5, 6});
  x.randomize(9, false);
  for (const auto& shape :
       std::vector<std::vector<int64_t>>{{6}, {5, 6}, {4, 5, 6}, {3, 4, 5, 6}}) {
    TestTensor weight(DType::kFloat32, shape);
    weight.randomize(10, false);
    EXPECT_GE(
        check_operator("layer_norm", {x.value(), int_list(shape), weight.value()}, {&x, &weight}),
        1);
    EXPECT_GE(
        check_operator("rms_norm", {x.value(), int_list(shape), weight.value()}, {&x, &weight}), 1);
  }
}

TEST(Norm, WeightsOfOtherTypes) {
  for (const DType dtype : kFloats) {
    for (const DType parameters :
         {DType::kFloat16, DType::kFloat32, DType::kFloat64, DType::kInt32}) {
      TestTensor x(dtype, {9, 70}), weight(parameters, {70});
      x.randomize(11, false);
      weight.randomize(12, false);
      EXPECT_GE(
          check_operator("rms_norm", {x.value(), int_list({70}), weight.value()}, {&x, &weight}),
          1);
    }
  }
}

TEST(FusedAddRmsNorm, TypesLayoutsAndWeights) {
  for (const DType dtype : kFloats) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{
             {17}, {5, 7}, {33, 130}, {3, 4, 70}, {2, 9001}, {0, 5}, {3, 0}}) {
      for (const auto& strides : layouts_of(shape)) {
        TestTensor x(dtype, shape), residual(dtype, shape, strides, 1);
        x.randomize(16, false);
        residual.randomize(17, false);
        const std::vector<int64_t> row = {shape.back()};
        for (const DType parameters : {dtype, DType::kFloat32}) {
          TestTensor weight(parameters, row);
          weight.randomize(18, false);
          EXPECT_EQ(
              check_operator("fused_add_rms_norm",
                             {x.value(), residual.value(), int_list(row), weight.value(), none()},
                             {&x, &residual, &weight}),
              1);
        }
        EXPECT_EQ(
            check_operator("fused_add_rms_norm",
                           {residual.value(), x.value(), int_list(shape), none(), number(0.1)},
                           {&residual, &x}, "",
                           strides == layouts_of(shape)[2] ? strides : std::vector<int64_t>{}),
            1);
      }
    }
  }
  TestTensor x(DType::kFloat32, {4, 6}), half(DType::kFloat16, {4, 6}), row(DType::kFloat32, {6});
  EXPECT_TRUE(refuses("fused_add_rms_norm", {x.value(), half.value(), int_list({6})}));
  EXPECT_TRUE(refuses("fused_add_rms_norm", {x.value(), row.value(), int_list({6})}));
  EXPECT_TRUE(refuses("fused_add_rms_norm", {x.value(), x.value(), int_list({4})}));
  EXPECT_TRUE(refuses("fused_add_rms_norm", {x.value(), x.value(), int_list({4, 6}), row.value()}));
}

TEST(Norm, NanAndInfinityStayInTheirRow) {
  TestTensor x(DType::kFloat32, {6, 100});
  x.randomize(13, false);
  x.set(150, std::nan(""));
  x.set(299, std::numeric_limits<double>::infinity());
  EXPECT_GE(check_operator("layer_norm", {x.value(), int_list({100})}, {&x}), 1);
  EXPECT_GE(check_operator("rms_norm", {x.value(), int_list({100})}, {&x}), 1);
}

TEST(Norm, GeneratedRowsOfBfloat16) {
  const int expected = has_avx512_bf16() ? 2 : 1;
  for (const int64_t n : {32, 64, 96, 128, 160, 3584}) {
    TestTensor x(DType::kBFloat16, {5, n}), weight(DType::kBFloat16, {n});
    x.randomize(14, false);
    weight.randomize(15, false);
    EXPECT_EQ(check_operator("rms_norm", {x.value(), int_list({n}), weight.value(), number(1e-6)},
                             {&x, &weight}),
              expected);
  }
}

class NormKernelsTest : public ::testing::TestWithParam<Isa> {};

TEST_P(NormKernelsTest, RowsOfEveryLength) {
  const NormKernels& kernels =
      norm_table_for(GetParam()).kinds[static_cast<int>(NormKind::kFloat32)];
  for (const int64_t n : {1, 3, 8, 15, 16, 17, 31, 65, 130, 4096, 4097}) {
    std::vector<float> x(static_cast<size_t>(n)), y(static_cast<size_t>(n) + 1, 7.0f);
    double mean = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>((i * 29) % 31) - 10.0f;
      mean += x[i];
    }
    mean /= static_cast<double>(n);
    double variance = 0, squares = 0;
    for (const float v : x) {
      variance += (v - mean) * (v - mean);
      squares += static_cast<double>(v) * v;
    }
    NormRows work{x.data(), 0, y.data(), 0, nullptr, nullptr, 1, n, 1e-5};
    kernels.layer(work);
    const double deviation = std::sqrt(variance / static_cast<double>(n) + 1e-5);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], (x[i] - mean) / deviation, 1e-5) << n;
    kernels.rms(work);
    const double root = std::sqrt(squares / static_cast<double>(n) + 1e-5);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i] / root, 1e-5) << n;
    EXPECT_EQ(y.back(), 7.0f) << "wrote beyond the row of " << n;
  }
}

TEST_P(NormKernelsTest, StreamedRowsAgreeWithStoredOnes) {
  constexpr int64_t kRows = 3;
  constexpr int64_t kLength = 320;
  alignas(64) float x[kRows * kLength], weight[kLength], stored[kRows * kLength];
  alignas(64) float streamed[kRows * kLength];
  for (int64_t i = 0; i < kRows * kLength; ++i) x[i] = static_cast<float>((i * 29) % 31) - 10.0f;
  for (int64_t i = 0; i < kLength; ++i) weight[i] = static_cast<float>(i % 7) - 3.0f;
  NormRows work{x, kLength, stored, kLength, weight, nullptr, kRows, kLength, 1e-5};
  const NormKernels& kernels =
      norm_table_for(GetParam()).kinds[static_cast<int>(NormKind::kFloat32)];
  for (const void* some_weight :
       {static_cast<const void*>(weight), static_cast<const void*>(nullptr)}) {
    work.weight = some_weight;
    work.y = stored;
    kernels.rms(work);
    work.y = streamed;
    rms_norm_streaming_table_for(GetParam()).rows(work);
    for (int64_t i = 0; i < kRows * kLength; ++i) EXPECT_NEAR(streamed[i], stored[i], 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, NormKernelsTest, ::testing::ValuesIn(usable_isas()),
                         [](const auto& test) { return isa_name(test.param); });

}  // namespace
}  // namespace fgx
