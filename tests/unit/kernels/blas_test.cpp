// SPDX-License-Identifier: Apache-2.0
// The matrix products against their oracles, the building blocks of every instruction set, vendor libraries.
#include <cstdlib>

#include "kernels/native/native_blas.h"
#include "kernels/native/vendor_library.h"
#include "kernels/stable/blas/gemm.h"
#include "unit/kernels/operator_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kProductTypes[] = {DType::kFloat32,  DType::kFloat64, DType::kFloat16,
                                   DType::kBFloat16, DType::kInt32,   DType::kUInt8};

struct Size {
  int64_t m, n, k;
};
constexpr Size kSizes[] = {{1, 1, 1},    {1, 70, 33},  {4, 33, 65},  {7, 5, 130},
                           {16, 65, 40}, {17, 33, 31}, {30, 97, 70}, {70, 3, 40},
                           {40, 40, 0},  {3, 4, 0},    {0, 4, 3},    {29, 64, 1100}};

TEST(Mm, EveryTypeAndSize) {
  for (const DType dtype : kProductTypes) {
    for (const Size& size : kSizes) {
      TestTensor a(dtype, {size.m, size.k});
      TestTensor b(dtype, {size.k, size.n});
      a.randomize(1, false);
      b.randomize(2, false);
      EXPECT_GE(check_operator("mm", {a.value(), b.value()}, {&a, &b},
                               std::string(info(dtype).name) + " " + std::to_string(size.m)),
                1);
    }
  }
}

TEST(Mm, EveryLayout) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kFloat64, DType::kInt16}) {
    for (const Size& size : {Size{5, 40, 37}, Size{40, 33, 50}, Size{50, 4, 33}}) {
      const std::vector<std::vector<int64_t>> left = {
          {size.k, 1}, {1, size.m}, {2 * size.k + 1, 2}, {size.k + 3, 1}, {0, 1}, {1, 0}};
      const std::vector<std::vector<int64_t>> right = {
          {size.n, 1}, {1, size.k}, {2 * size.n + 1, 2}, {size.n + 3, 1}, {0, 1}, {1, 0}};
      const std::vector<std::vector<int64_t>> out = {{size.n, 1}, {1, size.m}, {3 * size.n, 3}};
      for (size_t i = 0; i < left.size(); ++i) {
        for (size_t j = 0; j < right.size(); ++j) {
          TestTensor a(dtype, {size.m, size.k}, left[i], 3);
          TestTensor b(dtype, {size.k, size.n}, right[j], 1);
          a.randomize(3, false);
          b.randomize(4, false);
          EXPECT_GE(check_operator("mm", {a.value(), b.value()}, {&a, &b}, "layout",
                                   out[(i + j) % out.size()]),
                    1);
        }
      }
    }
  }
}

// Shapes that the generated implementations take too.
TEST(Mm, GeneratedImplementations) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16}) {
    for (const Size& size : {Size{1, 4160, 1088}, Size{4, 4096, 1024}, Size{17, 512, 1024},
                             Size{31, 576, 1088}, Size{98, 640, 1024}}) {
      TestTensor a(dtype, {size.m, size.k});
      TestTensor b(dtype, {size.k, size.n});
      a.randomize(1, false);
      b.randomize(2, false);
      int expected = dtype == DType::kFloat32 ? 2 : 1;  // of our own and vendor ones at least ours
      expected = best_isa() == Isa::kAvx512 ? expected : 1;
      EXPECT_GE(check_operator("mm", {a.value(), b.value()}, {&a, &b}, std::to_string(size.m)),
                expected);
    }
  }
}

TEST(Linear, LeadingDimensionsBiasAndVectors) {
  for (const DType dtype : kProductTypes) {
    for (const auto& shape :
         std::vector<std::vector<int64_t>>{{24}, {3, 24}, {2, 3, 24}, {0, 24}}) {
      TestTensor x(dtype, shape);
      TestTensor weight(dtype, {19, 24});
      TestTensor vector(dtype, {24});
      TestTensor bias(dtype, {19});
      x.randomize(5, false);
      weight.randomize(6, false);
      vector.randomize(7, false);
      bias.randomize(8, false);
      EXPECT_GE(check_operator("linear", {x.value(), weight.value()}, {&x, &weight}), 1);
      EXPECT_GE(
          check_operator("linear", {x.value(), weight.value(), bias.value()}, {&x, &weight, &bias}),
          1);
      EXPECT_GE(check_operator("linear", {x.value(), vector.value()}, {&x, &vector}), 1);
    }
    // Leading dimensions that no single stride covers.
    TestTensor x(dtype, {3, 4, 24}, {24, 100, 1});
    TestTensor weight(dtype, {19, 24}, {1, 19});
    x.randomize(9, false);
    weight.randomize(10, false);
    EXPECT_GE(check_operator("linear", {x.value(), weight.value()}, {&x, &weight}, "permuted"), 1);
  }
}

TEST(Linear, FewColumnsWithBias) {  // the transposed problem, whose bias runs along its rows
  TestTensor x(DType::kFloat32, {700, 40});
  TestTensor weight(DType::kFloat32, {3, 40});
  TestTensor bias(DType::kFloat32, {3});
  x.randomize(11, false);
  weight.randomize(12, false);
  bias.randomize(13, false);
  EXPECT_GE(
      check_operator("linear", {x.value(), weight.value(), bias.value()}, {&x, &weight, &bias}), 1);
}

TEST(Bmm, TypesSizesAndLayouts) {
  for (const DType dtype : kProductTypes) {
    for (const Size& size : kSizes) {
      for (const int64_t batch : {0, 1, 3, 40}) {
        TestTensor a(dtype, {batch, size.m, size.k}), b(dtype, {batch, size.k, size.n});
        a.randomize(11, false);
        b.randomize(12, false);
        EXPECT_EQ(check_operator("bmm", {a.value(), b.value()}, {&a, &b}), 1);
      }
    }
  }
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt32}) {
    for (const auto& left :
         std::vector<std::vector<int64_t>>{{0, 30, 1}, {1, 5, 65}, {1200, 60, 2}, {30, 0, 1}}) {
      for (const auto& right : std::vector<std::vector<int64_t>>{{0, 1, 30}, {1, 5, 150}}) {
        TestTensor a(dtype, {5, 13, 30}, left, 1), b(dtype, {5, 30, 9}, right);
        a.randomize(13, false);
        b.randomize(14, false);
        EXPECT_EQ(check_operator("bmm", {a.value(), b.value()}, {&a, &b}, "layout", {1, 45, 5}), 1);
      }
    }
  }
  TestTensor a(DType::kFloat32, {3, 4, 5}), b(DType::kFloat32, {2, 5, 6}),
      c(DType::kFloat32, {5, 6});
  TestTensor d(DType::kFloat64, {3, 5, 6}), e(DType::kFloat32, {3, 4, 6});
  for (TestTensor* other : {&b, &c, &d, &e}) {
    EXPECT_TRUE(refuses("bmm", {a.value(), other->value()}));
  }
}

TEST(Addmm, TypesSizesAndWhatIsAdded) {
  for (const DType dtype : kProductTypes) {
    for (const Size& size : kSizes) {
      TestTensor a(dtype, {size.m, size.k}), b(dtype, {size.k, size.n});
      a.randomize(15, false);
      b.randomize(16, false);
      for (const auto& shape : std::vector<std::vector<int64_t>>{
               {size.m, size.n}, {size.n}, {size.m, 1}, {1, size.n}, {1}, {}}) {
        TestTensor self(dtype, shape);
        self.randomize(17, false);
        for (const auto& [beta, alpha] : {std::pair{1, 1}, {0, 1}, {2, 1}, {1, 3}, {0, -2}}) {
          EXPECT_EQ(
              check_operator("addmm",
                             {self.value(), a.value(), b.value(), integer(beta), integer(alpha)},
                             {&self, &a, &b}, std::to_string(beta)),
              1);
        }
        if (!is_float(dtype)) continue;
        EXPECT_EQ(check_operator(
                      "addmm", {self.value(), a.value(), b.value(), number(0.25), number(-1.5)},
                      {&self, &a, &b}, "transposed out", {1, std::max<int64_t>(1, size.m)}),
                  1);
      }
    }
  }
  TestTensor self(DType::kFloat32, {3, 4}), a(DType::kFloat32, {3, 5}), b(DType::kFloat32, {5, 4});
  self.set(2, std::nan(""));
  a.randomize(18, false);
  b.randomize(19, false);
  // With beta 0 what is added is not looked at.
  EXPECT_EQ(check_operator("addmm", {self.value(), a.value(), b.value(), number(0.0), number(2.0)},
                           {&self, &a, &b}),
            1);
  TestTensor three(DType::kFloat32, {3}), deep(DType::kFloat32, {1, 3, 4});
  TestTensor half(DType::kFloat16, {3, 4}), ints(DType::kInt32, {2, 2});
  for (TestTensor* other : {&three, &deep, &half}) {
    EXPECT_TRUE(refuses("addmm", {other->value(), a.value(), b.value()}));
  }
  EXPECT_TRUE(refuses("addmm", {self.value(), a.value(), a.value()}));
  EXPECT_TRUE(refuses("addmm", {ints.value(), ints.value(), ints.value(), number(0.5)}));
  EXPECT_FALSE(refuses("addmm", {ints.value(), ints.value(), ints.value(), integer(2)}));
}

TEST(Mm, Refusals) {
  TestTensor a(DType::kFloat32, {2, 3});
  TestTensor wrong(DType::kFloat32, {4, 2});
  TestTensor wide(DType::kFloat64, {3, 2});
  TestTensor line(DType::kFloat32, {3});
  EXPECT_TRUE(refuses("mm", {a.value(), wrong.value()}));
  EXPECT_TRUE(refuses("mm", {a.value(), wide.value()}));
  EXPECT_TRUE(refuses("mm", {a.value(), line.value()}));
  EXPECT_TRUE(refuses("linear", {a.value(), line.value(), line.value()}));
}

class GemmKernelsTest : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (GetParam() > best_isa()) GTEST_SKIP() << "this machine lacks " << isa_name(GetParam());
  }
  const GemmKernels& kernels() const { return gemm_kernels_for(GetParam()); }
};

std::vector<float> numbers(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> result(static_cast<size_t>(count));
  for (float& value : result) value = static_cast<float>(static_cast<int>(random() % 17) - 8);
  return result;
}

// Small whole numbers: every order of summation gives the same float.
TEST_P(GemmKernelsTest, TilesOfEveryHeight) {
  const int64_t columns = kernels().tile_floats;
  for (int rows = 1; rows <= kernels().tile_rows; ++rows) {
    for (const int64_t steps : {1, 7, 40}) {
      const std::vector<float> a = numbers(rows * steps, 1);
      const std::vector<float> b = numbers(steps * columns, 2);
      std::vector<float> panel_a(static_cast<size_t>(rows * steps));
      std::vector<float> panel_b(static_cast<size_t>(columns * steps));
      kernels().pack(GemmMode::kFloat, GemmType::kFloat32, a.data(), steps, 1, rows, steps, rows,
                     panel_a.data());
      kernels().pack(GemmMode::kFloat, GemmType::kFloat32, b.data(), 1, columns, columns, steps,
                     columns, panel_b.data());
      std::vector<float> tile(static_cast<size_t>(rows * columns), 1.0f);
      kernels().tile(GemmMode::kFloat, rows, steps, panel_a.data(), panel_b.data(), tile.data(),
                     true);
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          float expected = 1.0f;
          for (int64_t k = 0; k < steps; ++k) expected += a[i * steps + k] * b[k * columns + j];
          ASSERT_EQ(tile[i * columns + j], expected) << rows << " rows, element " << i << "," << j;
        }
      }
    }
  }
}

TEST_P(GemmKernelsTest, PackingZeroesWhatIsMissing) {
  for (const int64_t count : {1, 5, 13, 31}) {
    for (const int64_t length : {1, 15, 16, 50}) {
      for (const bool along_shared : {true, false}) {
        const std::vector<float> source = numbers(count * length, 3);
        std::vector<float> panel(static_cast<size_t>(32 * length), 99.0f);
        kernels().pack(GemmMode::kFloat, GemmType::kFloat32, source.data(),
                       along_shared ? length : 1, along_shared ? 1 : count, count, length, 32,
                       panel.data());
        for (int64_t k = 0; k < length; ++k) {
          for (int64_t p = 0; p < 32; ++p) {
            const float expected =
                p >= count ? 0.0f : source[along_shared ? p * length + k : k * count + p];
            ASSERT_EQ(panel[k * 32 + p], expected) << count << "x" << length;
          }
        }
      }
    }
  }
}

TEST_P(GemmKernelsTest, SkinnyFormsOfEveryRowCount) {
  const int64_t lines = 21;
  for (const int64_t length : {1, 15, 32, 77}) {
    for (int rows = 1; rows <= kernels().skinny_rows; ++rows) {
      const std::vector<float> x = numbers(rows * length, 4);
      const std::vector<float> w = numbers(lines * length, 5);
      std::vector<float> dots(static_cast<size_t>(rows * lines));
      std::vector<float> spread(static_cast<size_t>(rows * lines), 0.0f);
      kernels().dots(GemmMode::kFloat, GemmType::kFloat32, x.data(), length, rows, w.data(), length,
                     lines, length, dots.data(), lines);
      kernels().spread(GemmMode::kFloat, GemmType::kFloat32, x.data(), length, rows, w.data(),
                       lines, lines, length, spread.data(), lines);
      for (int r = 0; r < rows; ++r) {
        for (int64_t n = 0; n < lines; ++n) {
          float dot = 0.0f;
          float sum = 0.0f;
          for (int64_t k = 0; k < length; ++k) {
            dot += x[r * length + k] * w[n * length + k];
            sum += x[r * length + k] * w[k * lines + n];
          }
          ASSERT_EQ(dots[r * lines + n], dot) << rows << " rows of " << length;
          ASSERT_EQ(spread[r * lines + n], sum) << rows << " rows of " << length;
        }
      }
    }
  }
}

TEST_P(GemmKernelsTest, IntegersWrap) {
  const std::vector<int8_t> a = {100, -128, 127, 3, 5, -7};
  const std::vector<int8_t> b = {100, 2, -128, 90, 1, -1};
  std::vector<int8_t> out(4);
  const int64_t sizes[] = {2, 2, 3};
  const int64_t strides[] = {3, 1, 2, 1, 2, 1, 0};
  integer_gemm_kernels_for(GetParam())
      .multiply(1, a.data(), b.data(), nullptr, out.data(), sizes, strides);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      int sum = 0;
      for (int k = 0; k < 3; ++k) sum += a[i * 3 + k] * b[k * 2 + j];
      EXPECT_EQ(out[i * 2 + j], static_cast<int8_t>(sum));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EverySet, GemmKernelsTest,
                         ::testing::Values(Isa::kBaseline, Isa::kAvx2, Isa::kAvx512),
                         [](const auto& parameter) { return isa_name(parameter.param); });

TEST(VendorLibrary, AbsentWithAReason) {
  VendorLibrary missing("FGX_TEST_NO_SUCH_VARIABLE", {"libfgx_no_such.so.1", "libfgx_no_such.so"});
  EXPECT_EQ(missing.find<void (*)()>("f"), nullptr);
  EXPECT_STREQ(missing.reason(), "not found: libfgx_no_such.so.1, libfgx_no_such.so");

  VendorLibrary without("FGX_TEST_NO_SUCH_VARIABLE", {"libm.so.6"});
  EXPECT_EQ(without.reason(), nullptr);
  EXPECT_EQ(without.find_optional<void (*)()>("fgx_no_such_function"), nullptr);
  EXPECT_EQ(without.reason(), nullptr);
  EXPECT_EQ(without.find<void (*)()>("fgx_no_such_function"), nullptr);
  EXPECT_STREQ(without.reason(), "the library lacks the function fgx_no_such_function");

  VendorLibrary there("FGX_TEST_NO_SUCH_VARIABLE", {"libfgx_no_such.so", "libm.so.6"});
  EXPECT_NE(there.find<double (*)(double)>("cos"), nullptr);
  EXPECT_EQ(there.reason(), nullptr);
}

TEST(VendorLibrary, AnEnvironmentVariableChooses) {
  setenv("FGX_TEST_VENDOR_LIBRARY", "none", 1);
  VendorLibrary off("FGX_TEST_VENDOR_LIBRARY", {"libm.so.6"});
  EXPECT_STREQ(off.reason(), "switched off by FGX_TEST_VENDOR_LIBRARY");
  setenv("FGX_TEST_VENDOR_LIBRARY", "/no/such/folder/libx.so", 1);
  VendorLibrary wrong("FGX_TEST_VENDOR_LIBRARY", {"libm.so.6"});
  EXPECT_STREQ(wrong.reason(), "libx.so, named by FGX_TEST_VENDOR_LIBRARY, could not be loaded");
  setenv("FGX_TEST_VENDOR_LIBRARY", "libm.so.6", 1);
  VendorLibrary named("FGX_TEST_VENDOR_LIBRARY", {"libfgx_no_such.so"});
  EXPECT_NE(named.find<double (*)(double)>("cos"), nullptr);
  unsetenv("FGX_TEST_VENDOR_LIBRARY");
}

TEST(NativeBlas, RefusesWhatBlasCannotExpress) {
  for (const ImplementationDef& implementation : {onednn_mm(), openblas_mm()}) {
    const char* reason = implementation.available();
    if (reason != nullptr) GTEST_SKIP() << implementation.name << ": " << reason;
    TestTensor a(DType::kFloat32, {4, 5}, {20, 2});
    TestTensor b(DType::kFloat32, {5, 3});
    TestTensor out(DType::kFloat32, {4, 3});
    Call call;
    fgx_tensor* outs[] = {out.tensor()};
    const fgx_value args[] = {a.value(), b.value()};
    call.bind(*Catalogue::builtin().find("mm"), args, outs);
    KernelState state;
    try {
      implementation.prepare(call, state);
      ADD_FAILURE() << implementation.name << " took strides of 2";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_SHAPE_NOT_SUPPORTED);
    }
  }
}

}  // namespace
}  // namespace fgx
