// SPDX-License-Identifier: Apache-2.0
// Fallback, its in-place rule, host implementations and the breaker.
#include "dispatch/describe.h"
#include "dispatch_fixture.h"
#include "unit/backend/fake_driver.h"

namespace fgx::testing {
namespace {

class FallbackTest : public DispatchTest {
 protected:
  FallbackTest() { context_->enable_groups(nullptr); }
  std::string explanation(Buffer& in, Buffer& out) {
    const std::vector<fgx_value> args{in.value()};
    const std::vector<fgx_tensor*> outs{out.get()};
    return explain(*op_, invocation(args, outs));
  }
  // The reason code of one candidate.
  std::string reason(Buffer& in, Buffer& out, const std::string& name) {
    const Json json = Json::parse(explanation(in, out));
    for (const JsonView item : json.at("candidates").elements()) {
      if (item.get_string("name") == name) return item.get_string("reason_code");
    }
    return "absent";
  }
};

TEST_F(FallbackTest, RunsTheNextCandidateAfterAFailure) {
  Buffer in({4});
  Buffer out({4});
  g_kernels[0].fail_code = FGX_DEVICE;
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), 1);
  EXPECT_EQ(calls(1), 1);
  EXPECT_FLOAT_EQ(out.data()[0], 3);
  EXPECT_EQ(context_->counters()->fallbacks, 1);
}

TEST_F(FallbackTest, RunsTheNextCandidateAfterAWarmFailure) {
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  ASSERT_EQ(run(in, out), FGX_OK);
  g_kernels[0].fail_code = FGX_DEVICE;
  g_kernels[0].write_before_failing = 1;
  g_kernels[0].wrong_by = 100;
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_FLOAT_EQ(out.data()[0], 3);
  g_kernels[0].fail_code = 0;
  g_kernels[0].wrong_by = 0;
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), 4);  // still the preferred one
}

TEST_F(FallbackTest, RefusalOfOneShapeKeepsTheNextCandidateForIt) {
  Buffer in({4});
  Buffer out({4});
  g_kernels[0].refuse_code = FGX_UNSUPPORTED;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(g_kernels[0].prepares, 1);
  EXPECT_EQ(calls(1), 3);
  EXPECT_EQ(level1_hits(), 2);
}

TEST_F(FallbackTest, InPlaceFailureAfterSubmissionLeavesOutputsUndefined) {
  Buffer x({4});
  const auto in_place = [&] { return run(*op_, {x.value()}, {x.get()}); };
  g_kernels[0].fail_code = FGX_DEVICE;
  g_kernels[0].write_before_failing = 1;
  EXPECT_EQ(in_place(), FGX_OUTPUTS_UNDEFINED);
  ASSERT_TRUE(last_->cause());
  EXPECT_EQ(last_->cause()->code(), FGX_DEVICE);
  EXPECT_EQ(calls(1) + calls(2) + calls(3), 0);
}

TEST_F(FallbackTest, InPlaceRefusalAndMemoryGoOn) {
  for (const int code : {FGX_OUT_OF_MEMORY, FGX_NOT_PREPARED, FGX_UNSUPPORTED}) {
    reset_kernels();
    Buffer x({4});
    g_kernels[0].fail_code = code;
    EXPECT_EQ(run(*op_, {x.value()}, {x.get()}), FGX_OK) << code;
    EXPECT_EQ(calls(1), 1);
    EXPECT_FLOAT_EQ(x.data()[0], 3);
  }
  reset_kernels();
  Buffer x({4});
  g_kernels[0].refuse_code = FGX_DEVICE;
  EXPECT_EQ(run(*op_, {x.value()}, {x.get()}), FGX_OK);
}

TEST_F(FallbackTest, EveryCandidateFailingNamesThem) {
  Buffer in({4});
  Buffer out({4});
  for (int i = 0; i < 4; ++i) g_kernels[i].fail_code = FGX_DEVICE;
  EXPECT_EQ(run(in, out), FGX_FALLBACK_FAILED);
  EXPECT_EQ(last_->op(), "aten::stub");
  EXPECT_NE(last_->message().find("stable.cpu.stub"), std::string::npos);
  ASSERT_TRUE(last_->cause());
  for (int i = 0; i < 4; ++i) g_kernels[i].fail_code = FGX_OUT_OF_MEMORY;
  EXPECT_EQ(run(in, out), FGX_OUT_OF_MEMORY);
}

TEST_F(FallbackTest, StrategyOffAndFallbackOffFailWithTheFirst) {
  Buffer in({4});
  Buffer out({4});
  g_kernels[0].fail_code = FGX_DEVICE;
  context_->set_config("dispatch_strategy", "off");
  EXPECT_EQ(run(in, out), FGX_DEVICE);
  context_->set_config("dispatch_strategy", "safe");
  context_->set_config("fallback_on_error", "false");
  EXPECT_EQ(run(in, out), FGX_DEVICE);
  EXPECT_EQ(calls(1), 0);
}

TEST_F(FallbackTest, DataErrorsOfBuiltInKernelsReachTheCaller) {
  Buffer in({4});
  Buffer out({4});
  g_kernels[0].fail_code = FGX_INVALID_ARGUMENT;
  EXPECT_EQ(run(in, out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(calls(1), 0);
  EXPECT_EQ(context_->counters()->failures, 0);
}

TEST_F(FallbackTest, BreakerOpensThenProbesAndCloses) {
  Buffer in({4});
  Buffer out({4});
  g_kernels[0].fail_code = FGX_DEVICE;
  for (int i = 0; i < 6; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(context_->counters()->breaker_openings, 1);
  const int tried = calls(0);
  EXPECT_LT(tried, 6);
  EXPECT_EQ(reason(in, out, "experimental.generated.stub_small"), "breaker_open");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), tried);  // neither enough time ...
  g_test_clock += Breaker::kProbeNs + 1;
  for (int i = 0; i < 40; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), tried + 1);  // ... one probe, which failed, into scratch
  EXPECT_FLOAT_EQ(out.data()[0], 3);
  g_kernels[0].fail_code = 0;
  g_test_clock += 2 * Breaker::kProbeNs + 1;
  for (int i = 0; i < 400; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(reason(in, out, "experimental.generated.stub_small"), "accepted");
  EXPECT_GT(calls(0), tried + 100);
}

// The stub on a "GPU" whose memory is the host's, with nobody else to run it there unless asked for.
class DeviceFallbackTest : public FallbackTest {
 protected:
  explicit DeviceFallbackTest(bool with_vendor = false) {
    OperatorDef op = stub_operator();
    ImplementationDef device = stub<4>("stable.cuda.stub", Group::kStable, Tier::kStable);
    device.device_type = FGX_DEVICE_CUDA;
    op.implementations.push_back(std::move(device));
    if (with_vendor) {
      ImplementationDef vendor = stub<5>("native.cuda.stub", Group::kNative, Tier::kNative);
      vendor.device_type = FGX_DEVICE_CUDA;
      op.implementations.push_back(std::move(vendor));
    }
    catalogue_ = std::make_unique<Catalogue>();
    catalogue_->add(std::move(op));
    open();
    for (int i = 0; i < 2; ++i) in_[i]->device = out_[i]->device = {FGX_DEVICE_CUDA, i};
  }
  ~DeviceFallbackTest() override { context_.reset(); }
  fgx_status run_on(int device) { return run(in_[device], out_[device]); }
  std::string reason_on(int device) {
    return reason(in_[device], out_[device], "stable.cuda.stub");
  }

  Buffer in_[2] = {Buffer({4}), Buffer({4})};
  Buffer out_[2] = {Buffer({4}), Buffer({4})};
};

TEST_F(DeviceFallbackTest, EachDeviceHasItsBreaker) {
  ASSERT_EQ(run_on(1), FGX_OK);
  g_kernels[4].fail_code = FGX_DEVICE;
  for (int i = 0; i < 4; ++i) EXPECT_NE(run_on(0), FGX_OK);
  g_kernels[4].fail_code = 0;
  EXPECT_EQ(reason_on(0), "breaker_open");
  EXPECT_EQ(reason_on(1), "accepted");
  EXPECT_EQ(run_on(1), FGX_OK);
  const Json info = Json::parse(operator_info(*context_, "stub"));
  std::string states;
  for (const JsonView item : info.at("implementations").elements()) {
    if (item.get_string("name") != "stable.cuda.stub") continue;
    for (const JsonView breaker : item.at("breakers").elements()) {
      states += breaker.get_string("state") + " ";
    }
  }
  EXPECT_EQ(states, "open closed ");
}

TEST_F(DeviceFallbackTest, ACallIsTheProbeWhereNobodyElseIsLeft) {
  g_kernels[4].fail_code = FGX_DEVICE;
  for (int i = 0; i < 4; ++i) EXPECT_NE(run_on(0), FGX_OK);
  const int tried = calls(4);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run_on(0), FGX_NO_VALID_IMPLEMENTATION);
  EXPECT_EQ(calls(4), tried);
  g_test_clock += Breaker::kProbeNs + 1;
  EXPECT_EQ(run_on(0), FGX_NO_VALID_IMPLEMENTATION);  // the probe fails, and doubles the time
  EXPECT_EQ(calls(4), tried + 1);
  g_kernels[4].fail_code = 0;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run_on(0), FGX_NO_VALID_IMPLEMENTATION);
  g_test_clock += 2 * Breaker::kProbeNs + 1;
  for (int i = 0; i < Breaker::kProbesToClose; ++i) {
    out_[0].data()[0] = 0;
    EXPECT_EQ(run_on(0), FGX_OK);
    EXPECT_FLOAT_EQ(out_[0].data()[0], 3);
  }
  EXPECT_EQ(reason_on(0), "accepted");
  EXPECT_EQ(run_on(0), FGX_OK);
}

class DeviceProbeTest : public DeviceFallbackTest {
 protected:
  DeviceProbeTest() : DeviceFallbackTest(true) {
    gpu::set_fake_driver(FGX_DEVICE_CUDA, &testing_support::fake_driver());
    g_kernels[4].fail_code = FGX_DEVICE;
    for (int i = 0; i < 6; ++i) EXPECT_EQ(run_on(0), FGX_OK);
    EXPECT_EQ(reason_on(0), "breaker_open");
    g_kernels[4].fail_code = 0;
    tried_ = calls(4);
    g_test_clock += Breaker::kProbeNs + 1;
  }
  ~DeviceProbeTest() override {
    testing_support::g_gpu.capturing = false;
    gpu::set_fake_driver(FGX_DEVICE_CUDA, nullptr);
  }
  int tried_;
};

TEST_F(DeviceProbeTest, ProbesRunIntoTheCallersOutputs) {
  for (int i = 0; i < 200; ++i) {
    out_[0].data()[0] = 0;
    ASSERT_EQ(run_on(0), FGX_OK);
    ASSERT_FLOAT_EQ(out_[0].data()[0], 3);
  }
  EXPECT_EQ(reason_on(0), "accepted");
}

TEST_F(DeviceProbeTest, NothingIsProbedUnderCapture) {
  testing_support::g_gpu.capturing = true;
  for (int i = 0; i < 200; ++i) ASSERT_EQ(run_on(0), FGX_OK);
  EXPECT_EQ(calls(4), tried_);
}

TEST_F(DeviceProbeTest, NothingIsProbedInPlace) {
  for (int i = 0; i < 200; ++i) ASSERT_EQ(run(in_[0], in_[0]), FGX_OK);
  EXPECT_EQ(calls(4), tried_);
}

TEST(BreakerTest, RareFailuresNeverOpenIt) {
  Breaker breaker;
  for (int i = 0; i < 100; ++i) {
    breaker.add_successes(1000);
    EXPECT_FALSE(breaker.on_failure(i));
  }
  EXPECT_EQ(breaker.state(), Breaker::State::kClosed);
}

TEST(BreakerTest, ANewFaultAfterLongSuccessOpensItSoon) {
  Breaker breaker;
  breaker.add_successes(1'000'000);
  int failures = 0;
  while (!breaker.on_failure(1)) ASSERT_LT(++failures, 20);
  EXPECT_GE(failures, 2);
}

TEST(BreakerTest, WilsonBound) {
  EXPECT_DOUBLE_EQ(wilson_lower_bound(0, 0), 0);
  EXPECT_NEAR(wilson_lower_bound(0, 10), 0, 1e-12);
  EXPECT_NEAR(wilson_lower_bound(5, 10), 0.2366, 1e-3);
  EXPECT_NEAR(wilson_lower_bound(3, 3), 0.4385, 1e-3);
}

// ---- host implementations

struct Host {
  std::atomic<int> calls{0};
  std::atomic<int> destroyed{0};
  std::atomic<int> code{0};
  static void run(void* user_data, const fgx_invocation* invocation, fgx_callback_error* error) {
    Host& host = *static_cast<Host*>(user_data);
    ++host.calls;
    if (host.code != 0) {
      error->code = host.code;
      std::snprintf(error->message, sizeof error->message, "host says no");
      return;
    }
    const fgx_tensor& in = *invocation->args[0].as.tensor;
    const double alpha = invocation->args[1].tag == FGX_TAG_INT
                             ? static_cast<double>(invocation->args[1].as.integer)
                             : invocation->args[1].as.real;
    for (int64_t i = 0; i < in.shape[0]; ++i) {
      static_cast<float*>(invocation->outs[0]->data)[i] =
          static_cast<float>(static_cast<const float*>(in.data)[i] * 2 + alpha);
    }
  }
  static void destroy(void* user_data) { ++static_cast<Host*>(user_data)->destroyed; }
  fgx_implementation_desc desc(const char* name, int32_t tier) {
    fgx_implementation_desc result{};
    result.struct_size = sizeof result;
    result.op = "stub";
    result.name = name;
    result.tier = tier;
    result.run = run;
    result.user_data = this;
    result.destroy = destroy;
    return result;
  }
};

// The context lets go of its host functions before the host is gone.
class HostTest : public FallbackTest {
 protected:
  ~HostTest() override { context_.reset(); }
  Host host_;
};

TEST_F(HostTest, HostImplementationRunsWithDefaultsFilledIn) {
  context_->register_implementation(host_.desc("custom.host.stub", FGX_TIER_SPECIALIZED));
  Buffer in({100});
  Buffer out({100});
  for (int i = 0; i < 3; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(host_.calls, 3);
  EXPECT_FLOAT_EQ(out.data()[99], 3);
  ASSERT_EQ(run(*op_, {in.value(), float_value(4.5)}, {out.get()}), FGX_OK);
  EXPECT_FLOAT_EQ(out.data()[99], 6.5);
  context_->disable_groups();
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(host_.calls, 4);
  context_->unregister_implementation("custom.host.stub");
  EXPECT_EQ(host_.destroyed, 1);
  context_.reset();
  EXPECT_EQ(host_.destroyed, 1);
}

TEST_F(HostTest, HostImplementationIsDestroyedWithItsContext) {
  context_->register_implementation(host_.desc("custom.host.stub", FGX_TIER_SPECIALIZED));
  Buffer in({100});
  Buffer out({100});
  ASSERT_EQ(run(in, out), FGX_OK);
  context_.reset();
  EXPECT_EQ(host_.destroyed, 1);
}

TEST_F(HostTest, FailingHostFunctionFallsBackWithItsMessage) {
  host_.code = FGX_INVALID_ARGUMENT;
  context_->register_implementation(host_.desc("custom.host.stub", FGX_TIER_SPECIALIZED));
  Buffer in({100});
  Buffer out({100});
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(host_.calls, 1);
  EXPECT_EQ(calls(1), 1);
  context_->set_config("fallback_on_error", "false");
  EXPECT_EQ(run(in, out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(last_->message(), "host says no");
}

TEST_F(HostTest, HostConstraintsAreChecked) {
  fgx_implementation_desc desc = host_.desc("custom.host.stub", FGX_TIER_SPECIALIZED);
  desc.constraints = R"({"contiguous": true, "arguments": {"self": {"numel": [50, 200],
                        "dtypes": ["float32"], "rank": [1, 1]}, "mode": {"choice": "none"}}})";
  context_->register_implementation(desc);
  Buffer small({20});
  Buffer small_out({20});
  ASSERT_EQ(run(small, small_out), FGX_OK);
  EXPECT_EQ(host_.calls, 0);
  EXPECT_EQ(reason(small, small_out, "custom.host.stub"), "constraint:numel_range");
  Buffer in({100});
  Buffer out({100});
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(host_.calls, 1);
}

TEST_F(HostTest, RegistrationRefusesNonsense) {
  const auto code_of = [&](const fgx_implementation_desc& desc) -> fgx_status {
    try {
      context_->register_implementation(desc);
      return FGX_OK;
    } catch (const Error& error) {
      return error.code();
    }
  };
  EXPECT_EQ(code_of(host_.desc("Upper", 0)), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(code_of(host_.desc("", 0)), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(code_of(host_.desc("stub", 0)), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(code_of(host_.desc("stable.cpu.stub", 0)), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(code_of(host_.desc("ok", 9)), FGX_INVALID_ARGUMENT);
  fgx_implementation_desc desc = host_.desc("ok", 0);
  desc.op = "nothing";
  EXPECT_EQ(code_of(desc), FGX_METADATA_NOT_FOUND);
  for (const char* bad : {"[]", "{\"wrong\": 1}", "{\"arguments\": {\"nobody\": {}}}", "{",
                          "{\"aligned\": 3}", "{\"arguments\":{\"self\":{\"rank\":[4,1]}}}"}) {
    desc = host_.desc("ok", 0);
    desc.constraints = bad;
    EXPECT_EQ(code_of(desc), FGX_INVALID_ARGUMENT) << bad;
  }
  EXPECT_EQ(host_.destroyed, 0);  // refused: user_data stays the caller's
}

TEST_F(FallbackTest, QuarantineTakesItOutAndTellsTheHost) {
  std::string heard;
  Context::Options options;
  options.on_quarantine.user_data = &heard;
  options.on_quarantine.notify = [](void* user_data, const char* op, const char* implementation,
                                    const char* why) {
    *static_cast<std::string*>(user_data) = std::string(op) + " " + implementation + " " + why;
  };
  open(options);
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  context_->quarantine_by_name("experimental.generated.stub_small", "it lies");
  EXPECT_EQ(heard, "aten::stub experimental.generated.stub_small it lies");
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), 1);
  EXPECT_EQ(reason(in, out, "experimental.generated.stub_small"), "quarantined");
}

}  // namespace
}  // namespace fgx::testing
