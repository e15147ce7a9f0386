// SPDX-License-Identifier: Apache-2.0
// Plans: what they bind, what they refuse, and how long they live.
#include "dispatch/plan.h"

#include "dispatch_fixture.h"

namespace fgx::testing {
namespace {

class PlanTest : public DispatchTest {
 protected:
  std::unique_ptr<Plan> plan(const std::vector<fgx_value>& args,
                             const std::vector<fgx_tensor*>& outs) {
    return std::make_unique<Plan>(*op_, invocation(args, outs));
  }
  fgx_status run_plan(const Plan& bound, std::vector<void*> data) {
    return guarded([&] { bound.run(data.data(), static_cast<int32_t>(data.size()), nullptr); });
  }
  fgx_status invoke_plan(const Plan& bound, const std::vector<fgx_value>& args,
                         const std::vector<fgx_tensor*>& outs) {
    return guarded([&] { bound.invoke(invocation(args, outs)); });
  }
  template <typename Body>
  fgx_status guarded(Body&& body) {
    try {
      body();
      return FGX_OK;
    } catch (const Error& error) {
      last_ = std::make_unique<Error>(error);
      return error.code();
    }
  }
};

TEST_F(PlanTest, RunsOnOtherAddresses) {
  Buffer in({8});
  Buffer out({8});
  const auto bound = plan({in.value(), float_value(0.5)}, {out.get()});
  EXPECT_EQ(bound->implementation(), "stable.cpu.stub");
  Buffer other({8}, {}, 0, 3);
  Buffer result({8});
  ASSERT_EQ(run_plan(*bound, {other.data(), result.data()}), FGX_OK);
  EXPECT_FLOAT_EQ(result.data()[7], 6.5);
}

TEST_F(PlanTest, RefusesBrokenAssumptionsByName) {
  Buffer in({8});
  Buffer out({8});
  const auto bound = plan({in.value()}, {out.get()});
  EXPECT_EQ(run_plan(*bound, {in.data()}), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(run_plan(*bound, {in.data(), nullptr}), FGX_PLAN_MISMATCH);
  EXPECT_NE(last_->message().find("output 0"), std::string::npos);
  EXPECT_EQ(run_plan(*bound, {in.data() + 1, out.data()}), FGX_PLAN_MISMATCH);
  EXPECT_NE(last_->message().find("self"), std::string::npos);
  EXPECT_EQ(run_plan(*bound, {in.data(), in.data()}), FGX_PLAN_MISMATCH);
  EXPECT_NE(last_->message().find("overlaps"), std::string::npos);
  EXPECT_EQ(calls(2), 0);
}

TEST_F(PlanTest, InPlacePlanNeedsTheAlias) {
  Buffer x({8});
  const auto bound = plan({x.value()}, {x.get()});
  Buffer other({8});
  EXPECT_EQ(run_plan(*bound, {x.data(), other.data()}), FGX_PLAN_MISMATCH);
  EXPECT_NE(last_->message().find("alias"), std::string::npos);
  EXPECT_EQ(run_plan(*bound, {other.data(), other.data()}), FGX_OK);
}

TEST_F(PlanTest, InvokeChecksShapesAndTakesOtherScalars) {
  Buffer in({8});
  Buffer out({8});
  const auto bound = plan({in.value(), float_value(1)}, {out.get()});
  ASSERT_EQ(invoke_plan(*bound, {in.value(), float_value(7)}, {out.get()}), FGX_OK);
  EXPECT_FLOAT_EQ(out.data()[0], 9);
  EXPECT_EQ(invoke_plan(*bound, {in.value(), int_value(7)}, {out.get()}), FGX_PLAN_MISMATCH);
  Buffer longer({9});
  Buffer longer_out({9});
  EXPECT_EQ(invoke_plan(*bound, {longer.value(), float_value(1)}, {longer_out.get()}),
            FGX_PLAN_MISMATCH);
  EXPECT_NE(last_->message().find("shape"), std::string::npos);
  EXPECT_EQ(invoke_plan(*bound, {in.value(), float_value(1), string_value("tanh")}, {out.get()}),
            FGX_PLAN_MISMATCH);
  Buffer strided({8}, {2});
  EXPECT_EQ(invoke_plan(*bound, {strided.value(), float_value(1)}, {out.get()}), FGX_PLAN_MISMATCH);
}

TEST_F(PlanTest, GoesStaleWithItsImplementationAndRefreshes) {
  context_->enable_groups(nullptr);
  Buffer in({8});
  Buffer out({8});
  const auto bound = plan({in.value()}, {out.get()});
  EXPECT_EQ(bound->implementation(), "experimental.generated.stub_small");
  ASSERT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_OK);
  context_->quarantine_by_name("experimental.generated.stub_small", "");
  EXPECT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_PLAN_STALE);
  bound->refresh();
  EXPECT_EQ(bound->implementation(), "experimental.generated.stub");
  EXPECT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_OK);
}

TEST_F(PlanTest, OutlivesItsContext) {
  Buffer in({8});
  Buffer out({8});
  const auto bound = plan({in.value()}, {out.get()});
  context_.reset();
  ASSERT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_OK);
  ASSERT_EQ(invoke_plan(*bound, {in.value()}, {out.get()}), FGX_OK);
  EXPECT_EQ(guarded([&] { bound->refresh(); }), FGX_INVALID_ARGUMENT);
}

TEST_F(PlanTest, KeepsAHostFunctionUntilItIsDestroyed) {
  struct Host {
    int calls = 0;
    int destroyed = 0;
  } host;
  fgx_implementation_desc desc{};
  desc.struct_size = sizeof desc;
  desc.op = "stub";
  desc.name = "custom.host.stub";
  desc.tier = FGX_TIER_SPECIALIZED;
  desc.user_data = &host;
  desc.run = [](void* user_data, const fgx_invocation*, fgx_callback_error*) {
    ++static_cast<Host*>(user_data)->calls;
  };
  desc.destroy = [](void* user_data) { ++static_cast<Host*>(user_data)->destroyed; };
  context_->enable_groups("custom");
  context_->register_implementation(desc);
  Buffer in({8});
  Buffer out({8});
  auto bound = plan({in.value()}, {out.get()});
  ASSERT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_OK);
  context_->unregister_implementation("custom.host.stub");
  EXPECT_EQ(host.destroyed, 0);
  EXPECT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_PLAN_STALE);
  EXPECT_EQ(host.calls, 1);
  bound.reset();
  EXPECT_EQ(host.destroyed, 1);
}

TEST_F(PlanTest, EmptyTensorsNeedNoAddress) {
  Buffer in({0});
  Buffer out({0});
  const auto bound = plan({in.value()}, {out.get()});
  EXPECT_EQ(run_plan(*bound, {nullptr, nullptr}), FGX_OK);
}

TEST_F(PlanTest, ReportsTheImplementationsError) {
  Buffer in({8});
  Buffer out({8});
  const auto bound = plan({in.value()}, {out.get()});
  g_kernels[2].fail_code = FGX_DEVICE;
  EXPECT_EQ(run_plan(*bound, {in.data(), out.data()}), FGX_DEVICE);
  EXPECT_EQ(last_->op(), "aten::stub");
}

}  // namespace
}  // namespace fgx::testing
