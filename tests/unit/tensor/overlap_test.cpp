// SPDX-License-Identifier: Apache-2.0
// Overlap of strided tensors, against a byte-by-byte count.
#include "tensor/overlap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "base/error.h"
#include "tensor/dims.h"

namespace fgx {
namespace {

struct Strided {
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  int64_t offset = 0;  // elements
  DType dtype = DType::kFloat32;

  TensorView view(char* base) const {
    TensorView result;
    result.data = base + offset * size_of(dtype);
    result.shape = shape.data();
    result.strides = strides.data();
    result.ndim = static_cast<int32_t>(shape.size());
    result.dtype = dtype;
    result.numel = 1;
    for (int64_t size : shape) result.numel *= size;
    int64_t dense = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      result.contiguous = result.contiguous && (shape[i] == 1 || strides[i] == dense);
      dense *= shape[i];
    }
    return result;
  }

  // First byte of every element, with repetition.
  std::vector<int64_t> bytes() const {
    std::vector<int64_t> result = {offset};
    for (size_t i = 0; i < shape.size(); ++i) {
      std::vector<int64_t> longer;
      for (int64_t start : result) {
        for (int64_t k = 0; k < shape[i]; ++k) longer.push_back(start + k * strides[i]);
      }
      result = longer;
    }
    for (int64_t& element : result) element *= size_of(dtype);
    return result;
  }
};

bool share_a_byte(const Strided& a, const Strided& b) {
  std::set<int64_t> bytes;
  for (int64_t start : a.bytes()) {
    for (int64_t i = 0; i < size_of(a.dtype); ++i) bytes.insert(start + i);
  }
  for (int64_t start : b.bytes()) {
    for (int64_t i = 0; i < size_of(b.dtype); ++i) {
      if (bytes.count(start + i) != 0) return true;
    }
  }
  return false;
}

char* base() {
  static std::vector<char> memory(1 << 20);
  return memory.data();
}

Overlap overlap_of(const Strided& a, const Strided& b) {
  return overlap(a.view(base()), b.view(base()));
}

TEST(OverlapTest, KnowsTheUsualCases) {
  const Strided whole{{4, 8}, {8, 1}};
  EXPECT_EQ(overlap_of(whole, whole), Overlap::kExact);
  EXPECT_EQ(overlap_of(whole, {{4, 8}, {8, 1}, 32}), Overlap::kDisjoint);
  EXPECT_EQ(overlap_of(whole, {{4, 8}, {8, 1}, 31}), Overlap::kPartial);
  EXPECT_EQ(overlap_of(whole, {{8, 4}, {1, 8}}), Overlap::kPartial);
  EXPECT_EQ(overlap_of(whole, {{8}, {1}}), Overlap::kPartial);
  EXPECT_EQ(overlap_of(whole, {{4, 8}, {8, 1}, 0, DType::kInt32}), Overlap::kPartial);
  EXPECT_EQ(overlap_of({{4, 1}, {8, 5}}, {{4, 1}, {8, 1}}), Overlap::kExact);
  EXPECT_EQ(overlap_of(whole, {{0, 8}, {8, 1}}), Overlap::kDisjoint);
}

TEST(OverlapTest, TellsSlicesOfOneTensorApart) {
  // Left and right half of the columns; even and odd columns; blocks of a grid.
  EXPECT_EQ(overlap_of({{4, 4}, {8, 1}}, {{4, 4}, {8, 1}, 4}), Overlap::kDisjoint);
  EXPECT_EQ(overlap_of({{4, 4}, {8, 1}}, {{4, 4}, {8, 1}, 3}), Overlap::kPartial);
  EXPECT_EQ(overlap_of({{4, 4}, {8, 2}}, {{4, 4}, {8, 2}, 1}), Overlap::kDisjoint);
  EXPECT_EQ(overlap_of({{2, 2, 4}, {64, 16, 1}}, {{2, 2, 4}, {64, 16, 1}, 4}), Overlap::kDisjoint);
  EXPECT_EQ(overlap_of({{3}, {6}}, {{3, 2}, {6, 2}, 1}), Overlap::kDisjoint);
}

TEST(OverlapTest, NeverCallsSharingDisjoint) {
  std::mt19937 random(20260101);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  int disjoint = 0, found = 0;
  for (int round = 0; round < 30000; ++round) {
    Strided tensors[2];
    for (Strided& tensor : tensors) {
      tensor.offset = pick(0, 24);
      const int64_t ndim = pick(0, 3);
      for (int64_t i = 0; i < ndim; ++i) {
        tensor.shape.push_back(pick(1, 4));
        tensor.strides.push_back(pick(0, 12));
      }
    }
    const bool share = share_a_byte(tensors[0], tensors[1]);
    const Overlap answer = overlap_of(tensors[0], tensors[1]);
    if (share) {
      EXPECT_NE(answer, Overlap::kDisjoint) << "round " << round;
    } else {
      EXPECT_NE(answer, Overlap::kExact);
      ++disjoint;
      found += answer == Overlap::kDisjoint;
    }
    EXPECT_EQ(answer, overlap_of(tensors[1], tensors[0]));
    // Sharing with itself: never missed; sometimes suspected in vain.
    const std::vector<int64_t> bytes = tensors[0].bytes();
    const bool repeats = std::set<int64_t>(bytes.begin(), bytes.end()).size() != bytes.size();
    if (repeats) {
      EXPECT_TRUE(overlaps_itself(tensors[0].view(base()))) << "round " << round;
    }
  }
  EXPECT_GT(found, disjoint * 3 / 4) << found << " of " << disjoint;
}

TEST(OverlapTest, FindsOutputsThatOverlapThemselves) {
  const auto itself = [](const Strided& tensor) { return overlaps_itself(tensor.view(base())); };
  EXPECT_FALSE(itself({{4, 8}, {8, 1}}));
  EXPECT_FALSE(itself({{8, 4}, {1, 8}}));
  EXPECT_FALSE(itself({{4, 8}, {16, 2}}));
  EXPECT_FALSE(itself({{1, 8}, {0, 1}}));
  EXPECT_FALSE(itself({{0, 8}, {0, 0}}));
  EXPECT_FALSE(itself({{}, {}}));
  EXPECT_TRUE(itself({{4, 8}, {0, 1}}));
  EXPECT_TRUE(itself({{4, 8}, {7, 1}}));
  EXPECT_TRUE(itself({{4, 4}, {1, 1}}));
}

TEST(OverlapTest, BoundsTheWorkOnHostileStrides) {
  Strided a, b;
  b.offset = 1;
  for (int i = 0; i < 16; ++i) {
    a.shape.push_back(2);
    b.shape.push_back(2);
    a.strides.push_back(int64_t{2} << (2 * i));
    b.strides.push_back(int64_t{4} << (2 * i));
  }
  const Overlap answer = overlap_of(a, b);
  EXPECT_NE(answer, Overlap::kExact);
}

TEST(OverlapTest, MeasuresExtents) {
  EXPECT_EQ(extent_bytes(Strided{{4, 8}, {8, 1}}.view(base())), 128);
  EXPECT_EQ(extent_bytes(Strided{{4, 8}, {0, 2}}.view(base())), 60);
  EXPECT_EQ(extent_bytes(Strided{{0, 8}, {8, 1}}.view(base())), 0);
  EXPECT_EQ(extent_bytes(Strided{{}, {}}.view(base())), 4);
  EXPECT_THROW(extent_bytes(Strided{{2, 2}, {INT64_MAX, 1}}.view(base())), Error);
}

}  // namespace
}  // namespace fgx
