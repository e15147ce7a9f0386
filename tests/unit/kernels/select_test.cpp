// SPDX-License-Identifier: Apache-2.0
// The operators that move elements against their oracles; transposition in every instruction set.
#include "kernels/stable/select/convert_kernels.h"
#include "unit/kernels/row_case.h"

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

// An index of the given shape with values below `limit`, repeated ones among them.
void fill_index(TestTensor& index, int64_t limit) {
  for (int64_t i = 0; i < index.numel(); ++i) {
    index.set(i, static_cast<double>((i * 7 + i / 5) % limit));
  }
}

TEST(IndexSelect, DimensionsTypesAndLayouts) {
  for (const DType dtype : kTypes) {
    for (const DType type : {DType::kInt32, DType::kInt64}) {
      for (const auto& strides : std::vector<std::vector<int64_t>>{
               {63, 9, 1}, {1, 6, 42}, {200, 20, 2}, {0, 9, 1}, {63, 9, 0}}) {
        TestTensor self(dtype, {6, 7, 9}, strides, 1);
        self.randomize(1, true);
        for (int64_t dim = -3; dim < 3; ++dim) {
          TestTensor index(type, {11}, {2});
          fill_index(index, self.shape()[static_cast<size_t>(dim < 0 ? dim + 3 : dim)]);
          EXPECT_EQ(check_operator("index_select", {self.value(), integer(dim), index.value()},
                                   {&self, &index}),
                    1);
        }
      }
    }
  }
  TestTensor self(DType::kFloat32, {40, 3000}), index(DType::kInt64, {70});
  self.randomize(2, false);
  fill_index(index, 40);
  for (const int64_t dim : {0, 1}) {
    for (const auto& out : dim == 0 ? std::vector<std::vector<int64_t>>{{3000, 1}, {1, 70}}
                                    : std::vector<std::vector<int64_t>>{{70, 1}, {1, 40}}) {
      EXPECT_EQ(check_operator("index_select", {self.value(), integer(dim), index.value()},
                               {&self, &index}, "out", out),
                1);
    }
  }
  TestTensor scalar(DType::kFloat32, {}), one(DType::kInt64, {}), two(DType::kInt64, {2});
  fill_index(one, 1);
  fill_index(two, 1);
  EXPECT_EQ(
      check_operator("index_select", {scalar.value(), integer(0), one.value()}, {&scalar, &one}),
      1);
  EXPECT_TRUE(refuses("index_select", {scalar.value(), integer(0), two.value()}));
  EXPECT_TRUE(refuses("index_select", {self.value(), integer(2), index.value()}));
  EXPECT_TRUE(refuses("index_select", {self.value(), integer(0), self.value()}));
}

TEST(GatherAndScatter, DimensionsTypesAndLayouts) {
  for (const DType dtype : kTypes) {
    for (const auto& strides : std::vector<std::vector<int64_t>>{
             {63, 9, 1}, {1, 6, 42}, {200, 20, 2}, {0, 9, 1}, {63, 9, 0}}) {
      TestTensor self(dtype, {6, 7, 9}, strides, 1);
      self.randomize(3, true);
      for (int64_t dim = 0; dim < 3; ++dim) {
        for (const bool longer : {false, true}) {
          std::vector<int64_t> shape = {4, 7, 5};
          if (longer) shape[static_cast<size_t>(dim)] = 23;
          for (const DType type : {DType::kInt32, DType::kInt64}) {
            for (const auto& layout : {std::vector<int64_t>{}, std::vector<int64_t>{0, 1, 0}}) {
              TestTensor index(type, shape, layout), source(dtype, {23, 23, 23});
              for (int64_t i = 0; i < index.numel(); ++i) {
                index.set(i, static_cast<double>(index.position(i) %
                                                 self.shape()[static_cast<size_t>(dim)]));
              }
              source.randomize(4, true);
              EXPECT_EQ(check_operator("gather", {self.value(), integer(dim), index.value()},
                                       {&self, &index}),
                        1);
              EXPECT_EQ(
                  check_operator("scatter",
                                 {self.value(), integer(dim - 3), index.value(), source.value()},
                                 {&self, &index, &source}),
                  1);
              EXPECT_EQ(check_operator("scatter",
                                       {self.value(), integer(dim), index.value(), number(2.5)},
                                       {&self, &index}, "value", {1, 6, 42}),
                        1);
            }
          }
        }
      }
    }
  }
}

TEST(GatherAndScatter, LargeOnesOnThreads) {
  for (const int64_t dim : {0, 1}) {
    TestTensor self(DType::kFloat32, {300, 500}), index(DType::kInt64, {300, 500});
    TestTensor source(DType::kFloat32, {300, 500});
    self.randomize(5, false);
    source.randomize(6, false);
    fill_index(index, 300);
    EXPECT_EQ(
        check_operator("gather", {self.value(), integer(dim), index.value()}, {&self, &index}), 1);
    EXPECT_EQ(check_operator("scatter", {self.value(), integer(dim), index.value(), source.value()},
                             {&self, &index, &source}),
              1);
  }
}

TEST(GatherAndScatter, Refusals) {
  TestTensor self(DType::kFloat32, {4, 5}), row(DType::kFloat32, {5});
  TestTensor index(DType::kInt64, {3, 6}), flat(DType::kInt64, {3}), none_of(DType::kInt64, {0});
  TestTensor real(DType::kFloat32, {3, 5}), half(DType::kFloat16, {3, 5});
  TestTensor good(DType::kInt64, {3, 5});
  fill_index(good, 4);
  EXPECT_TRUE(refuses("gather", {self.value(), integer(0), index.value()}));
  EXPECT_FALSE(refuses("gather", {self.value(), integer(1), index.value()}));
  EXPECT_TRUE(refuses("gather", {self.value(), integer(0), flat.value()}));
  EXPECT_TRUE(refuses("gather", {self.value(), integer(0), real.value()}));
  EXPECT_TRUE(refuses("gather", {self.value(), integer(2), good.value()}));
  EXPECT_TRUE(refuses("scatter", {self.value(), integer(0), good.value(), half.value()}));
  EXPECT_TRUE(refuses("scatter", {self.value(), integer(0), good.value(), row.value()}));
  EXPECT_FALSE(refuses("scatter", {self.value(), integer(0), good.value(), real.value()}));
  EXPECT_EQ(
      check_operator("gather", {self.value(), integer(0), none_of.value()}, {&self, &none_of}), 1);
  EXPECT_EQ(check_operator("scatter", {self.value(), integer(0), none_of.value(), row.value()},
                           {&self, &none_of, &row}),
            1);
}

TEST(TopkAndSort, TypesDimensionsAndLayouts) {
  for (const DType dtype : kTypes) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{
             {}, {1}, {17}, {5, 7}, {33, 130}, {3, 300, 4}, {2, 5000}, {3, 0}, {0, 3}}) {
      for (const auto& strides : layouts_of(shape)) {
        TestTensor x(dtype, shape, strides, 1);
        x.randomize(7, true);
        const int64_t rank = std::max<int64_t>(1, static_cast<int64_t>(shape.size()));
        for (int64_t dim = -1; dim < rank; ++dim) {
          for (const bool falling : {false, true}) {
            EXPECT_EQ(check_operator(
                          "sort", {x.value(), boolean(true), integer(dim), boolean(falling)}, {&x}),
                      1);
            const auto at = static_cast<size_t>(dim < 0 ? rank - 1 : dim);
            const int64_t length = shape.empty() ? 1 : shape[at];
            for (const int64_t k : {int64_t{0}, int64_t{1}, int64_t{5}, length / 2, length}) {
              const std::vector<fgx_value> args = {x.value(), integer(k), integer(dim),
                                                   boolean(falling)};
              if (dtype == DType::kBool || k > length) {
                EXPECT_TRUE(refuses("topk", args));
              } else {
                EXPECT_EQ(check_operator("topk", args, {&x}, std::to_string(k)), 1);
              }
            }
          }
        }
      }
    }
  }
}

TEST(TopkAndSort, OrderedRowsAndTies) {
  for (const DType dtype : {DType::kFloat32, DType::kInt64, DType::kBFloat16}) {
    for (const int step : {1, -1, 0}) {
      TestTensor x(dtype, {3, 4000});
      for (int64_t i = 0; i < x.numel(); ++i) x.set(i, static_cast<double>(step * (i / 3)));
      for (const bool falling : {false, true}) {
        EXPECT_EQ(check_operator("sort", {x.value(), none(), integer(1), boolean(falling)}, {&x}),
                  1);
        for (const int64_t k : {1, 40, 3000}) {
          EXPECT_EQ(
              check_operator("topk", {x.value(), integer(k), integer(1), boolean(falling)}, {&x}),
              1);
        }
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
