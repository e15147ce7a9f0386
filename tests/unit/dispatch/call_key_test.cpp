// SPDX-License-Identifier: Apache-2.0
// The call key: what must make two keys differ, what must not, and what needs the slow path.
#include "dispatch/call_key.h"

#include <cmath>
#include <limits>

#include "dispatch_fixture.h"

namespace fgx::testing {
namespace {

class CallKeyTest : public DispatchTest {
 protected:
  // The key's words, or empty for the slow path.
  std::vector<uint32_t> key(const std::vector<fgx_value>& args,
                            const std::vector<fgx_tensor*>& outs, uint32_t flags = 0) {
    fgx_invocation call = invocation(args, outs);
    call.flags = flags;
    CallKey built;
    if (!build_key(*op_->rules.load(), call, built)) return {};
    return {built.words, built.words + built.length};
  }
  std::vector<uint32_t> key(Buffer& in, Buffer& out) { return key({in.value()}, {out.get()}); }
};

TEST_F(CallKeyTest, SameCallSameKeyOtherAddressesSameKey) {
  Buffer a({3, 4});
  Buffer b({3, 4});
  Buffer c({3, 4});
  EXPECT_FALSE(key(a, b).empty());
  EXPECT_EQ(key(a, b), key(a, b));
  EXPECT_EQ(key(a, b), key(a, c));
}

TEST_F(CallKeyTest, DiffersByDimsRankDtypeAndDevice) {
  Buffer a({3, 4});
  Buffer out({3, 4});
  const auto base = key(a, out);
  Buffer other_dim({3, 5});
  EXPECT_NE(base, key(other_dim, out));
  Buffer other_rank({12});
  EXPECT_NE(base, key(other_rank, out));
  Buffer same({3, 4});
  same->dtype = {FGX_DTYPE_INT, 32, 1};
  EXPECT_NE(base, key(same, out));
  same->dtype = {FGX_DTYPE_FLOAT, 16, 1};
  EXPECT_NE(base, key(same, out));
  same->dtype = {FGX_DTYPE_BFLOAT, 16, 1};
  EXPECT_NE(base, key(same, out));
  same->dtype = {FGX_DTYPE_FLOAT, 32, 1};
  EXPECT_EQ(base, key(same, out));
  same->device = {FGX_DEVICE_CUDA, 0};
  const auto cuda0 = key(same, out);
  EXPECT_NE(base, cuda0);
  same->device = {FGX_DEVICE_CUDA, 1};
  EXPECT_NE(cuda0, key(same, out));
}

TEST_F(CallKeyTest, ContiguousStridesCountAsNone) {
  Buffer plain({3, 4});
  Buffer out({3, 4});
  Buffer strided({3, 4}, {4, 1});
  EXPECT_EQ(key(plain, out), key(strided, out));
  Buffer one({1, 4}, {77, 1});
  Buffer one_plain({1, 4});
  Buffer one_out({1, 4});
  EXPECT_EQ(key(one_plain, one_out), key(one, one_out));
}

TEST_F(CallKeyTest, DiffersByExactStridesWhenNotContiguous) {
  Buffer out({3, 4});
  Buffer plain({3, 4});
  Buffer wide({3, 4}, {8, 1});
  Buffer wider({3, 4}, {9, 1});
  Buffer transposed({3, 4}, {1, 3});
  Buffer zero({3, 4}, {0, 1});
  const auto keys = {key(plain, out), key(wide, out), key(wider, out), key(transposed, out),
                     key(zero, out)};
  for (const auto& a : keys) {
    EXPECT_FALSE(a.empty());
    EXPECT_EQ(std::count(keys.begin(), keys.end(), a), 1);
  }
}

TEST_F(CallKeyTest, DiffersByAlignmentClass) {
  Buffer out({4});
  Buffer aligned({4});
  Buffer sixteen({4}, {}, 4);
  Buffer element({4}, {}, 1);
  EXPECT_NE(key(aligned, out), key(sixteen, out));
  EXPECT_NE(key(sixteen, out), key(element, out));
  Buffer element3({4}, {}, 3);
  EXPECT_EQ(key(element, out), key(element3, out));
}

TEST_F(CallKeyTest, AlignmentOfAnEmptyTensorDoesNotMatter) {
  Buffer out({0});
  Buffer empty({0});
  Buffer null({0});
  null->data = nullptr;
  EXPECT_EQ(key(empty, out), key(null, out));
}

TEST_F(CallKeyTest, DiffersByAliasPatternAndDistance) {
  Buffer in({8});
  Buffer out({8});
  const auto apart = key(in, out);
  const auto same = key({in.value()}, {in.get()});
  EXPECT_NE(apart, same);
  fgx_tensor shifted = *in.get();
  shifted.data = in.data() + 4;
  const auto by16 = key({in.value()}, {&shifted});
  EXPECT_NE(by16, same);
  EXPECT_NE(by16, apart);
}

TEST_F(CallKeyTest, DiffersByFlagsAndNumberOfArguments) {
  Buffer in({4});
  Buffer out({4});
  const auto base = key({in.value()}, {out.get()});
  EXPECT_NE(base, key({in.value()}, {out.get()}, FGX_INVOKE_DETERMINISTIC));
  EXPECT_NE(base, key({in.value()}, {out.get()}, FGX_INVOKE_BATCH_INVARIANT));
  EXPECT_NE(base, key({in.value(), fgx_value{}}, {out.get()}));
}

TEST_F(CallKeyTest, StaticAttributesCountByValueDynamicOnesByKindAndSign) {
  Buffer in({4});
  Buffer out({4});
  const auto with = [&](fgx_value alpha) { return key({in.value(), alpha}, {out.get()}); };
  EXPECT_EQ(with(float_value(1)), with(float_value(2.5)));
  EXPECT_NE(with(float_value(1)), with(int_value(1)));
  EXPECT_NE(with(float_value(1)), with(float_value(-1)));
  EXPECT_NE(with(float_value(1)), with(float_value(0)));
  EXPECT_NE(with(float_value(1)), with(float_value(std::nan(""))));
  EXPECT_NE(with(float_value(1)), with(float_value(std::numeric_limits<double>::infinity())));
  const auto mode = [&](const char* text) {
    return key({in.value(), int_value(1), string_value(text)}, {out.get()});
  };
  EXPECT_EQ(mode("none"), mode("none"));
  EXPECT_NE(mode("none"), mode("tanh"));
  EXPECT_TRUE(mode("sinh").empty());
  EXPECT_TRUE(mode("non").empty());
}

TEST_F(CallKeyTest, ListsCountByLengthAndEntries) {
  Buffer in({4});
  Buffer out({4});
  const auto dims = [&](std::vector<int64_t> list) {
    fgx_value value{};
    value.tag = FGX_TAG_INT_LIST;
    value.size = static_cast<uint32_t>(list.size());
    value.as.ints = list.data();
    return key({in.value(), int_value(1), string_value("none"), value}, {out.get()});
  };
  EXPECT_EQ(dims({0, 1}), dims({0, 1}));
  EXPECT_NE(dims({0, 1}), dims({1, 0}));
  EXPECT_NE(dims({0}), dims({0, 0}));
  EXPECT_NE(dims({}), dims({0}));
  EXPECT_NE(dims({1}), dims({1 + (int64_t{1} << 32)}));
}

TEST_F(CallKeyTest, OddCallsTakeTheSlowPath) {
  Buffer in({4});
  Buffer out({4});
  fgx_value odd = in.value();
  odd.tag = 99;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  odd.tag = -1;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  fgx_tensor tensor = *in.get();
  odd = in.value();
  odd.as.tensor = &tensor;
  for (int32_t ndim : {-1, 17, INT32_MAX, INT32_MIN}) {
    tensor.ndim = ndim;
    EXPECT_TRUE(key({odd}, {out.get()}).empty()) << ndim;
  }
  tensor = *in.get();
  tensor.shape = nullptr;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  tensor = *in.get();
  for (int64_t dim : {int64_t{-1}, int64_t{1} << 32, INT64_MAX, INT64_MIN}) {
    int64_t shape[1] = {dim};
    tensor.shape = shape;
    EXPECT_TRUE(key({odd}, {out.get()}).empty()) << dim;
  }
  tensor = *in.get();
  int64_t negative[1] = {-1};
  tensor.strides = negative;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  tensor = *in.get();
  tensor.data = nullptr;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  tensor.data = reinterpret_cast<char*>(in.data()) + 1;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  tensor = *in.get();
  tensor.dtype.lanes = 4;
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
  tensor.dtype = {FGX_DTYPE_FLOAT4_E2M1FN, 4, 1};
  EXPECT_TRUE(key({odd}, {out.get()}).empty());
}

TEST_F(CallKeyTest, RankSixteenWithStridesFitsOrIsRefusedWhole) {
  std::vector<int64_t> shape(16, 1);
  std::vector<int64_t> strides(16, 3);
  shape[15] = 2;
  Buffer in(shape, strides);
  Buffer out(shape);
  const auto built = key(in, out);
  EXPECT_LE(built.size(), CallKey::kWords + CallKey::kSlack);
}

TEST_F(CallKeyTest, ScalarsAreThoseThatBindingGives) {
  Buffer in({4});
  Buffer out({4});
  for (const auto& args :
       {std::vector<fgx_value>{in.value()}, std::vector<fgx_value>{in.value(), fgx_value{}},
        std::vector<fgx_value>{in.value(), int_value(-3)},
        std::vector<fgx_value>{in.value(), float_value(2.5)},
        std::vector<fgx_value>{in.value(), fgx_value{}, fgx_value{}}}) {
    std::vector<fgx_tensor*> outs{out.get()};
    CallKey built;
    ASSERT_TRUE(build_key(*op_->rules.load(), invocation(args, outs), built));
    Call call;
    call.bind(*op_->def, args, outs);
    EXPECT_EQ(built.scalars[0].kind, call.scalar(1).kind);
    EXPECT_EQ(built.scalars[0].integer, call.scalar(1).integer);
  }
}

}  // namespace
}  // namespace fgx::testing
