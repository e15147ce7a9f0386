// SPDX-License-Identifier: Apache-2.0
// softmax and log_softmax against their oracles; its kernels in every instruction set.
#include "kernels/stable/softmax/softmax_kernels.h"
#include "tests/unit/kernels/row_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kFloats[] = {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};

class SoftmaxFamily : public ::testing::TestWithParam<const char*> {};

TEST_P(SoftmaxFamily, MatchesTheOracleInEveryTypeLayoutAndDimension) {
  for (const DType dtype : kFloats) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{
             {}, {1}, {17}, {5, 7}, {33, 130}, {3, 4, 70}, {2, 9001}, {300, 65}}) {
      for (const auto& strides : layouts_of(shape)) {
        TestTensor x(dtype, shape, strides, 1);
        x.randomize(5, shape.size() == 2);
        for (int64_t dim = 0; dim < std::max<int64_t>(1, static_cast<int64_t>(shape.size()));
             ++dim) {
          EXPECT_GE(check_operator(GetParam(), {x.value(), integer(dim)}, {&x},
                                   std::string(info(dtype).name) + " dim " + std::to_string(dim)),
                    1);
        }
      }
    }
  }
}

TEST_P(SoftmaxFamily, ConvertsFirst) {
  for (const DType from : {DType::kInt32, DType::kBool, DType::kFloat16, DType::kBFloat16,
                           DType::kFloat32, DType::kFloat64}) {
    for (const DType into : kFloats) {
      TestTensor x(from, {9, 40});
      x.randomize(6, false);
      EXPECT_GE(check_operator(GetParam(), {x.value(), integer(1), element_type(into)}, {&x}), 1);
      EXPECT_GE(check_operator(GetParam(), {x.value(), integer(0), element_type(into)}, {&x}), 1);
    }
  }
}

TEST_P(SoftmaxFamily, OutputOfAnyStrides) {
  TestTensor x(DType::kFloat32, {6, 50});
  x.randomize(8, false);
  for (const auto& strides : std::vector<std::vector<int64_t>>{{1, 6}, {100, 2}, {53, 1}}) {
    for (const int64_t dim : {0, 1}) {
      EXPECT_GE(check_operator(GetParam(), {x.value(), integer(dim)}, {&x}, "strided", strides), 1);
    }
  }
}

TEST_P(SoftmaxFamily, TheSameBitsWithAnyNumberOfThreads) {
  for (const DType dtype : kFloats) {
    for (const auto& shape :
         std::vector<std::vector<int64_t>>{{1, 100'003}, {2, 40'000}, {64, 300}}) {
      TestTensor x(dtype, shape);
      x.randomize(18, false);
      for (const int64_t dim : {0, 1}) {
        const std::vector<fgx_value> args = {x.value(), integer(dim)};
        EXPECT_EQ(bytes_with_threads(GetParam(), args, 1), bytes_with_threads(GetParam(), args, 3));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, SoftmaxFamily, ::testing::Values("softmax", "log_softmax"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Softmax, GeneratedRowsInRegisters) {
  const int expected = best_isa() == Isa::kAvx512 ? 2 : 1;
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32}) {
    for (int64_t n = 16; n <= 256; n += 16) {
      TestTensor x(dtype, {7, n});
      x.randomize(static_cast<uint32_t>(n), n % 32 == 0);
      EXPECT_EQ(check_operator("softmax", {x.value(), integer(-1)}, {&x}), expected) << n;
    }
  }
}

class SoftmaxKernelsTest : public ::testing::TestWithParam<Isa> {};

TEST_P(SoftmaxKernelsTest, ExponentialsOfTheWholeRange) {
  const SoftmaxKernels& single =
      softmax_table_for(GetParam()).kinds[static_cast<int>(SoftmaxKind::kFloat32)];
  const SoftmaxKernels& twice =
      softmax_table_for(GetParam()).kinds[static_cast<int>(SoftmaxKind::kFloat64)];
  for (int i = 0; i <= 200'000; ++i) {
    const float x = static_cast<float>(i) * -0.0006f;
    const double want = std::exp(static_cast<double>(x));
    const double got = single.exp_sum(&x, 1, 0.0);
    if (want > 1.2e-38) {
      ASSERT_LE(std::fabs(got - want), want * 1.2e-7) << x;
    } else {
      ASSERT_LE(std::fabs(got - want), 1.5e-45) << x;
    }
    const double wide = x * 6.5;
    const double wanted = std::exp(wide);
    ASSERT_LE(std::fabs(twice.exp_sum(&wide, 1, 0.0) - wanted), wanted * 5e-16 + 5e-324) << wide;
  }
}

TEST_P(SoftmaxKernelsTest, RowsOfEveryLengthSumToOne) {
  const SoftmaxKernels& kernels =
      softmax_table_for(GetParam()).kinds[static_cast<int>(SoftmaxKind::kFloat32)];
  for (const int64_t n : {1, 3, 8, 15, 16, 17, 31, 65, 130, 4096, 4097, 9000}) {
    std::vector<float> x(static_cast<size_t>(n) + 1), y(static_cast<size_t>(n) + 1, 7.0f);
    for (int64_t i = 0; i < n; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i % 13) * 0.5f;
    kernels.rows(x.data(), 0, y.data(), 0, 1, n);
    EXPECT_NEAR(std::accumulate(y.begin(), y.end() - 1, 0.0), 1.0, 1e-5) << n;
    EXPECT_EQ(y.back(), 7.0f) << "wrote beyond the row of " << n;
    std::vector<float> columns(static_cast<size_t>(n) + 1, 7.0f);
    kernels.columns(x.data(), 1, columns.data(), 1, n, 1);
    EXPECT_NEAR(std::accumulate(columns.begin(), columns.end() - 1, 0.0), 1.0, 1e-5) << n;
  }
}

TEST_P(SoftmaxKernelsTest, LogarithmsOfEveryLength) {
  const SoftmaxKernels& kernels =
      softmax_table_for(GetParam()).log_kinds[static_cast<int>(SoftmaxKind::kFloat32)];
  for (const int64_t n : {1, 3, 15, 16, 17, 31, 65, 130, 4096, 4097, 9000}) {
    std::vector<float> x(static_cast<size_t>(n)), y(static_cast<size_t>(n) + 1, 7.0f);
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(i % 13) * 0.5f;
      sum += std::exp(static_cast<double>(x[i]));
    }
    std::vector<float> columns = y;
    kernels.rows(x.data(), 0, y.data(), 0, 1, n);
    kernels.columns(x.data(), 1, columns.data(), 1, n, 1);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(y[i], x[i] - std::log(sum), 2e-6) << n;
      EXPECT_NEAR(columns[i], x[i] - std::log(sum), 2e-6) << n;
    }
    EXPECT_EQ(y.back(), 7.0f) << "wrote beyond the row of " << n;
    EXPECT_EQ(columns.back(), 7.0f) << "wrote beyond the column of " << n;
  }
}

TEST_P(SoftmaxKernelsTest, HalfRowsRoundOnce) {
  for (const SoftmaxKind kind : {SoftmaxKind::kFloat16, SoftmaxKind::kBFloat16}) {
    const SoftmaxKernels& kernels = softmax_table_for(GetParam()).kinds[static_cast<int>(kind)];
    const bool brain = kind == SoftmaxKind::kBFloat16;
    const auto write = [&](float v) { return brain ? to_bfloat16(v).bits : to_float16(v).bits; };
    const auto read = [&](uint16_t b) {
      return brain ? to_float(BFloat16{b}) : to_float(Float16{b});
    };
    for (const int64_t n : {1, 5, 16, 33, 5000}) {
      std::vector<uint16_t> x(static_cast<size_t>(n)), y(static_cast<size_t>(n));
      double sum = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = write(static_cast<float>(i % 29) * 0.25f);
        sum += std::exp(static_cast<double>(read(x[i])));
      }
      kernels.rows(x.data(), 0, y.data(), 0, 1, n);
      for (size_t i = 0; i < x.size(); ++i) {
        const double want = std::exp(static_cast<double>(read(x[i]))) / sum;
        EXPECT_NEAR(read(y[i]), want, want * (brain ? 0x1p-8 : 0x1p-11) * 1.01 + 3e-8) << n;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, SoftmaxKernelsTest, ::testing::ValuesIn(usable_isas()),
                         [](const auto& test) { return isa_name(test.param); });

}  // namespace
}  // namespace fgx
