// SPDX-License-Identifier: Apache-2.0
// Measures what dispatch costs beyond the kernel, through the public functions: warm calls, plans, cold
// calls, new shapes in known cells, and two traces of a serving model (bench/traces).
//
// The kernel is a host function that does nothing, so that whole times are dispatch; `add` on small
// tensors shows the same with a real kernel: subtract its plan. Traces run no kernel either: every
// operator gets such a function, and tensors lie in address space that is never touched.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "flaggems_exp.h"

namespace {

using Clock = std::chrono::steady_clock;

void check(fgx_status status) {
  if (status == FGX_OK) return;
  std::fprintf(stderr, "%s: %s\n", fgx_status_string(status), fgx_error_message(fgx_last_error()));
  std::abort();
}

void do_nothing(void*, const fgx_invocation*, fgx_callback_error*) {}

// A context without the environment, with no-op implementations of the operators named.
class BenchContext {
 public:
  explicit BenchContext(const std::vector<std::string>& replaced = {}) {
    fgx_context_options options;
    std::memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.flags = FGX_CONTEXT_IGNORE_ENVIRONMENT;
    check(fgx_context_create(&options, &context_));
    for (const std::string& op : replaced) replace(op);
    if (!replaced.empty()) check(fgx_context_enable(context_, "custom"));
  }
  ~BenchContext() { fgx_context_destroy(context_); }
  BenchContext(const BenchContext&) = delete;
  BenchContext& operator=(const BenchContext&) = delete;

  void replace(const std::string& op) {
    const std::string name = "custom.bench." + op;
    fgx_implementation_desc desc;
    std::memset(&desc, 0, sizeof desc);
    desc.struct_size = sizeof desc;
    desc.op = op.c_str();
    desc.name = name.c_str();
    desc.tier = FGX_TIER_SPECIALIZED;
    desc.flags = FGX_IMPLEMENTATION_IN_PLACE;
    desc.run = do_nothing;
    check(fgx_implementation_register(context_, &desc));
  }
  fgx_context* get() const { return context_; }
  fgx_op* op(const char* name) const {
    fgx_op* found = nullptr;
    check(fgx_context_get_op(context_, name, &found));
    return found;
  }
  int64_t counter(const char* name) const {
    fgx_string* text = nullptr;
    check(fgx_context_counters(context_, &text));
    const std::string json = fgx_string_data(text);
    fgx_string_destroy(text);
    const size_t at = json.find(std::string("\"") + name + "\":");
    return at == std::string::npos ? -1 : std::atoll(json.c_str() + json.find(':', at) + 1);
  }

 private:
  fgx_context* context_ = nullptr;
};

// out = a + b on float32, on memory that all calls share.
struct AddCall {
  explicit AddCall(std::vector<int64_t> dims) : shape(std::move(dims)) {
    alignas(64) static float memory[3][1 << 16];
    for (int i = 0; i < 3; ++i) {
      fgx_tensor& tensor = tensors[i];
      std::memset(&tensor, 0, sizeof tensor);
      tensor.data = memory[i];
      tensor.device = {FGX_DEVICE_CPU, 0};
      tensor.ndim = static_cast<int32_t>(shape.size());
      tensor.dtype = {FGX_DTYPE_FLOAT, 32, 1};
      tensor.shape = shape.data();
      pointers[i] = tensor.data;
    }
    std::memset(args, 0, sizeof args);
    for (int i = 0; i < 2; ++i) {
      args[i].tag = FGX_TAG_TENSOR;
      args[i].as.tensor = &tensors[i];
    }
    outs[0] = &tensors[2];
  }
  std::vector<int64_t> shape;
  fgx_tensor tensors[3];
  fgx_value args[2];
  fgx_tensor* outs[1];
  void* pointers[3];
};

void warm_call_beyond_kernel(benchmark::State& state) {
  const BenchContext context({"add"});
  fgx_op* const add = context.op("add");
  AddCall call({4, 4});
  for (int i = 0; i < 4096; ++i) check(fgx_op_call(add, call.args, 2, call.outs, 1, nullptr));
  for (auto _ : state) {
    benchmark::DoNotOptimize(fgx_op_call(add, call.args, 2, call.outs, 1, nullptr));
  }
}
BENCHMARK(warm_call_beyond_kernel);

void plan_beyond_kernel(benchmark::State& state) {
  const BenchContext context({"add"});
  AddCall call({4, 4});
  fgx_plan* plan = nullptr;
  check(fgx_plan_create(context.op("add"), call.args, 2, call.outs, 1, &plan));
  for (auto _ : state) benchmark::DoNotOptimize(fgx_plan_run(plan, call.pointers, 3, nullptr));
  fgx_plan_destroy(plan);
}
BENCHMARK(plan_beyond_kernel);

void warm_call_add(benchmark::State& state) {
  const BenchContext context;
  fgx_op* const add = context.op("add");
  AddCall call({state.range(0), state.range(1)});
  for (int i = 0; i < 4096; ++i) check(fgx_op_call(add, call.args, 2, call.outs, 1, nullptr));
  for (auto _ : state) {
    benchmark::DoNotOptimize(fgx_op_call(add, call.args, 2, call.outs, 1, nullptr));
  }
}
BENCHMARK(warm_call_add)->Args({1, 1})->Args({4, 4})->Args({16, 64});

void plan_add(benchmark::State& state) {
  const BenchContext context;
  AddCall call({state.range(0), state.range(1)});
  fgx_plan* plan = nullptr;
  check(fgx_plan_create(context.op("add"), call.args, 2, call.outs, 1, &plan));
  for (auto _ : state) benchmark::DoNotOptimize(fgx_plan_run(plan, call.pointers, 3, nullptr));
  fgx_plan_destroy(plan);
}
BENCHMARK(plan_add)->Args({1, 1})->Args({4, 4})->Args({16, 64});

// A configuration change empties both levels; only the call after it is timed.
void cold_call(benchmark::State& state) {
  const BenchContext context;
  fgx_op* const add = context.op("add");
  AddCall call({4, 4});
  bool on = false;
  for (auto _ : state) {
    check(fgx_context_set_config(context.get(), "deterministic", on ? "true" : "false"));
    on = !on;
    const Clock::time_point start = Clock::now();
    check(fgx_op_call(add, call.args, 2, call.outs, 1, nullptr));
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
  }
}
BENCHMARK(cold_call)->UseManualTime();

// Shapes whose dims round up to the same powers of two, twice as many as level 1 holds. The kernel's
// own work, at most 2048 elements, is in the time.
void new_shape_in_known_cell(benchmark::State& state) {
  const BenchContext context;
  fgx_op* const add = context.op("add");
  std::vector<std::unique_ptr<AddCall>> calls;
  for (int64_t i = 0; i < 128; ++i) {
    calls.push_back(std::make_unique<AddCall>(
        std::vector<int64_t>{5 + i % 4, 5 + i / 4 % 4, 5 + i / 16 % 4, 3 + i / 64}));
  }
  for (const auto& call : calls) {
    check(fgx_op_call(add, call->args, 2, call->outs, 1, nullptr));
  }
  const int64_t cold = context.counter("cold_decisions");
  const int64_t level1 = context.counter("level1_hits");
  size_t next = 0;
  for (auto _ : state) {
    AddCall& call = *calls[next++ % calls.size()];
    benchmark::DoNotOptimize(fgx_op_call(add, call.args, 2, call.outs, 1, nullptr));
  }
  state.counters["cold"] = static_cast<double>(context.counter("cold_decisions") - cold);
  state.counters["level1"] = static_cast<double>(context.counter("level1_hits") - level1);
}
BENCHMARK(new_shape_in_known_cell);

// ---- traces

struct Trace {
  std::vector<std::string> before, layer, after;
  std::vector<std::vector<int64_t>> steps;
  int64_t layers = 0;
};

// Reads our own generated files: one known layout, no general JSON.
Trace read_trace(const std::string& path) {
  std::ifstream file(path);
  std::stringstream buffer;
  buffer << file.rdbuf();
  const std::string text = buffer.str();
  if (text.empty()) {
    std::fprintf(stderr, "%s: not found; run from the repository root or set FGX_TRACES\n",
                 path.c_str());
    std::abort();
  }
  const auto list = [&](const char* name) {
    std::vector<std::string> items;
    size_t at = text.find('[', text.find(std::string("\"") + name + "\":"));
    while (true) {
      at = text.find_first_of("\"]", at + 1);
      if (text[at] == ']') return items;
      const size_t end = text.find('"', at + 1);
      items.push_back(text.substr(at + 1, end - at - 1));
      at = end;
    }
  };
  Trace trace;
  trace.before = list("before");
  trace.layer = list("layer");
  trace.after = list("after");
  trace.layers = std::atoll(text.c_str() + text.find("\"layers\":") + 9);
  const std::string steps = text.substr(text.find("\"steps\":"));
  static const std::regex row("\\[(\\d+), (\\d+), (\\d+)\\]");
  for (std::sregex_iterator it(steps.begin(), steps.end(), row), end; it != end; ++it) {
    trace.steps.push_back({std::stoll((*it)[1]), std::stoll((*it)[2]), std::stoll((*it)[3])});
  }
  return trace;
}

std::string filled_in(std::string expression, const std::vector<int64_t>& step) {
  const char* names[] = {"{T}", "{B}", "{L}"};
  for (int i = 0; i < 3; ++i) {
    for (size_t at; (at = expression.find(names[i])) != std::string::npos;) {
      expression.replace(at, 3, std::to_string(step[static_cast<size_t>(i)]));
    }
  }
  return expression;
}

// A parsed call whose tensors point into reserved address space.
class TraceCall {
 public:
  TraceCall(fgx_context* context, const std::string& expression, char* space) {
    check(fgx_call_parse(context, expression.c_str(), 0, 0, &call_));
    int32_t nargs = 0;
    int32_t nouts = 0;
    const fgx_value* args = fgx_call_args(call_, &nargs);
    fgx_tensor* const* outs = fgx_call_outs(call_, &nouts);
    tensors_.resize(static_cast<size_t>(nargs + nouts));
    size_t used = 0;
    const auto place = [&](const fgx_tensor& tensor) {
      fgx_tensor& copy = tensors_[used];
      copy = tensor;
      copy.data = space + used * kSpacing;
      ++used;
      return &copy;
    };
    for (int32_t i = 0; i < nargs; ++i) {
      args_.push_back(args[i]);
      if (args[i].tag == FGX_TAG_TENSOR) args_.back().as.tensor = place(*args[i].as.tensor);
    }
    for (int32_t i = 0; i < nouts; ++i) outs_.push_back(place(*outs[i]));
    op_ = fgx_call_op(call_);
  }
  ~TraceCall() { fgx_call_destroy(call_); }
  TraceCall(const TraceCall&) = delete;
  TraceCall& operator=(const TraceCall&) = delete;
  // Reads what run() will pass: a program has just written its arguments, so they are in its cache.
  void touch() const {
    int64_t sum = 0;
    for (const fgx_value& value : args_) sum += value.tag;
    for (const fgx_tensor* out : outs_) sum += out->ndim;
    for (const fgx_tensor& tensor : tensors_) {
      for (int32_t i = 0; i < tensor.ndim; ++i) sum += tensor.shape[i];
    }
    benchmark::DoNotOptimize(sum);
  }
  void run() const {
    check(fgx_op_call(op_, args_.data(), static_cast<int32_t>(args_.size()), outs_.data(),
                      static_cast<int32_t>(outs_.size()), nullptr));
  }
  static constexpr size_t kSpacing = size_t{16} << 30;
  static constexpr size_t kMost = 8;

 private:
  fgx_call* call_ = nullptr;
  fgx_op* op_ = nullptr;
  std::vector<fgx_tensor> tensors_;
  std::vector<fgx_value> args_;
  std::vector<fgx_tensor*> outs_;
};

void trace(benchmark::State& state, const char* file) {
  const char* folder = std::getenv("FGX_TRACES");
  const Trace source =
      read_trace(std::string(folder == nullptr ? "bench/traces" : folder) + "/" + file);
  std::set<std::string> names;
  for (const auto* list : {&source.before, &source.layer, &source.after}) {
    for (const std::string& call : *list) names.insert(call.substr(0, call.find('(')));
  }
  void* space = mmap(nullptr, TraceCall::kSpacing * TraceCall::kMost, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) {
    state.SkipWithError("no address space");
    return;
  }
  for (auto _ : state) {
    const BenchContext context({names.begin(), names.end()});
    // Parsed ahead: the trace is of dispatch, not of the parser.
    std::vector<std::vector<std::unique_ptr<TraceCall>>> steps;
    for (const auto& step : source.steps) {
      auto& calls = steps.emplace_back();
      for (const auto* list : {&source.before, &source.layer, &source.after}) {
        for (const std::string& expression : *list) {
          calls.push_back(std::make_unique<TraceCall>(context.get(), filled_in(expression, step),
                                                      static_cast<char*>(space)));
        }
      }
    }
    const size_t before = source.before.size();
    const size_t layer = source.layer.size();
    std::vector<double> times;
    const auto timed = [&](const TraceCall& call) {
      call.touch();
      const Clock::time_point start = Clock::now();
      call.run();
      times.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    };
    const Clock::time_point start = Clock::now();
    for (const auto& calls : steps) {
      for (size_t i = 0; i < before; ++i) timed(*calls[i]);
      for (int64_t l = 0; l < source.layers; ++l) {
        for (size_t i = 0; i < layer; ++i) timed(*calls[before + i]);
      }
      for (size_t i = before + layer; i < calls.size(); ++i) timed(*calls[i]);
    }
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
    std::sort(times.begin(), times.end());
    const double count = static_cast<double>(times.size());
    const double level1 = static_cast<double>(context.counter("level1_hits"));
    const double level2 = static_cast<double>(context.counter("level2_hits"));
    state.counters["calls"] = count;
    state.counters["level1_hits_%"] = 100 * level1 / count;
    state.counters["both_levels_%"] = 100 * (level1 + level2) / count;
    state.counters["cold"] = static_cast<double>(context.counter("cold_decisions"));
    state.counters["p50_ns"] = times[times.size() / 2];
    state.counters["p99_ns"] = times[static_cast<size_t>(count * 0.99)];
    state.counters["p99.9_ns"] = times[static_cast<size_t>(count * 0.999)];
    // What the two clock readings around each call cost, to be subtracted by the reader.
    std::vector<double> empty;
    for (int i = 0; i < 10001; ++i) {
      const Clock::time_point begin = Clock::now();
      empty.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
    }
    std::nth_element(empty.begin(), empty.begin() + 5000, empty.end());
    state.counters["clock_ns"] = empty[5000];
  }
  munmap(space, TraceCall::kSpacing * TraceCall::kMost);
}
BENCHMARK_CAPTURE(trace, fixed_decode, "fixed_decode.json")->UseManualTime()->Iterations(1);
BENCHMARK_CAPTURE(trace, continuous_batching, "continuous_batching.json")
    ->UseManualTime()
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
