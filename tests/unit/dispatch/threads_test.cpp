// SPDX-License-Identifier: Apache-2.0
// Calls from several threads while everything around them changes. Meant for ThreadSanitizer too.
#include <random>
#include <thread>

#include "dispatch/describe.h"
#include "dispatch/plan.h"
#include "dispatch_fixture.h"

namespace fgx::testing {
namespace {

using ThreadsTest = DispatchTest;

struct CountedHost {
  std::atomic<int> running{0};
  std::atomic<bool> destroyed{false};
  std::atomic<int> used_after_destroy{0};
  static void run(void* user_data, const fgx_invocation* invocation, fgx_callback_error*) {
    CountedHost& host = *static_cast<CountedHost*>(user_data);
    ++host.running;
    if (host.destroyed) ++host.used_after_destroy;
    const fgx_tensor& in = *invocation->args[0].as.tensor;
    for (int64_t i = 0; i < in.shape[0]; ++i) {
      static_cast<float*>(invocation->outs[0]->data)[i] =
          static_cast<const float*>(in.data)[i] * 2 + 1;
    }
    --host.running;
  }
  static void destroy(void* user_data) {
    CountedHost& host = *static_cast<CountedHost*>(user_data);
    if (host.running != 0) ++host.used_after_destroy;
    host.destroyed = true;
  }
};

TEST_F(ThreadsTest, CallsStayRightWhileConfigurationAndImplementationsChange) {
  constexpr int kThreads = 8;
  constexpr int kCalls = 3000;
  std::atomic<int> left{kThreads};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Buffer in({4 + t});
      Buffer out({4 + t});
      const std::vector<fgx_value> args{in.value()};
      const std::vector<fgx_tensor*> outs{out.get()};
      const fgx_invocation call = invocation(args, outs);
      for (int i = 0; i < kCalls; ++i) {
        out.data()[0] = 0;
        try {
          invoke(*op_, call);
          if (out.data()[0] != 3) ++failures;
        } catch (...) {
          ++failures;
        }
      }
      --left;
    });
  }
  std::vector<std::unique_ptr<CountedHost>> hosts;
  std::minstd_rand random(7);
  while (left > 0) {
    switch (random() % 7) {
      case 0:
        context_->enable_groups(nullptr);
        break;
      case 1:
        context_->disable_groups();
        break;
      case 2:
        context_->set_config("enable_profiling", random() % 2 ? "true" : "false");
        break;
      case 3: {
        hosts.push_back(std::make_unique<CountedHost>());
        fgx_implementation_desc desc{};
        desc.op = "stub";
        desc.name = "custom.host.stub";
        desc.tier = FGX_TIER_SPECIALIZED;
        desc.run = CountedHost::run;
        desc.user_data = hosts.back().get();
        desc.destroy = CountedHost::destroy;
        context_->register_implementation(desc);
        std::this_thread::yield();
        context_->unregister_implementation("custom.host.stub");
        break;
      }
      case 4:
        counters_json(*context_);
        break;
      case 5:
        context_->set_config("num_threads", random() % 2 ? "1" : "2");
        break;
      default:
        operator_info(*context_, "stub");
        break;
    }
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  for (const auto& host : hosts) {
    EXPECT_TRUE(host->destroyed);
    EXPECT_EQ(host->used_after_destroy, 0);
  }
  EXPECT_EQ(level1_hits() + level2_hits() + cold(), kThreads * kCalls);
}

TEST_F(ThreadsTest, PlansRunWhileTheirImplementationIsQuarantined) {
  context_->enable_groups(nullptr);
  Buffer in({4});
  Buffer out({4});
  const std::vector<fgx_value> args{in.value()};
  const std::vector<fgx_tensor*> outs{out.get()};
  Plan plan(*op_, invocation(args, outs));
  std::atomic<bool> stale{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Buffer mine({4});
      Buffer result({4});
      void* data[2] = {mine.data(), result.data()};
      for (int i = 0; i < 2000; ++i) {
        try {
          plan.run(data, 2, nullptr);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), FGX_PLAN_STALE);
          stale = true;
        }
      }
    });
  }
  context_->quarantine_by_name("experimental.generated.stub_small", "test");
  for (std::thread& thread : threads) thread.join();
  Buffer mine({4});
  void* data[2] = {mine.data(), out.data()};
  EXPECT_THROW(plan.run(data, 2, nullptr), Error);
}

TEST_F(ThreadsTest, ContextsComeAndGoUnderLivingThreads) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        Context::Options options;
        options.read_environment = false;
        const std::shared_ptr<Context> mine = Context::create(*catalogue_, options);
        Buffer in({4});
        Buffer out({4});
        const std::vector<fgx_value> args{in.value()};
        const std::vector<fgx_tensor*> outs{out.get()};
        for (int j = 0; j < 5; ++j) {
          invoke(mine->op("stub"), invocation(args, outs));
          if (out.data()[0] != 3) ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(ThreadsTest, ManyShapesEvictAndComeBack) {
  std::vector<std::unique_ptr<Buffer>> ins;
  std::vector<std::unique_ptr<Buffer>> outs;
  for (int i = 0; i < 300; ++i) {
    ins.push_back(std::make_unique<Buffer>(std::vector<int64_t>{i + 20}));
    outs.push_back(std::make_unique<Buffer>(std::vector<int64_t>{i + 20}));
  }
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 300; ++i) {
      ASSERT_EQ(run(*ins[i], *outs[i]), FGX_OK);
      ASSERT_FLOAT_EQ(outs[i]->data()[i + 19], 3);
    }
  }
  EXPECT_LE(cold(), 8);  // one per power of two
}

TEST_F(ThreadsTest, NestedCallsInsideAHostFunctionKeepTheirDecisions) {
  struct Nested {
    fgx_op* op;
    const Catalogue* catalogue;
  };
  static fgx_op* inner_op = nullptr;
  catalogue_ = std::make_unique<Catalogue>();
  catalogue_->add(stub_operator());
  OperatorDef second = stub_operator();
  second.schema_text =
      "aten::other(Tensor self, Scalar alpha=1, str mode='none', int[]? dim=None) -> Tensor";
  second.aliases = {};
  for (ImplementationDef& def : second.implementations) def.name += "_other";
  second.examples = {"other(f32[16])"};
  catalogue_->add(std::move(second));
  open();
  inner_op = &context_->op("other");
  fgx_implementation_desc desc{};
  desc.op = "stub";
  desc.name = "custom.host.nested";
  desc.tier = FGX_TIER_SPECIALIZED;
  desc.run = [](void*, const fgx_invocation* call, fgx_callback_error*) {
    // Enough shapes to sweep the whole table while the outer entry runs.
    for (int i = 1; i < 200; ++i) {
      Buffer in({i});
      Buffer out({i});
      const std::vector<fgx_value> args{in.value()};
      const std::vector<fgx_tensor*> outs{out.get()};
      invoke(*inner_op, invocation(args, outs));
      if (out.data()[0] != 3) std::abort();
    }
    fgx_invocation again = *call;
    again.struct_size = sizeof again;
    again.device = {0, 0};
    invoke(*inner_op, again);
  };
  context_->enable_groups(nullptr);
  context_->register_implementation(desc);
  Buffer in({30});
  Buffer out({30});
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(run(in, out), FGX_OK);
    ASSERT_FLOAT_EQ(out.data()[29], 3);
  }
}

}  // namespace
}  // namespace fgx::testing
