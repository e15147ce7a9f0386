// SPDX-License-Identifier: Apache-2.0
// Attention and the rotary embedding against their oracles.
#include "unit/kernels/operator_case.h"

namespace fgx {
namespace {

using namespace testing_support;

constexpr DType kFloats[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16};

struct Shape {
  int64_t heads, kv_heads, queries, keys, size, value_size;
};
constexpr Shape kShapes[] = {
    {1, 1, 1, 1, 1, 1},    {4, 2, 1, 40, 16, 8},    {7, 1, 2, 700, 33, 20}, {2, 2, 17, 19, 33, 7},
    {6, 2, 9, 270, 8, 40}, {2, 1, 60, 300, 16, 16}, {1, 1, 5, 0, 4, 4},     {2, 2, 20, 30, 0, 3},
};

int attend(TestTensor& q, TestTensor& k, TestTensor& v, TestTensor* mask, bool causal,
           bool grouped) {
  std::vector<TestTensor*> inputs = {&q, &k, &v};
  if (mask != nullptr) inputs.push_back(mask);
  return check_operator("scaled_dot_product_attention",
                        {q.value(), k.value(), v.value(), mask != nullptr ? mask->value() : none(),
                         number(0.0), boolean(causal), none(), boolean(grouped)},
                        inputs, causal ? "causal" : "");
}

TEST(Attention, ShapesAndTypes) {
  for (const DType dtype : kFloats) {
    for (const Shape& s : kShapes) {
      TestTensor q(dtype, {2, s.heads, s.queries, s.size});
      TestTensor k(dtype, {2, s.kv_heads, s.keys, s.size});
      TestTensor v(dtype, {2, s.kv_heads, s.keys, s.value_size});
      q.randomize(1, false);
      k.randomize(2, false);
      v.randomize(3, false);
      for (const bool causal : {false, true}) {
        EXPECT_EQ(attend(q, k, v, nullptr, causal, s.heads != s.kv_heads), 1);
      }
    }
  }
}

TEST(Attention, MasksOfEveryKind) {
  for (const DType dtype : kFloats) {
    for (const int64_t queries : {2, 30}) {
      TestTensor q(dtype, {2, 2, queries, 16});
      TestTensor k(dtype, {2, 2, 280, 16});
      TestTensor v(dtype, {2, 2, 280, 8});
      q.randomize(1, false);
      k.randomize(2, false);
      v.randomize(3, false);
      for (const DType mask_type : {DType::kBool, DType::kFloat32, dtype}) {
        for (const auto& shape : std::vector<std::vector<int64_t>>{
                 {queries, 280}, {1, 280}, {queries, 1}, {2, 1, queries, 280}, {2, 1, 1, 280}}) {
          TestTensor mask(mask_type, shape);
          mask.randomize(4, false);
          EXPECT_EQ(attend(q, k, v, &mask, false, false), 1);
        }
      }
      TestTensor nothing(DType::kBool, {1, 1});
      nothing.set(0, 0);
      EXPECT_EQ(attend(q, k, v, &nothing, false, false), 1);
    }
  }
}

// Few rows over many keys: the threads share the keys, and their parts are merged.
TEST(Attention, KeysSplitBetweenThreads) {
  for (const DType dtype : kFloats) {
    for (const int64_t keys : {2048, 5001}) {
      TestTensor q(dtype, {1, 1, 2, 32});
      TestTensor k(dtype, {1, 1, keys, 32});
      TestTensor v(dtype, {1, 1, keys, 24});
      q.randomize(1, false);
      k.randomize(2, false);
      v.randomize(3, false);
      TestTensor mask(DType::kBool, {1, keys});  // whole parts may have nothing to attend to
      for (int64_t i = 0; i < keys; ++i) mask.set(i, i % 3 == 0 && i < keys / 3 ? 1 : 0);
      EXPECT_EQ(attend(q, k, v, nullptr, false, false), 1);
      EXPECT_EQ(attend(q, k, v, &mask, false, false), 1);
    }
  }
}

TEST(Attention, StridesAndBroadcasting) {
  for (const DType dtype : kFloats) {
    for (const int64_t queries : {1, 25}) {
      TestTensor q(dtype, {2, 3, queries, 16}, {queries * 48, 16, 48, 1});
      TestTensor k(dtype, {2, 3, 30, 16}, {30 * 48, 1, 48, 3});
      TestTensor v(dtype, {1, 1, 30, 16}, {0, 0, 1, 30});
      q.randomize(1, false);
      k.randomize(2, false);
      v.randomize(3, false);
      EXPECT_EQ(attend(q, k, v, nullptr, false, false), 1);
    }
  }
}

TEST(Rotary, BothKindsTypesAndLayouts) {
  for (const DType dtype : kFloats) {
    for (const bool interleaved : {false, true}) {
      for (const int64_t size : {2, 34, 128}) {
        TestTensor q(dtype, {2, 5, 3, size}, {15 * size, size, 5 * size, 1});
        TestTensor k(dtype, {2, 5, 2, size});
        TestTensor cosine(DType::kFloat32, {9, size / 2});
        TestTensor sine(DType::kFloat32, {9, size / 2}, {1, 9});
        TestTensor positions(DType::kInt64, {2, 5});
        q.randomize(1, false);
        k.randomize(2, false);
        cosine.randomize(3, false);
        sine.randomize(4, false);
        for (int64_t i = 0; i < 10; ++i) positions.set(i, static_cast<double>(i * 4 % 9));
        EXPECT_EQ(check_operator("apply_rotary_pos_emb",
                                 {q.value(), k.value(), cosine.value(), sine.value(),
                                  positions.value(), boolean(interleaved)},
                                 {&q, &k, &cosine, &sine, &positions}),
                  1);
        EXPECT_EQ(check_operator("apply_rotary_pos_emb",
                                 {q.value(), k.value(), cosine.value(), sine.value(), none(),
                                  boolean(interleaved)},
                                 {&q, &k, &cosine, &sine}),
                  1);
      }
    }
  }
}

}  // namespace
}  // namespace fgx
