// SPDX-License-Identifier: Apache-2.0
// Candidates, strategies, evidence, modes, shadow checks, slow results, deprecation and the trace.
#include <sys/mman.h>
#include <unistd.h>

#include "dispatch/describe.h"
#include "dispatch/trace.h"
#include "dispatch_fixture.h"

namespace fgx::testing {
namespace {

constexpr const char* kSmall = "experimental.generated.stub_small";
constexpr const char* kGeneral = "experimental.generated.stub";
constexpr const char* kStable = "stable.cpu.stub";
constexpr const char* kNative = "native.vendor.stub";

class SelectionTest : public DispatchTest {
 protected:
  Json explanation(Buffer& in, Buffer& out, fgx_op* op = nullptr) {
    const std::vector<fgx_value> args{in.value()};
    const std::vector<fgx_tensor*> outs{out.get()};
    return Json::parse(explain(op == nullptr ? *op_ : *op, invocation(args, outs)));
  }
  std::string chosen(Buffer& in, Buffer& out) {
    const Json json = explanation(in, out);
    return json.find("chosen").is_null() ? "" : json.get_string("chosen");
  }
  std::string reason(Buffer& in, Buffer& out, const std::string& name) {
    const Json json = explanation(in, out);
    for (const JsonView item : json.at("candidates").elements()) {
      if (item.get_string("name") == name) return item.get_string("reason_code");
    }
    return "absent";
  }
  PerformanceKey key_of(Buffer& in, Buffer& out) {
    const std::vector<fgx_value> args{in.value()};
    const std::vector<fgx_tensor*> outs{out.get()};
    Call call;
    call.bind(*op_->def, args, outs);
    shape_ = exact_shape(call);
    return performance_key(call);
  }
  void tune(Buffer& in, Buffer& out, double candidate_us, const char* candidate = kSmall,
            double noise = 0.01) {
    TunedTimes base{kStable, {}, {}};
    TunedTimes other{candidate, {}, {}};
    for (int i = 0; i < 10; ++i) {
      const double wave = (i % 3 - 1) * noise;
      base.us.push_back(10 + wave);
      other.us.push_back(candidate_us * (1 - wave));
    }
    const PerformanceKey key = key_of(in, out);
    context_->record_tuned(key, shape_, kStable, {base, other});
  }
  std::string shape_;
};

TEST_F(SelectionTest, DefaultIsStableThenNative) {
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(chosen(in, out), kStable);
  EXPECT_EQ(reason(in, out, kSmall), "group_disabled");
  EXPECT_EQ(reason(in, out, kNative), "accepted");
}

TEST_F(SelectionTest, EnabledGroupsGoBySpecializedThenGeneral) {
  context_->enable_groups("generated");
  Buffer small({4});
  Buffer large({400});
  Buffer out_small({4});
  Buffer out_large({400});
  EXPECT_EQ(chosen(small, out_small), kSmall);
  EXPECT_EQ(chosen(large, out_large), kGeneral);
  EXPECT_EQ(reason(large, out_large, kSmall), "constraint:numel_range");
}

TEST_F(SelectionTest, StatusAndTrustAreRequired) {
  Context::Options options;
  options.records.lookup = [](const std::string& name) {
    RecordFacts facts;
    facts.status = name == kSmall ? "EXPERIMENTAL" : "VALIDATED";
    facts.trust = name == kGeneral ? "imported" : "builtin";
    return facts;
  };
  open(options);
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(reason(in, out, kSmall), "status_below_minimum");
  EXPECT_EQ(reason(in, out, kGeneral), "untrusted");
  context_->set_config("min_status", "EXPERIMENTAL");
  EXPECT_EQ(chosen(in, out), kSmall);
}

TEST_F(SelectionTest, AnExplicitNameLiftsGroupAndStatusOnly) {
  Context::Options options;
  options.records.lookup = [](const std::string&) { return RecordFacts{}; };
  open(options);
  fgx_op& named = context_->op(kSmall);
  EXPECT_EQ(&named, &context_->op(kSmall));
  EXPECT_NE(&named, op_);
  EXPECT_EQ(&context_->op("aten::stub"), op_);
  EXPECT_EQ(&context_->op("stub_"), op_);
  EXPECT_EQ(&context_->op("stubby"), op_);
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(named, {in.value()}, {out.get()}), FGX_OK);
  EXPECT_EQ(calls(0), 1);
  Buffer large({400});
  Buffer out_large({400});
  ASSERT_EQ(run(named, {large.value()}, {out_large.get()}), FGX_OK);
  EXPECT_EQ(calls(2), 1);  // its constraint stands
  try {
    context_->op("stuba");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), FGX_METADATA_NOT_FOUND);
    EXPECT_NE(error.message().find("stub"), std::string::npos);
  }
}

TEST_F(SelectionTest, StrategyAggressiveSkipsStableWhereNativeIsThere) {
  context_->set_config("dispatch_strategy", "aggressive");
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(chosen(in, out), kNative);
  EXPECT_EQ(reason(in, out, kStable), "strategy_excludes");
  context_->set_config("dispatch_strategy", "off");
  EXPECT_EQ(chosen(in, out), kStable);
  EXPECT_EQ(reason(in, out, kNative), "strategy_excludes");
}

TEST_F(SelectionTest, MeasuredGainReplacesATrustedOneOnlyWhenClear) {
  Buffer in({4});
  Buffer out({4});
  tune(in, out, 9.9, kNative);  // 1 %: not enough
  EXPECT_EQ(chosen(in, out), kStable);
  EXPECT_EQ(reason(in, out, kNative), "slower");
  tune(in, out, 8, kNative);
  EXPECT_EQ(chosen(in, out), kNative);
  tune(in, out, 9.5, kNative, 4);  // 5 % in the noise
  EXPECT_EQ(chosen(in, out), kStable);
}

TEST_F(SelectionTest, MeasuredSlowerOnePutsStableFirst) {
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(chosen(in, out), kSmall);
  tune(in, out, 30);
  tune(in, out, 30, kGeneral);
  EXPECT_EQ(chosen(in, out), kStable);
  EXPECT_EQ(explanation(in, out).get_string("why"), "measured at this shape");
  Buffer near({3});
  Buffer near_out({3});
  EXPECT_EQ(chosen(near, near_out), kStable);  // same signature, speaks for it too
  EXPECT_EQ(explanation(near, near_out).get_string("why"), "measured nearby");
  Buffer far({16});
  Buffer far_out({16});
  EXPECT_EQ(chosen(far, far_out), kSmall);
}

TEST_F(SelectionTest, ObservedTimesDemoteButNeverPromote) {
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  const PerformanceKey key = key_of(in, out);
  for (int i = 0; i < 20; ++i) {
    context_->performance().record(key, kSmall, 20 + i % 2, "");
    context_->performance().record(key, kStable, 10 + i % 2, "");
    context_->performance().record(key, kNative, 1 + 0.1 * (i % 2), "");
  }
  context_->invalidate();
  EXPECT_EQ(chosen(in, out), kGeneral);
  EXPECT_EQ(reason(in, out, kSmall), "slower");
}

TEST_F(SelectionTest, RecordedSpeedupIsAPrior) {
  Context::Options options;
  options.records.lookup = [](const std::string& name) {
    RecordFacts facts;
    facts.status = "VALIDATED";
    facts.speedup = name == kSmall ? 0.3 : 2;
    return facts;
  };
  open(options);
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(chosen(in, out), kGeneral);
  tune(in, out, 2);
  EXPECT_EQ(chosen(in, out), kSmall);  // measurement beats the claim
}

TEST_F(SelectionTest, FailuresPutACandidateBehind) {
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  const PerformanceKey key = key_of(in, out);
  for (int i = 0; i < 3; ++i) context_->performance().record_failure(key, kSmall);
  context_->invalidate();
  EXPECT_EQ(chosen(in, out), kGeneral);
  EXPECT_EQ(reason(in, out, kSmall), "recent_failures");
}

TEST_F(SelectionTest, TuneModeMeasuresBeforeTheFirstDecision) {
  context_->enable_groups(nullptr);
  context_->set_config("selection_mode", "tune");
  g_kernels[0].slow_ns = 2'000'000;
  g_kernels[1].slow_ns = 2'000'000;
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_GE(calls(0), 13);
  EXPECT_NE(chosen(in, out), kSmall);
  const int after = calls(0);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), after);
  EXPECT_FLOAT_EQ(out.data()[0], 3);
}

TEST_F(SelectionTest, TuningQuarantinesWhoDisagrees) {
  context_->enable_groups(nullptr);
  context_->set_config("selection_mode", "tune");
  g_kernels[0].wrong_by = 1;
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(reason(in, out, kSmall), "quarantined");
}

TEST_F(SelectionTest, OnlineTriesCandidatesOnRealCallsThenSettles) {
  context_->enable_groups(nullptr);
  context_->set_config("selection_mode", "online");
  context_->set_config("profiling_warmup", "1");
  context_->set_config("profiling_repeat", "4");
  g_kernels[0].slow_ns = 1'000'000;
  g_kernels[1].slow_ns = 1'000'000;
  Buffer in({4});
  Buffer out({4});
  for (int i = 0; i < 4 * 5; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  for (int kernel = 0; kernel < 4; ++kernel) EXPECT_EQ(calls(kernel), 5) << kernel;
  for (int i = 0; i < 10; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(calls(0), 5);
  EXPECT_EQ(calls(1), 5);
}

TEST_F(SelectionTest, PinnedTakesTheFilesDecisionAndElseStable) {
  const std::string folder = ::testing::TempDir() + "fgx_pinned_" + std::to_string(getpid());
  context_->enable_groups(nullptr);
  context_->set_config("tune_cache_dir", folder);
  Buffer in({4});
  Buffer out({4});
  tune(in, out, 5);
  context_->save_performance();
  open();
  context_->enable_groups(nullptr);
  context_->set_config("tune_cache_dir", folder);
  context_->set_config("selection_mode", "pinned");
  EXPECT_EQ(chosen(in, out), kSmall);
  EXPECT_EQ(explanation(in, out).get_string("why"), "pinned");
  Buffer unseen({400});
  Buffer unseen_out({400});
  EXPECT_EQ(chosen(unseen, unseen_out), kStable);
}

TEST_F(SelectionTest, ASecondContextStartsWarm) {
  const std::string folder = ::testing::TempDir() + "fgx_warm_" + std::to_string(getpid());
  context_->enable_groups(nullptr);
  context_->set_config("tune_cache_dir", folder);
  Buffer in({4});
  Buffer out({4});
  tune(in, out, 50);
  tune(in, out, 50, kGeneral);
  context_.reset();
  open();
  context_->enable_groups(nullptr);
  EXPECT_EQ(chosen(in, out), kSmall);
  context_->set_config("tune_cache_dir", folder);
  EXPECT_EQ(chosen(in, out), kStable);
  context_->clear_performance("stub");
  EXPECT_EQ(chosen(in, out), kSmall);
  context_.reset();
  open();
  context_->enable_groups(nullptr);
  context_->set_config("tune_cache_dir", folder);
  EXPECT_EQ(chosen(in, out), kSmall);
}

TEST_F(SelectionTest, ShadowCheckQuarantinesAndTheCallerGetsStable) {
  context_->enable_groups(nullptr);
  context_->set_config("verify_sample_rate", "0.5");
  g_kernels[0].wrong_by = 0.5;
  Buffer in({4});
  Buffer out({4});
  int wrong = 0;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(run(in, out), FGX_OK);
    wrong += out.data()[0] != 3.0f;
  }
  EXPECT_LE(wrong, 2);
  EXPECT_EQ(context_->counters()->shadow_disagreements, 1);
  EXPECT_EQ(reason(in, out, kSmall), "quarantined");
  EXPECT_FLOAT_EQ(out.data()[0], 3);
}

TEST_F(SelectionTest, EveryCallIsCheckedAtRateOneAndNoneInPlace) {
  context_->enable_groups(nullptr);
  context_->set_config("verify_sample_rate", "1");
  Buffer in({4});
  Buffer out({4});
  for (int i = 0; i < 5; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_EQ(context_->counters()->shadow_checks, 5);
  EXPECT_EQ(calls(0), 5);
  EXPECT_EQ(calls(2), 5);
  Buffer x({4});
  for (int i = 0; i < 5; ++i) ASSERT_EQ(run(*op_, {x.value()}, {x.get()}), FGX_OK);
  EXPECT_EQ(context_->counters()->shadow_checks, 5);
}

TEST_F(SelectionTest, SlowResultsStandAndAreAvoidedLater) {
  context_->enable_groups(nullptr);
  context_->set_config("fallback_on_slow", "true");
  context_->set_config("profiling_warmup", "0");
  g_kernels[0].slow_ns = 3'000'000;
  g_kernels[1].slow_ns = 3'000'000;
  Buffer in({4});
  Buffer out({4});
  for (int i = 0; i < 80; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_GE(context_->counters()->slow_results, 1);
  EXPECT_EQ(reason(in, out, kSmall), "slower");
  EXPECT_FLOAT_EQ(out.data()[0], 3);
}

TEST_F(SelectionTest, ProfilingObservesTheChosenOne) {
  context_->set_config("profiling_warmup", "2");
  Buffer in({4});
  Buffer out({4});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  const auto row = context_->performance().find(key_of(in, out));
  ASSERT_TRUE(row);
  EXPECT_GE(row->implementations.at(kStable).samples, 2);
  EXPECT_EQ(row->best_implementation(), kStable);
  context_->clear_performance(nullptr);
  context_->set_config("enable_profiling", "false");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  EXPECT_FALSE(context_->performance().find(key_of(in, out)));
}

TEST_F(SelectionTest, DeterministicAndBatchInvariantWishes) {
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(run(*op_, {in.value()}, {out.get()}, FGX_INVOKE_DETERMINISTIC), FGX_OK);
  EXPECT_EQ(run(*op_, {in.value()}, {out.get()}, FGX_INVOKE_BATCH_INVARIANT),
            FGX_NO_VALID_IMPLEMENTATION);
  EXPECT_NE(last_->message().find("not_batch_invariant"), std::string::npos);
}

TEST_F(SelectionTest, TraceRecordsLevelsAndChains) {
  context_->enable_groups(nullptr);
  context_->trace().start(8);
  context_->set_tracing(true);
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  ASSERT_EQ(run(in, out), FGX_OK);
  g_kernels[0].fail_code = FGX_DEVICE;
  ASSERT_EQ(run(in, out), FGX_OK);
  Json trace = Json::parse(context_->trace().to_json());
  ASSERT_EQ(trace.at("traceEvents").size(), 3u);
  EXPECT_EQ(trace.resolve("/traceEvents/0/args/level").as_string(), "cold");
  EXPECT_EQ(trace.resolve("/traceEvents/1/args/level").as_string(), "level1");
  EXPECT_EQ(trace.resolve("/traceEvents/2/args/implementation").as_string(), kGeneral);
  EXPECT_EQ(trace.resolve("/traceEvents/2/args/chain/0/implementation").as_string(), kSmall);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(run(in, out), FGX_OK);
  trace = Json::parse(context_->trace().to_json());
  EXPECT_EQ(trace.at("traceEvents").size(), 8u);
  context_->set_tracing(false);
}

TEST_F(SelectionTest, GraduatedNamesWarnOnce) {
  std::vector<std::string> lines;
  Context::Options options;
  options.log_sink.user_data = &lines;
  options.log_sink.write = [](void* user_data, int32_t, const char* message) {
    static_cast<std::vector<std::string>*>(user_data)->push_back(message);
  };
  options.records.lookup = [](const std::string&) {
    RecordFacts facts;
    facts.status = "GRADUATED";
    return facts;
  };
  open(options);
  context_->op(kSmall);
  context_->op(kSmall);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("graduated"), std::string::npos);
  EXPECT_NE(lines[0].find(kSmall), std::string::npos);
}

TEST_F(SelectionTest, CheckPointersAlwaysFindsUnmappedMemory) {
#ifdef FGX_SANITIZED
  GTEST_SKIP() << "sanitizers keep pages that were given back mapped";
#endif
  context_->set_config("check_pointers", "always");
  Buffer in({4});
  Buffer out({4});
  ASSERT_EQ(run(in, out), FGX_OK);
  fgx_tensor far = *in.get();
  // A page that was given back: nothing else is mapped there meanwhile.
  far.data = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(far.data, MAP_FAILED);
  munmap(far.data, 4096);
  fgx_value value = in.value();
  value.as.tensor = &far;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run(*op_, {value}, {out.get()}), FGX_INVALID_ARGUMENT);
    EXPECT_EQ(last_->argument(), 0);
  }
}

TEST_F(SelectionTest, ExplainAsksCandidatesToPrepare) {
  context_->enable_groups(nullptr);
  g_kernels[0].refuse_code = FGX_UNSUPPORTED;
  Buffer in({4});
  Buffer out({4});
  EXPECT_EQ(chosen(in, out), kGeneral);
  EXPECT_EQ(reason(in, out, kSmall), "prepare_refused");
  EXPECT_EQ(calls(1), 0);
}

TEST_F(SelectionTest, InfoListsAndCountersAreJson) {
  const Json info = Json::parse(operator_info(*context_, "stub"));
  EXPECT_EQ(info.at("implementations").size(), 4u);
  EXPECT_EQ(info.resolve("/implementations/0/constraints/0/code").as_string(), "numel_range");
  const Json list = Json::parse(list_operators(*context_, R"({"group": "native"})"));
  EXPECT_EQ(list.size(), 1u);
  EXPECT_EQ(Json::parse(list_operators(*context_, R"({"name": "zzz"})")).size(), 0u);
  EXPECT_THROW(list_operators(*context_, R"({"colour": 1})"), Error);
  EXPECT_THROW(list_operators(*context_, "["), Error);
  Buffer in({4});
  Buffer out({4});
  for (int i = 0; i < 7; ++i) run(in, out);
  EXPECT_EQ(Json::parse(counters_json(*context_)).get_int64("calls"), 7);
}

}  // namespace
}  // namespace fgx::testing
