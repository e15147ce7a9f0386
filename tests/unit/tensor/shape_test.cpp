// SPDX-License-Identifier: Apache-2.0
// Shapes: inline storage, checked counts, broadcasting, signatures, loop nests.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "tensor/broadcast.h"
#include "tensor/dims.h"
#include "tensor/geometry.h"
#include "tensor/signature.h"

namespace fgx {
namespace {

TensorView view_of(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  TensorView view;
  view.shape = shape.data();
  view.strides = strides.data();
  view.ndim = static_cast<int32_t>(shape.size());
  view.numel = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  return view;
}

std::string message_of(const std::function<void()>& action, int argument = -1) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), FGX_INVALID_ARGUMENT);
    EXPECT_EQ(error.argument(), argument);
    return error.message();
  }
  return "no error";
}

TEST(DimsTest, BehavesAsAVector) {
  Dims dims = {2, 3};
  dims.push_back(4);
  dims.insert(dims.begin(), 1);
  EXPECT_EQ(dims, (Dims{1, 2, 3, 4}));
  dims.erase(dims.begin() + 1);
  EXPECT_EQ(dims, (std::vector<int64_t>{1, 3, 4}));
  dims.pop_back();
  dims.resize(4, 7);
  EXPECT_EQ(shape_text(dims), "[1,3,7,7]");
  const std::vector<int64_t> copy = dims;
  EXPECT_EQ(Dims(copy), dims);
  EXPECT_EQ(shape_text({}), "[]");
  EXPECT_THROW(dims.resize(17), Error);
  dims.resize(16);
  EXPECT_THROW(dims.push_back(1), Error);
  EXPECT_THROW(dims.insert(dims.begin(), 1), Error);
}

TEST(DimsTest, CountsElementsWithoutOverflow) {
  EXPECT_EQ(checked_numel({}), 1);
  EXPECT_EQ(checked_numel(Dims{2, 0, 3}), 0);
  EXPECT_EQ(checked_numel(Dims{int64_t{1} << 31, int64_t{1} << 31}), int64_t{1} << 62);
  const int64_t big = int64_t{1} << 32;
  EXPECT_NE(message_of([&] {
              checked_numel(Dims{big, big});
            }).find("[4294967296,4294967296]"),
            std::string::npos);
  EXPECT_THROW(checked_numel(Dims{big, big, 0}), Error);
  EXPECT_THROW(checked_numel(Dims{2, -1}), Error);
  int64_t strides[3];
  EXPECT_THROW(contiguous_strides(Dims{0, big, big}, strides), Error);
  contiguous_strides(Dims{2, 0, 3}, strides);
  EXPECT_EQ(strides[0], 3);
  EXPECT_EQ(strides[2], 1);
}

TEST(BroadcastTest, StretchesOnes) {
  const auto of = [](std::vector<Dims> shapes) {
    Dims result;
    for (size_t i = 0; i < shapes.size(); ++i) {
      broadcast_with(result, shapes[i], static_cast<int>(i));
    }
    return result;
  };
  EXPECT_EQ(of({}), Dims{});
  EXPECT_EQ(of({{2, 3}, {3}}), (Dims{2, 3}));
  EXPECT_EQ(of({{2, 1}, {1, 3}}), (Dims{2, 3}));
  EXPECT_EQ(of({{5}, {2, 1, 1}, {}}), (Dims{2, 1, 5}));
  EXPECT_EQ(of({{0, 3}, {1}}), (Dims{0, 3}));
  EXPECT_EQ(of({{1}, {0}}), (Dims{0}));
  const std::string message = message_of([&] { of({{4, 2, 3}, {3}, {4, 3}}); }, 2);
  EXPECT_EQ(message, "shapes [4,2,3] and [4,3] do not broadcast: 2 against 4 in dimension 1");
  EXPECT_THROW(of({{0}, {2}}), Error);
}

TEST(BroadcastTest, StepsZeroAlongStretchedDimensions) {
  const std::vector<int64_t> shape = {3, 1}, strides = {2, 9};
  int64_t result[3];
  broadcast_strides(view_of(shape, strides), Dims{4, 3, 5}, result);
  EXPECT_EQ(std::vector<int64_t>(result, result + 3), (std::vector<int64_t>{0, 2, 0}));
}

TEST(SignatureTest, RoundsUpToPowersOfTwo) {
  EXPECT_EQ(signature_of(Dims{1000, 500}), "1K_512");
  EXPECT_EQ(signature_of(Dims{}), "s");
  EXPECT_EQ(signature_of(Dims{0, 1, 2, 3}), "0_1_2_4");
  EXPECT_EQ(signature_of(Dims{512, 513, 1024, 1025, 1500}), "512_1K_1K_2K_2K");
  EXPECT_EQ(signature_of(Dims{1 << 19, 1 << 20, (1 << 20) + 1, 1 << 30}), "512K_1M_2M_1G");
  EXPECT_EQ(signature_of(Dims{INT64_MAX}), "8589934592G");
  const std::vector<int64_t> shape = {1000, 500}, strides = {500, 1};
  const std::vector<TensorView> tensors = {view_of(shape, strides), view_of({}, {}),
                                           view_of(shape, strides)};
  EXPECT_EQ(signature_of(tensors), "1K_512xsx1K_512");
  EXPECT_EQ(signature_of(std::span<const TensorView>()), "");
}

// Visits a nest and collects every operand's offsets, as a kernel would.
template <int N>
std::vector<std::vector<int64_t>> offsets_of(const LoopNest<N>& nest) {
  std::vector<std::vector<int64_t>> result;
  std::vector<int64_t> index(static_cast<size_t>(nest.ndim), 0);
  for (int64_t i = 0; i < nest.numel; ++i) {
    std::vector<int64_t> offsets(N, 0);
    for (int d = 0; d < nest.ndim; ++d) {
      for (int o = 0; o < N; ++o) offsets[o] += index[d] * nest.steps[o][d];
    }
    result.push_back(offsets);
    for (int d = nest.ndim - 1; d >= 0; --d) {
      if (++index[d] < nest.sizes[d]) break;
      index[d] = 0;
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

TEST(LoopNestTest, MergesWhatIsOneRun) {
  const std::vector<int64_t> shape = {2, 3, 1, 4}, dense = {12, 4, 4, 1};
  const TensorView a = view_of(shape, dense);
  const auto nest = make_loop_nest<2>(a.dims(), {&a, &a});
  EXPECT_EQ(nest.ndim, 1);
  EXPECT_EQ(nest.sizes[0], 24);
  EXPECT_TRUE(nest.dense());
  const TensorView scalar = view_of({}, {});
  const auto single = make_loop_nest<1>(Dims{}, {&scalar});
  EXPECT_EQ(single.ndim, 0);
  EXPECT_EQ(single.numel, 1);
  EXPECT_TRUE(single.dense());
}

TEST(LoopNestTest, OrdersLoopsByTheOutput) {
  const std::vector<int64_t> shape = {3, 5}, transposed = {1, 3};
  const TensorView out = view_of(shape, transposed);
  const auto nest = make_loop_nest<2>(out.dims(), {&out, &out});
  EXPECT_EQ(nest.ndim, 1);
  EXPECT_TRUE(nest.dense());
}

TEST(LoopNestTest, VisitsEveryElementOnceWhateverTheStrides) {
  struct Case {
    std::vector<int64_t> shape, a_shape, a_strides, b_shape, b_strides;
  };
  const Case cases[] = {
      {{2, 3, 4}, {2, 3, 4}, {12, 4, 1}, {3, 4}, {4, 1}},
      {{2, 3, 4}, {2, 3, 4}, {1, 2, 6}, {2, 1, 4}, {8, 4, 2}},
      {{2, 3, 4}, {2, 3, 4}, {100, 1, 7}, {1}, {1}},
      {{6, 1, 5}, {6, 1, 5}, {10, 3, 2}, {6, 1, 1}, {1, 1, 1}},
      {{2, 2, 2, 2, 2}, {2, 2, 2, 2, 2}, {16, 4, 8, 1, 2}, {2, 2, 2, 2, 2}, {1, 2, 4, 8, 16}},
      {{3, 0}, {3, 0}, {1, 1}, {1, 1}, {1, 1}},
  };
  for (const Case& c : cases) {
    const TensorView a = view_of(c.a_shape, c.a_strides);
    const TensorView b = view_of(c.b_shape, c.b_strides);
    const auto nest = make_loop_nest<2>(c.shape, {&a, &b});
    LoopNest<2> plain;
    plain.ndim = static_cast<int32_t>(c.shape.size());
    plain.numel = view_of(c.shape, c.shape).numel;
    std::copy(c.shape.begin(), c.shape.end(), plain.sizes);
    broadcast_strides(a, c.shape, plain.steps[0]);
    broadcast_strides(b, c.shape, plain.steps[1]);
    EXPECT_EQ(nest.numel, plain.numel);
    EXPECT_EQ(offsets_of(nest), offsets_of(plain)) << shape_text(c.shape);
    EXPECT_LE(nest.ndim, plain.ndim);
  }
}

}  // namespace
}  // namespace fgx
