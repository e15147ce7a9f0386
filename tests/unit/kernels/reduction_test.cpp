// SPDX-License-Identifier: Apache-2.0
// The reductions and cumsum against their oracles; their kernels in every instruction set.
#include "kernels/stable/reduction/reduce_kernels.h"
#include "tests/unit/kernels/row_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kEveryType[] = {DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                                DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                                DType::kFloat32, DType::kFloat64};

void check_all_reductions(TestTensor& x, const std::vector<int64_t>& dims, bool keepdim,
                          const std::string& what) {
  const DType dtype = x.dtype();
  EXPECT_EQ(check_operator("sum", {x.value(), int_list(dims), boolean(keepdim)}, {&x}, what), 1);
  if (is_float(dtype)) {
    EXPECT_EQ(check_operator("mean", {x.value(), int_list(dims), boolean(keepdim)}, {&x}, what), 1);
  }
  EXPECT_EQ(check_operator("amax", {x.value(), int_list(dims), boolean(keepdim)}, {&x}, what), 1);
  if (is_float(dtype)) {
    for (const fgx_value& correction : {none(), integer(0), number(0.5)}) {
      EXPECT_EQ(
          check_operator("var_mean", {x.value(), int_list(dims), correction, boolean(keepdim)},
                         {&x}, what),
          1);
    }
  }
  if (dims.size() == 1) {
    EXPECT_EQ(check_operator("max", {x.value(), integer(dims[0]), boolean(keepdim)}, {&x}, what),
              1);
    EXPECT_EQ(check_operator("cumsum", {x.value(), integer(dims[0])}, {&x}, what), 1);
  }
  if (dtype != DType::kBool && dims.size() == 1) {
    EXPECT_EQ(check_operator("argmax", {x.value(), integer(dims[0]), boolean(keepdim)}, {&x}, what),
              1);
  }
  if (dtype != DType::kBool && dims.empty()) {
    EXPECT_EQ(check_operator("argmax", {x.value()}, {&x}, what), 1);
  }
}

TEST(Reduction, MatchesTheOracleInEveryTypeLayoutAndDimension) {
  const std::vector<std::vector<int64_t>> shapes = {
      {17}, {5, 7}, {33, 130}, {3, 4, 70}, {70, 1, 9}};
  for (const DType dtype : kEveryType) {
    for (const auto& shape : shapes) {
      for (const auto& strides : layouts_of(shape)) {
        for (const bool specials : {false, true}) {
          // Sums of numbers of both ends of the range depend on the order.
          TestTensor x(dtype, shape, strides, 3);
          x.randomize(7, specials && (dtype == DType::kFloat32 || !is_float(dtype)));
          const int64_t last = static_cast<int64_t>(shape.size()) - 1;
          const std::string what(info(dtype).name);
          check_all_reductions(x, {}, false, what + " all");
          check_all_reductions(x, {0}, true, what + " first");
          check_all_reductions(x, {last}, false, what + " last");
          if (last > 1) check_all_reductions(x, {0, -1}, false, what + " outer and inner");
        }
      }
    }
  }
}

TEST(Reduction, LongRowsAndColumnsAreCutAtFixedPlaces) {
  for (const auto& shape :
       std::vector<std::vector<int64_t>>{{2, 100'003}, {50'001, 3}, {9'001, 130}}) {
    for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt8}) {
      TestTensor x(dtype, shape);
      x.randomize(11, false);
      check_all_reductions(x, {0}, false, "long");
      check_all_reductions(x, {1}, false, "long");
      check_all_reductions(x, {}, false, "long");
    }
  }
}

TEST(Reduction, ZeroStridesAndScalars) {
  TestTensor scalar(DType::kFloat32, {});
  scalar.randomize(3, false);
  check_all_reductions(scalar, {0}, true, "scalar");
  check_all_reductions(scalar, {}, false, "scalar");
  for (const auto& strides :
       std::vector<std::vector<int64_t>>{{0, 7, 1}, {7, 0, 1}, {1, 5, 0}, {0, 0, 0}}) {
    TestTensor x(DType::kFloat32, {5, 6, 7}, strides);
    x.randomize(5, false);
    for (const auto& dims : std::vector<std::vector<int64_t>>{{0}, {1}, {2}, {0, 2}, {}}) {
      check_all_reductions(x, dims, false, "stride 0");
    }
  }
}

TEST(Reduction, OutputsOfAnyStrides) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt32}) {
    TestTensor x(dtype, {6, 50, 9});
    x.randomize(19, false);
    // The second output of the operators that have two is contiguous: its strides differ.
    for (const auto& strides : std::vector<std::vector<int64_t>>{{1, 6}, {18, 2}, {9, 1}}) {
      EXPECT_EQ(check_operator("max", {x.value(), integer(1)}, {&x}, "strided", strides), 1);
      if (!is_float(dtype)) continue;
      EXPECT_EQ(check_operator("var_mean", {x.value(), int_list({1})}, {&x}, "strided", strides),
                1);
    }
    for (const auto& strides :
         std::vector<std::vector<int64_t>>{{1, 6, 300}, {900, 18, 2}, {450, 1, 50}}) {
      for (const int64_t dim : {0, 1, 2}) {
        EXPECT_EQ(check_operator("cumsum", {x.value(), integer(dim)}, {&x}, "strided", strides), 1);
      }
    }
  }
}

TEST(Reduction, MeansOfNumbersFarFromZeroKeepTheirVariance) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{{3, 20'000}, {20'000, 70}}) {
    TestTensor x(DType::kFloat32, shape);
    for (int64_t i = 0; i < x.numel(); ++i)
      x.set(i, 1e4 + static_cast<double>(i * 37 % 101) * 0.01);
    const int64_t dim = shape[0] == 3 ? 1 : 0;
    EXPECT_EQ(check_operator("var_mean", {x.value(), int_list({dim})}, {&x}), 1);
    TestTensor y(DType::kFloat32, shape);
    y.randomize(20, false);
    EXPECT_EQ(bytes_with_threads("var_mean", {y.value(), int_list({dim})}, 1),
              bytes_with_threads("var_mean", {y.value(), int_list({dim})}, 3));
    EXPECT_EQ(bytes_with_threads("var_mean", {y.value()}, 1),
              bytes_with_threads("var_mean", {y.value()}, 3));
  }
}

TEST(Cumsum, ConvertsFirst) {
  for (const DType from : kEveryType) {
    for (const DType into : kEveryType) {
      TestTensor x(from, {9, 41});
      x.randomize(21, false);
      const std::vector<fgx_value> args = {x.value(), integer(1), element_type(into)};
      if (into == DType::kBool) {
        EXPECT_TRUE(refuses("cumsum", args));
        continue;
      }
      if (is_float(from) && into == DType::kUInt8)
        continue;  // negative floats: the machine's choice
      EXPECT_EQ(check_operator("cumsum", args, {&x}), 1);
      EXPECT_EQ(check_operator("cumsum", {x.value(), integer(0), element_type(into)}, {&x}), 1);
    }
  }
}

TEST(Reduction, SumOfNothingIsZeroAndMeanOfNothingNan) {
  TestTensor x(DType::kFloat32, {3, 0});
  EXPECT_EQ(check_operator("sum", {x.value(), int_list({1})}, {&x}), 1);
  EXPECT_EQ(check_operator("sum", {x.value()}, {&x}), 1);
  EXPECT_EQ(check_operator("mean", {x.value(), int_list({1})}, {&x}), 1);
  EXPECT_EQ(check_operator("sum", {x.value(), int_list({0})}, {&x}), 1);
  EXPECT_EQ(check_operator("amax", {x.value(), int_list({0})}, {&x}), 1);
}

TEST(Reduction, SumConvertsItsElementsFirst) {
  for (const DType from : kEveryType) {
    for (const DType into : kEveryType) {
      if (is_float(from) && !is_float(into)) continue;  // the oracle's integers are exact only
      TestTensor x(from, {6, 40}, {1, 6});
      x.randomize(13, false);
      EXPECT_EQ(
          check_operator("sum", {x.value(), int_list({1}), boolean(false), element_type(into)},
                         {&x}, std::string(info(into).name)),
          1);
    }
  }
}

TEST(Reduction, TheSameBitsWithAnyNumberOfThreads) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{
           {400'003}, {3, 150'001}, {70'001, 5}, {9'001, 130}, {300, 700}}) {
    TestTensor x(DType::kFloat32, shape);
    x.randomize(17, false);
    for (const auto& dims : std::vector<std::vector<int64_t>>{{}, {0}, {-1}}) {
      for (const char* op : {"sum", "mean"}) {
        const std::vector<fgx_value> args = {x.value(), int_list(dims)};
        EXPECT_EQ(bytes_with_threads(op, args, 1), bytes_with_threads(op, args, 2)) << op;
        EXPECT_EQ(bytes_with_threads(op, args, 1), bytes_with_threads(op, args, 3)) << op;
      }
    }
  }
}

// ---- kernels by themselves, in every instruction set ---------------------------------------------

class ReductionKernels : public ::testing::TestWithParam<Isa> {};

TEST_P(ReductionKernels, RowsAndColumnsOfEveryLength) {
  for (const int64_t n : {1, 2, 7, 8, 15, 16, 17, 63, 64, 65, 129, 1000, 1025, 8191}) {
    std::vector<float> x(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
      x[static_cast<size_t>(i)] = static_cast<float>((i * 37) % 101) - 50;
    double total = 0;
    int64_t best = 0;
    for (int64_t i = 0; i < n; ++i) {
      total += x[static_cast<size_t>(i)];
      if (x[static_cast<size_t>(i)] > x[static_cast<size_t>(best)]) best = i;
    }
    const int f32 = static_cast<int>(DType::kFloat32);
    ReduceSlot slot;
    sum_table_for(GetParam()).rows[f32](x.data(), 0, 1, n, &slot);
    EXPECT_NEAR(slot.real, total, 1e-2) << n;
    max_table_for(GetParam()).rows[f32](x.data(), 0, 1, n, &slot);
    EXPECT_EQ(slot.real, x[static_cast<size_t>(best)]) << n;
    argmax_table_for(GetParam()).rows[f32](x.data(), 0, 1, n, &slot);
    EXPECT_EQ(slot.index, best) << n;
    sum_table_for(GetParam()).columns[f32](x.data(), 1, n, 1, &slot);
    EXPECT_NEAR(slot.real, total, 1e-2) << n;
    max_table_for(GetParam()).columns[f32](x.data(), 1, n, 1, &slot);
    EXPECT_EQ(slot.real, x[static_cast<size_t>(best)]) << n;
    argmax_table_for(GetParam()).columns[f32](x.data(), 1, n, 1, &slot);
    EXPECT_EQ(slot.index, best) << n;
  }
}

TEST_P(ReductionKernels, EveryHalfNumberIsReadRight) {
  for (const bool brain : {false, true}) {
    const int dtype = static_cast<int>(brain ? DType::kBFloat16 : DType::kFloat16);
    std::vector<uint16_t> x(1 << 16);
    std::iota(x.begin(), x.end(), uint16_t{0});
    std::vector<ReduceSlot> slots(1024);
    for (size_t first = 0; first < x.size(); first += slots.size()) {
      max_table_for(GetParam()).columns[dtype](x.data() + first, 0, 1, 1024, slots.data());
      for (size_t i = 0; i < slots.size(); ++i) {
        const uint16_t bits = x[first + i];
        const float want = brain ? to_float(BFloat16{bits}) : to_float(Float16{bits});
        if (std::isnan(want)) {
          ASSERT_TRUE(std::isnan(slots[i].real)) << bits;
        } else {
          ASSERT_EQ(slots[i].real, static_cast<double>(want)) << bits;
        }
      }
    }
  }
}

TEST_P(ReductionKernels, NanIsFoundWhereverItIs) {
  const int f32 = static_cast<int>(DType::kFloat32);
  for (const int64_t n : {1, 5, 16, 70, 300}) {
    for (int64_t at = 0; at < n; ++at) {
      std::vector<float> x(static_cast<size_t>(n), 1.0f);
      x[static_cast<size_t>(at)] = std::nanf("");
      ReduceSlot slot;
      max_table_for(GetParam()).rows[f32](x.data(), 0, 1, n, &slot);
      EXPECT_TRUE(std::isnan(slot.real)) << n << " " << at;
      max_table_for(GetParam()).columns[f32](x.data(), 1, n, 1, &slot);
      EXPECT_TRUE(std::isnan(slot.real)) << n << " " << at;
      argmax_table_for(GetParam()).rows[f32](x.data(), 0, 1, n, &slot);
      EXPECT_EQ(slot.index, at) << n;
      argmax_table_for(GetParam()).columns[f32](x.data(), 1, n, 1, &slot);
      EXPECT_EQ(slot.index, at) << n;
      std::vector<ReduceSlot> slots(static_cast<size_t>(n));
      max_table_for(GetParam()).columns[f32](x.data(), 0, 1, n, slots.data());
      for (int64_t i = 0; i < n; ++i) {
        EXPECT_EQ(std::isnan(slots[static_cast<size_t>(i)].real), i == at) << n << " " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, ReductionKernels, ::testing::ValuesIn(usable_isas()),
                         [](const auto& test) { return isa_name(test.param); });

}  // namespace
}  // namespace fgx
