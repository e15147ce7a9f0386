// SPDX-License-Identifier: Apache-2.0
// copy, cat and embedding against their oracles; transposition in every instruction set.
#include "kernels/stable/select/convert_kernels.h"
#include "unit/kernels/operator_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kTypes[] = {DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                            DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                            DType::kFloat32, DType::kFloat64};

fgx_value list_of(std::vector<fgx_tensor*>& tensors) {
  fgx_value value{};
  value.tag = FGX_TAG_TENSOR_LIST;
  value.size = static_cast<uint32_t>(tensors.size());
  value.as.tensors = tensors.data();
  return value;
}

TEST(Copy, EveryPairOfTypes) {
  for (const DType to : kTypes) {
    for (const DType from : kTypes) {
      TestTensor self(to, {3, 600});
      TestTensor source(from, {3, 600});
      self.randomize(1, false);
      // Out-of-range floats are undefined in C++; PyTorch judges what x86 gives for them.
      source.randomize(2, !is_float(from) || is_float(to) || to == DType::kBool);
      EXPECT_EQ(check_operator("copy", {self.value(), source.value()}, {&self, &source},
                               std::string(info(from).name) + " to " + std::string(info(to).name)),
                1);
    }
  }
}

TEST(Copy, LayoutsAndBroadcasting) {
  for (const DType dtype : {DType::kUInt8, DType::kBFloat16, DType::kFloat32, DType::kInt64}) {
    TestTensor self(dtype, {40, 70});
    self.randomize(1, false);
    for (const auto& strides :
         std::vector<std::vector<int64_t>>{{70, 1}, {1, 40}, {150, 2}, {2, 90}, {0, 1}, {1, 0}}) {
      TestTensor source(dtype, {40, 70}, strides, 2);
      source.randomize(2, false);
      for (const auto& out :
           std::vector<std::vector<int64_t>>{{70, 1}, {1, 40}, {71, 1}, {2, 83}}) {
        EXPECT_EQ(check_operator("copy", {self.value(), source.value()}, {&self, &source}, "", out),
                  1);
      }
    }
    for (const auto& shape : std::vector<std::vector<int64_t>>{{}, {1}, {70}, {40, 1}, {1, 70}}) {
      TestTensor source(dtype, shape);
      source.randomize(3, false);
      EXPECT_EQ(check_operator("copy", {self.value(), source.value()}, {&self, &source}), 1);
    }
  }
}

TEST(Cat, DimensionsTypesAndEmptyVectors) {
  for (int64_t dim = -3; dim < 3; ++dim) {
    std::vector<std::vector<int64_t>> shapes(3, {3, 4, 5});
    const int64_t at = dim < 0 ? dim + 3 : dim;
    shapes[0][static_cast<size_t>(at)] = 0;
    shapes[1][static_cast<size_t>(at)] = 7;
    TestTensor a(DType::kFloat32, shapes[0]);
    TestTensor b(DType::kInt16, shapes[1]);
    TestTensor skipped(DType::kFloat32, {0});
    TestTensor c(DType::kFloat32, shapes[2], {1, 3, 12});
    b.randomize(1, false);
    c.randomize(2, false);
    std::vector<fgx_tensor*> list = {a.tensor(), b.tensor(), skipped.tensor(), c.tensor()};
    EXPECT_EQ(check_operator("cat", {list_of(list), integer(dim)}, {&a, &b, &skipped, &c}), 1);
    std::vector<fgx_tensor*> same = {c.tensor(), c.tensor()};
    EXPECT_EQ(check_operator("cat", {list_of(same), integer(dim)}, {&c, &c}), 1);
  }
  TestTensor scalar(DType::kFloat32, {});
  std::vector<fgx_tensor*> list = {scalar.tensor()};
  EXPECT_TRUE(refuses("cat", {list_of(list)}));
}

TEST(Embedding, TypesAndIndices) {
  for (const DType dtype : kTypes) {
    for (const DType index : {DType::kInt32, DType::kInt64}) {
      for (const auto& strides :
           std::vector<std::vector<int64_t>>{{33, 1}, {1, 9}, {80, 2}, {0, 1}}) {
        TestTensor weight(dtype, {9, 33}, strides);
        TestTensor indices(index, {4, 3}, {1, 4});
        weight.randomize(1, false);
        for (int64_t i = 0; i < indices.numel(); ++i)
          indices.set(i, static_cast<double>(i * 5 % 9));
        EXPECT_EQ(
            check_operator("embedding", {weight.value(), indices.value()}, {&weight, &indices}), 1);
      }
    }
  }
}

class TransposeTest : public ::testing::TestWithParam<Isa> {};

TEST_P(TransposeTest, EveryElementSize) {
  if (GetParam() > best_isa()) GTEST_SKIP() << "this machine lacks " << isa_name(GetParam());
  const ConvertKernels& kernels = convert_kernels_for(GetParam());
  for (const int bytes : {1, 2, 4, 8}) {
    for (const int64_t rows : {1, 8, 33, 64}) {
      for (const int64_t columns : {1, 16, 47, 96}) {
        std::vector<uint8_t> from(static_cast<size_t>(rows * columns * bytes));
        for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint8_t>(i * 131 + i / 251);
        std::vector<uint8_t> to(from.size());
        kernels.transpose(bytes, to.data(), columns, from.data(), rows, rows, columns);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < columns; ++c) {
            ASSERT_EQ(std::memcmp(&to[static_cast<size_t>((r * columns + c) * bytes)],
                                  &from[static_cast<size_t>((c * rows + r) * bytes)],
                                  static_cast<size_t>(bytes)),
                      0)
                << bytes << " bytes, " << rows << "x" << columns;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EverySet, TransposeTest,
                         ::testing::Values(Isa::kBaseline, Isa::kAvx2, Isa::kAvx512),
                         [](const auto& parameter) { return isa_name(parameter.param); });

}  // namespace
}  // namespace fgx
