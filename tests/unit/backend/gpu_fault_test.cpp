// SPDX-License-Identifier: Apache-2.0
// Every driver call of every way into the library fails in turn, for that call alone, for all later work on the
// context, or for good: each time it is taken over or told by name, nothing stays behind, and the context can go.
//
// A new way in is a row of kActs; a new operator one of kOperators.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "fake_call.h"

namespace fgx::testing_support {
namespace {

// Arguments and outputs of a call.
struct Operands {
  std::deque<DeviceTensor> tensors;
  std::deque<std::vector<int64_t>> lists;
  std::vector<const fgx_tensor*> joined;
  std::vector<fgx_value> args;
  std::vector<fgx_tensor*> outs;

  Operands() = default;
  Operands(Operands&&) = default;
  fgx_value tensor(std::vector<int64_t> shape, fgx_dtype dtype) {
    const uintptr_t address = 0x100000000 * (tensors.size() + 1);
    return tensors.emplace_back(std::move(shape), dtype, address).value();
  }
  void in(std::vector<int64_t> shape, fgx_dtype dtype = kFloat32) {
    args.push_back(tensor(std::move(shape), dtype));
  }
  void out(std::vector<int64_t> shape, fgx_dtype dtype = kFloat32) {
    (void)tensor(std::move(shape), dtype);
    outs.push_back(&tensors.back().tensor);
  }
  void list(std::vector<int64_t> values) {
    args.push_back(integers(lists.emplace_back(std::move(values))));
  }
};

struct TestedOperator {
  const char* name;
  std::function<void(Operands&)> fill;
};

const TestedOperator kOperators[] = {
    {"add",
     [](Operands& o) {
       o.in({64, 512});
       o.in({64, 512});
       o.out({64, 512});
     }},
    {"softmax",  // rows in clusters
     [](Operands& o) {
       o.in({4, 151936}, kBFloat16);
       o.args.push_back(integer(-1));
       o.out({4, 151936}, kBFloat16);
     }},
    {"layer_norm",
     [](Operands& o) {
       o.in({16, 4096}, kBFloat16);
       o.list({4096});
       o.out({16, 4096}, kBFloat16);
     }},
    {"sum",  // two kernels and scratch
     [](Operands& o) {
       o.in({1, 1 << 20});
       o.list({1});
       o.out({1});
     }},
    {"topk_softmax",
     [](Operands& o) {
       o.in({8192, 128});
       o.args.push_back(integer(8));
       o.out({8192, 8});
       o.out({8192, 8}, kInt32);
     }},
    {"cat",
     [](Operands& o) {
       (void)o.tensor({16, 512}, kBFloat16);
       (void)o.tensor({16, 8}, kBFloat16);
       o.joined = {&o.tensors[0].tensor, &o.tensors[1].tensor};
       fgx_value both{};
       both.tag = FGX_TAG_TENSOR_LIST;
       both.size = 2;
       both.as.tensors = o.joined.data();
       o.args = {both, integer(1)};
       o.out({16, 520}, kBFloat16);
     }},
    {"embedding",
     [](Operands& o) {
       o.in({1000, 512}, kBFloat16);
       o.in({3, 5}, kInt64);
       o.out({3, 5, 512}, kBFloat16);
     }},
    {"scaled_dot_product_attention",  // two kernels and scratch
     [](Operands& o) {
       for (int i = 0; i < 3; ++i) o.in({8, 8, i == 0 ? 1 : 4096, 128}, kBFloat16);
       o.out({8, 8, 1, 128}, kBFloat16);
     }},
    {"mm",  // several implementations
     [](Operands& o) {
       o.in({16, 4096}, kBFloat16);
       o.in({4096, 4096}, kBFloat16);
       o.out({16, 4096}, kBFloat16);
     }},
};

struct Fault {
  const char* name;
  int status;
  Reach reach;
};
constexpr Fault kFaults[] = {{"out of memory", 2, Reach::kOnce},
                             {"out of launch resources", 701, Reach::kOnce},
                             {"illegal address", 700, Reach::kContext},
                             {"launch failure", 719, Reach::kContext},
                             {"device lost", 999, Reach::kEverything}};

// A context over a driver that has found nothing yet, and one call.
class Machine {
 public:
  explicit Machine(const TestedOperator& tested, void* current) : tested_(tested) {
    g_gpu = FakeGpu{.launches = {},
                    .current = current,
                    .allocations = std::move(g_gpu.allocations),
                    .kernels = std::move(g_gpu.kernels)};
    g_gpu.l2_bytes = 1 << 16;  // what measuring rotates its operands past
    gpu::set_fake_driver(FGX_DEVICE_CUDA, &fresh_fake_driver());
    fgx_context_options options{};
    options.struct_size = sizeof options;
    options.flags = FGX_CONTEXT_IGNORE_ENVIRONMENT;
    EXPECT_EQ(fgx_context_create(&options, &context_), FGX_OK);
    EXPECT_EQ(fgx_context_get_op(context_, tested.name, &op_), FGX_OK);
    tested.fill(operands_);
    for (const DeviceTensor& tensor : operands_.tensors) addresses_.push_back(tensor.tensor.data);
  }
  ~Machine() {
    fgx_plan_destroy(plan_);
    fgx_context_destroy(context_);
    gpu::set_fake_driver(FGX_DEVICE_CUDA, nullptr);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  fgx_status call() { return fgx_op_call(op_, args(), nargs(), outs(), nouts(), kStream); }
  fgx_status prepare() {
    return fgx_context_prepare(context_, op_, args(), nargs(), outs(), nouts());
  }
  fgx_status create_plan() {
    fgx_plan_destroy(plan_);
    plan_ = nullptr;
    return fgx_plan_create(op_, args(), nargs(), outs(), nouts(), &plan_);
  }
  fgx_status run_plan() {
    return fgx_plan_run(plan_, addresses_.data(), static_cast<int32_t>(addresses_.size()), kStream);
  }
  fgx_status refresh_plan() { return fgx_plan_refresh(plan_); }
  fgx_status workspace() {
    size_t bytes = 0;
    return fgx_op_workspace(op_, args(), nargs(), outs(), nouts(), &bytes);
  }
  fgx_status explain() {
    fgx_string* text = nullptr;
    const fgx_status status = fgx_op_explain(op_, args(), nargs(), outs(), nouts(), &text);
    fgx_string_destroy(text);
    return status;
  }
  // A report may tell of failures: that is what it is for.
  using Request = fgx_status (*)(fgx_context*, const char*, fgx_string**);
  fgx_status request(Request function, const std::string& text) {
    fgx_string* report = nullptr;
    const fgx_status status = function(context_, text.c_str(), &report);
    fgx_string_destroy(report);
    return status;
  }
  int64_t counter(const std::string& name) {
    fgx_string* text = nullptr;
    EXPECT_EQ(fgx_context_counters(context_, &text), FGX_OK);
    const std::string all(fgx_string_data(text), fgx_string_size(text));
    fgx_string_destroy(text);
    const size_t at = all.find("\"" + name + "\":");
    EXPECT_NE(at, std::string::npos) << name << " in " << all;
    return at == std::string::npos ? -1 : std::stoll(all.substr(at + name.size() + 3));
  }
  const char* name() const { return tested_.name; }

 private:
  const fgx_value* args() const { return operands_.args.data(); }
  int32_t nargs() const { return static_cast<int32_t>(operands_.args.size()); }
  fgx_tensor* const* outs() const { return operands_.outs.data(); }
  int32_t nouts() const { return static_cast<int32_t>(operands_.outs.size()); }

  const TestedOperator& tested_;
  Operands operands_;
  std::vector<void*> addresses_;
  fgx_context* context_ = nullptr;
  fgx_op* op_ = nullptr;
  fgx_plan* plan_ = nullptr;
};

// A way into the library: what goes before, without faults, and what is tried with them.
struct Act {
  const char* name;
  std::function<fgx_status(Machine&)> before;
  std::function<fgx_status(Machine&)> run;
  bool every_operator = false;  // else a few
};

const Act kActs[] = {
    {"cold call", [](Machine&) { return FGX_OK; }, [](Machine& m) { return m.call(); }, true},
    {"warm call",
     [](Machine& m) {
       const fgx_status status = m.call();
       return status == FGX_OK ? m.call() : status;
     },
     [](Machine& m) { return m.call(); }},
    {"prepare", [](Machine&) { return FGX_OK; }, [](Machine& m) { return m.prepare(); }},
    {"prepared call", [](Machine& m) { return m.prepare(); }, [](Machine& m) { return m.call(); }},
    {"plan", [](Machine&) { return FGX_OK; }, [](Machine& m) { return m.create_plan(); }},
    {"planned run", [](Machine& m) { return m.create_plan(); },
     [](Machine& m) { return m.run_plan(); }, true},
    {"refresh", [](Machine& m) { return m.create_plan(); },
     [](Machine& m) { return m.refresh_plan(); }},
    {"workspace", [](Machine&) { return FGX_OK; }, [](Machine& m) { return m.workspace(); }},
    {"explain", [](Machine&) { return FGX_OK; }, [](Machine& m) { return m.explain(); }},
};

std::string message() { return fgx_error_message(fgx_last_error()); }

// What holds after every act, whatever became of it.
void expect_nothing_left(void* current, size_t arenas) {
  EXPECT_EQ(g_gpu.current, current);
  EXPECT_EQ(g_gpu.capture_mode, 0);
  EXPECT_TRUE(g_gpu.events.empty());
  EXPECT_TRUE(g_gpu.streams.empty());
  EXPECT_LE(g_gpu.memory.size(), arenas);
  EXPECT_EQ(g_gpu.strays, 0);
  for (const auto& [device, times] : g_gpu.retained) EXPECT_EQ(times, 1) << device;
  // A module is loaded once, into the device's primary context.
  EXPECT_LE(g_gpu.loaded.size(), 3u);
  for (const auto& [context, code] : g_gpu.loaded) EXPECT_EQ(context, fake_context(0));
}

// The error is the fault's, by name, and says of what operator.
void expect_told(const Machine& machine, const Fault& fault, fgx_status status) {
  if (status == FGX_OK) return;
  const std::string text = message();
  EXPECT_NE(text.find("FAKE_ERROR (cuda " + std::to_string(fault.status) + ")"), std::string::npos)
      << text;
  EXPECT_NE(std::string(fgx_error_operator(fgx_last_error())).find(machine.name()),
            std::string::npos)
      << "'" << fgx_error_operator(fgx_last_error()) << "': " << text;
  if (fault.reach == Reach::kContext) {
    EXPECT_EQ(status, FGX_DEVICE) << text;
    EXPECT_NE(text.find("context is lost"), std::string::npos) << text;
  } else {
    EXPECT_TRUE(status == FGX_DEVICE || status == FGX_OUT_OF_MEMORY ||
                status == FGX_FALLBACK_FAILED)
        << fgx_status_string(status) << ": " << text;
    if (fault.status == 2) {
      EXPECT_NE(status, FGX_DEVICE) << text;
    }
  }
}

// One trial; false when the act makes fewer driver calls than that.
bool fails_at(int n, const TestedOperator& tested, const Act& act, const Fault& fault,
              void* current) {
  Machine machine(tested, current);
  EXPECT_EQ(act.before(machine), FGX_OK) << message();
  g_gpu.reach = fault.reach;
  g_gpu.fail_status = fault.status;
  g_gpu.fail_at = n;
  const size_t launches = g_gpu.launches.size();
  const fgx_status status = act.run(machine);
  const bool reached = g_gpu.fail_at < 0;
  g_gpu.fail_at = -1;
  if (!reached) {
    EXPECT_EQ(status, FGX_OK) << message();
  }
  expect_told(machine, fault, status);
  constexpr size_t kArenas = 1;
  expect_nothing_left(current, kArenas);
  // Again: the next call works, or meets the same fault.
  const fgx_status again = act.run(machine);
  if (fault.reach == Reach::kOnce) {
    EXPECT_EQ(again, FGX_OK) << message();
    if (act.run(machine) == FGX_OK && g_gpu.launches.size() > launches) {
      const size_t before = g_gpu.launches.size();
      EXPECT_EQ(act.run(machine), FGX_OK);
      EXPECT_GT(g_gpu.launches.size(), before);
    }
  } else {
    expect_told(machine, fault, again);
    if (fault.reach == Reach::kContext) {
      for (int i = 0; i < 5; ++i) expect_told(machine, fault, act.run(machine));
      EXPECT_EQ(machine.counter("breaker_openings"), 0) << "for what is nobody's fault";
    }
  }
  expect_nothing_left(current, kArenas);
  return reached;
}

TEST(GpuFault, EveryDriverCallOfEveryWayInFails) {
  void* const currents[] = {nullptr, fake_context(1, true)};
  for (const TestedOperator& tested : kOperators) {
    const std::string operator_name = tested.name;
    const bool few = operator_name == "add" || operator_name == "softmax" || operator_name == "sum";
    for (const Act& act : kActs) {
      if (!act.every_operator && !few) continue;
      for (const Fault& fault : kFaults) {
        if (fault.status == 719 && !act.every_operator) continue;  // reaches as far as 700
        int n = 0;
        while (n < 300) {
          SCOPED_TRACE(std::string(tested.name) + ", " + act.name + ", " + fault.name +
                       " at call " + std::to_string(n));
          const bool reached = fails_at(n, tested, act, fault, currents[n % 2]);
          if (::testing::Test::HasFailure()) return;
          if (!reached) break;
          ++n;
        }
        EXPECT_LT(n, 300) << tested.name << ", " << act.name;
        // Explaining and asking for workspace may need nothing of the driver once a device is known.
        if (std::string(act.name).find("call") != std::string::npos) {
          EXPECT_GE(n, 2) << tested.name;
        }
      }
    }
  }
}

// Requests answer with a report in which what failed is told, or with the error; nothing of theirs stays on the
// device.
void expect_requests_let_go(Machine::Request request, const std::string& text) {
  const TestedOperator& tested = kOperators[0];
  int total = 0;
  {
    Machine machine(tested, nullptr);
    ASSERT_EQ(machine.request(request, text), FGX_OK) << message();
    total = g_gpu.calls;
    expect_nothing_left(nullptr, 0);
  }
  ASSERT_GT(total, 50);
  for (const Fault& fault : kFaults) {
    // Early calls one by one, then farther and farther apart.
    for (int n = 0; n < total; n += 1 + n / 5) {
      SCOPED_TRACE(std::string(fault.name) + " at call " + std::to_string(n) + " of " +
                   std::to_string(total));
      Machine machine(tested, nullptr);
      g_gpu.reach = fault.reach;
      g_gpu.fail_status = fault.status;
      g_gpu.fail_at = n;
      const fgx_status status = machine.request(request, text);
      if (status != FGX_OK) {
        EXPECT_NE(message().find("FAKE_ERROR"), std::string::npos) << message();
      }
      EXPECT_EQ(g_gpu.current, nullptr);
      EXPECT_EQ(g_gpu.capture_mode, 0);
      EXPECT_EQ(g_gpu.strays, 0);
      // Of a device that answers nothing, nothing can be given back.
      if (fault.reach != Reach::kEverything) expect_nothing_left(nullptr, 0);
      if (fault.reach == Reach::kOnce && n % 4 == 0) {
        g_gpu.fail_at = -1;
        EXPECT_EQ(machine.request(request, text), FGX_OK) << message();
      }
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(GpuFault, VerificationLetsGoOfWhatItTook) {
  expect_requests_let_go(&fgx_context_verify,
                         R"j({"ops": ["relu"], "dtypes": ["float32"], "seeds": [1],)j"
                         R"j( "cases": "quick", "device": "cuda:0"})j");
}

TEST(GpuFault, TuningLetsGoOfWhatItTook) {
  expect_requests_let_go(&fgx_context_tune,
                         R"j({"calls": ["mm(f16[4,64], f16[64,4224])"], "repeat": 10,)j"
                         R"j( "device": "cuda:0"})j");
}

TEST(GpuFault, MeasuringLetsGoOfWhatItTook) {
  expect_requests_let_go(&fgx_context_benchmark,
                         R"j({"calls": ["sum(f32[1,65536], dim=[1])"], "repeat": 10,)j"
                         R"j( "warmup": 3, "device": "cuda:0"})j");
}

}  // namespace
}  // namespace fgx::testing_support
