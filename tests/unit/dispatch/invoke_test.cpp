// SPDX-License-Identifier: Apache-2.0
// Calls through both levels of the decision cache.
#include <thread>

#include "dispatch_fixture.h"

namespace fgx::testing {
namespace {

using InvokeTest = DispatchTest;

TEST_F(InvokeTest, ComputesThroughStableByDefault) {
  Buffer in({4, 8});
  Buffer out({4, 8});
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(2), 1);
  EXPECT_FLOAT_EQ(out.data()[31], 3);
}

TEST_F(InvokeTest, SecondCallIsALevel1Hit) {
  Buffer in({4, 8});
  Buffer out({4, 8});
  for (int i = 0; i < 5; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(2), 5);
  EXPECT_EQ(g_kernels[2].prepares, 1);
  EXPECT_EQ(cold(), 1);
  EXPECT_EQ(level1_hits(), 4);
}

TEST_F(InvokeTest, NewShapeInAKnownCellIsALevel2Hit) {
  Buffer a({33, 8});
  Buffer b({34, 8});
  Buffer out_a({33, 8});
  Buffer out_b({34, 8});
  ASSERT_EQ(run(a, out_a), FGX_OK);
  ASSERT_EQ(run(b, out_b), FGX_OK);
  EXPECT_EQ(cold(), 1);
  EXPECT_EQ(level2_hits(), 1);
}

TEST_F(InvokeTest, DynamicScalarsReachAWarmCall) {
  Buffer in({2});
  Buffer out({2});
  for (double alpha : {1.5, 2.5, 7.0}) {
    ASSERT_EQ(run(*op_, {in.value(), float_value(alpha)}, {out.get()}), FGX_OK);
    EXPECT_FLOAT_EQ(out.data()[0], static_cast<float>(2 + alpha));
  }
  EXPECT_EQ(cold(), 1);
  EXPECT_EQ(level1_hits(), 2);
}

TEST_F(InvokeTest, EnablingAGroupDecidesAgain) {
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  context_->enable_groups("generated");
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), 1);
  context_->disable_groups();
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), 1);
  EXPECT_EQ(calls(2), 2);
}

TEST_F(InvokeTest, RefusesBadCallsWithOperatorAndArgument) {
  Buffer in({4});
  Buffer out({5});
  EXPECT_EQ(run(in, out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(last_->op(), "aten::stub");
  EXPECT_EQ(last_->argument(), 4);
  Buffer right({4});
  EXPECT_EQ(run(*op_, {}, {right.get()}), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(run(*op_, {in.value()}, {}), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(run(*op_, {in.value()}, {right.get()}, 1u << 30), FGX_INVALID_ARGUMENT);
  in->data = nullptr;
  EXPECT_EQ(run(in, right), FGX_INVALID_ARGUMENT);
}

TEST_F(InvokeTest, ChecksPointersOfWarmCalls) {
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  fgx_tensor broken = *in.get();
  fgx_value value = in.value();
  value.as.tensor = &broken;
  broken.data = nullptr;
  EXPECT_EQ(run(*op_, {value}, {out.get()}), FGX_INVALID_ARGUMENT);
  broken.data = reinterpret_cast<char*>(in.data()) + 2;
  EXPECT_EQ(run(*op_, {value}, {out.get()}), FGX_INVALID_ARGUMENT);
  broken.data = out.data() + 1;
  EXPECT_EQ(run(*op_, {value}, {out.get()}), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(calls(2), 1);
}

TEST_F(InvokeTest, ThreadsHaveTheirOwnLevel1) {
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  std::thread([&] {
    Buffer other({4});
    ASSERT_EQ(run(in, other), FGX_OK);
    ASSERT_EQ(run(in, other), FGX_OK);
  }).join();
  EXPECT_EQ(cold(), 1);
  EXPECT_EQ(level2_hits(), 1);
  EXPECT_EQ(level1_hits(), 1);
}

}  // namespace
}  // namespace fgx::testing
