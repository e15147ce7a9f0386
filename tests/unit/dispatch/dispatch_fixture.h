// SPDX-License-Identifier: Apache-2.0
// A small catalogue of made-up operators whose kernels say who they are, for the tests of dispatch.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "dispatch/context.h"
#include "dispatch/invoke.h"
#include "flaggems_exp.h"
#include "sanitizers.h"
#include "schema/catalogue.h"
#include "schema/type_rules.h"

namespace fgx::testing {

// What the made-up kernels do, set by tests. `tag` is added to every element by a kernel's own number,
// so that an output tells who computed it.
struct KernelControl {
  std::atomic<int> calls{0};
  std::atomic<int> prepares{0};
  std::atomic<int> fail_code{0};    // run() throws this code while it is not 0
  std::atomic<int> refuse_code{0};  // prepare() throws this code
  std::atomic<int> write_before_failing{0};
  std::atomic<int> slow_ns{0};
  std::atomic<double> wrong_by{0};
};

inline constexpr int kKernels = 6;
inline KernelControl g_kernels[kKernels];

inline void reset_kernels() {
  for (KernelControl& kernel : g_kernels) {
    kernel.calls = 0;
    kernel.prepares = 0;
    kernel.fail_code = 0;
    kernel.refuse_code = 0;
    kernel.write_before_failing = 0;
    kernel.slow_ns = 0;
    kernel.wrong_by = 0;
  }
}

struct StubState {
  int64_t numel;
  int64_t in_step;
  int64_t out_step;
};

// out = self * 2 + alpha (float32), whatever the number; `calls` tells who ran.
template <int number>
void stub_run(const KernelState& state, const RunArgs& args) {
  KernelControl& control = g_kernels[number];
  const StubState& stub = state.as<StubState>();
  control.calls.fetch_add(1, std::memory_order_relaxed);
  const auto* in = static_cast<const float*>(args.data[0]);
  auto* out = static_cast<float*>(args.data[1]);
  const auto write = [&] {
    const double wrong = control.wrong_by.load(std::memory_order_relaxed);
    for (int64_t i = 0; i < stub.numel; ++i) {
      out[i * stub.out_step] =
          static_cast<float>(in[i * stub.in_step] * 2.0 + args.scalars[0].as_double() + wrong);
    }
  };
  const int code = control.fail_code.load(std::memory_order_relaxed);
  if (code != 0) {
    if (control.write_before_failing.load(std::memory_order_relaxed) != 0) write();
    throw Error(code, "stub " + std::to_string(number) + " was told to fail");
  }
  const int slow = control.slow_ns.load(std::memory_order_relaxed);
  if (slow != 0) {
    timespec pause{slow / 1000000000, slow % 1000000000};
    nanosleep(&pause, nullptr);
  }
  write();
}

template <int number>
RunFn stub_prepare(const Call& call, KernelState& state) {
  KernelControl& control = g_kernels[number];
  control.prepares.fetch_add(1, std::memory_order_relaxed);
  const int code = control.refuse_code.load(std::memory_order_relaxed);
  if (code != 0) throw Error(code, "stub " + std::to_string(number) + " refuses");
  const TensorView& in = call.inputs()[0];
  const TensorView& out = call.outputs()[0];
  StubState& stub = state.emplace<StubState>();
  stub.numel = in.numel;
  stub.in_step = in.ndim == 0 ? 0 : in.stride(-1);
  stub.out_step = out.ndim == 0 ? 0 : out.stride(-1);
  return stub_run<number>;
}

inline void stub_oracle(const Call& call, const std::vector<OracleTensor>& inputs,
                        std::vector<OracleTensor>& outputs) {
  outputs[0].reals.resize(inputs[0].reals.size());
  for (size_t i = 0; i < inputs[0].reals.size(); ++i) {
    outputs[0].reals[i] = inputs[0].reals[i] * 2 + call.scalar(1).as_double();
  }
}

inline void same_as_self(const Call& call, std::vector<OutputSpec>& outputs) {
  OutputSpec& spec = outputs.emplace_back();
  spec.dtype = call.inputs()[0].dtype;
  spec.shape = Dims(call.inputs()[0].dims());
}

template <int number>
ImplementationDef stub(std::string name, Group group, Tier tier,
                       std::vector<Constraint> constraints = {}) {
  ImplementationDef def;
  def.name = std::move(name);
  def.group = group;
  def.tier = tier;
  def.constraints = std::move(constraints);
  def.prepare = stub_prepare<number>;
  return def;
}

// "aten::stub(Tensor self, Scalar alpha=1, str mode='none', int[]? dim=None) -> Tensor" with
// experimental.generated.stub_small (0: rows up to 16), experimental.generated.stub (1),
// stable.cpu.stub (2), native.vendor.stub (3).
inline OperatorDef stub_operator() {
  OperatorDef op;
  op.schema_text =
      "aten::stub(Tensor self, Scalar alpha=1, str mode='none', int[]? dim=None) -> Tensor";
  op.infer = same_as_self;
  op.oracle = stub_oracle;
  op.dynamic_attributes = {"alpha"};
  op.choices = {{"mode", {"none", "tanh"}}};
  op.in_place_arguments = {"self"};
  op.aliases = {"stubby"};
  op.examples = {"stub(f32[16])"};
  op.implementations = {
      stub<0>("experimental.generated.stub_small", Group::kGenerated, Tier::kSpecialized,
              {{Constraint::Kind::kNumel, 0, 0, {}, 0, 16}}),
      stub<1>("experimental.generated.stub", Group::kGenerated, Tier::kGeneral),
      stub<2>("stable.cpu.stub", Group::kStable, Tier::kStable),
      stub<3>("native.vendor.stub", Group::kNative, Tier::kNative),
  };
  return op;
}

// A float32 tensor with its memory.
class Buffer {
 public:
  explicit Buffer(std::vector<int64_t> shape, std::vector<int64_t> strides = {}, int64_t offset = 0,
                  float fill = 1)
      : shape_(std::move(shape)), strides_(std::move(strides)) {
    int64_t size = 1;
    for (size_t i = 0; i < shape_.size(); ++i) {
      const int64_t stride = strides_.empty() ? 1 : strides_[i];
      size = strides_.empty() ? size * shape_[i] : size + (shape_[i] - 1) * stride;
    }
    count_ = size < 0 ? 0 : size;
    memory_.assign(static_cast<size_t>(count_ + offset) + 32, fill);
    tensor_.data = reinterpret_cast<void*>(
        ((reinterpret_cast<uintptr_t>(memory_.data()) + 63) & ~uintptr_t{63}) +
        static_cast<uintptr_t>(offset) * sizeof(float));
    tensor_.device = {FGX_DEVICE_CPU, 0};
    tensor_.ndim = static_cast<int32_t>(shape_.size());
    tensor_.dtype = {FGX_DTYPE_FLOAT, 32, 1};
    tensor_.shape = shape_.data();
    tensor_.strides = strides_.empty() ? nullptr : strides_.data();
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  fgx_tensor* get() { return &tensor_; }
  fgx_tensor* operator->() { return &tensor_; }
  float* data() { return static_cast<float*>(tensor_.data); }
  fgx_value value() {
    fgx_value result{};
    result.tag = FGX_TAG_TENSOR;
    result.as.tensor = &tensor_;
    return result;
  }

 private:
  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  int64_t count_ = 0;
  std::vector<float> memory_;
  fgx_tensor tensor_{};
};

inline fgx_value int_value(int64_t integer) {
  fgx_value value{};
  value.tag = FGX_TAG_INT;
  value.as.integer = integer;
  return value;
}
inline fgx_value float_value(double real) {
  fgx_value value{};
  value.tag = FGX_TAG_FLOAT;
  value.as.real = real;
  return value;
}
inline fgx_value string_value(const char* text) {
  fgx_value value{};
  value.tag = FGX_TAG_STRING;
  value.size = static_cast<uint32_t>(std::string_view(text).size());
  value.as.string = text;
  return value;
}

inline int64_t g_test_clock = 1;

// A catalogue with the stub operator, a context over it, and short ways to call.
class DispatchTest : public ::testing::Test {
 protected:
  DispatchTest() {
    reset_kernels();
    catalogue_ = std::make_unique<Catalogue>();
    catalogue_->add(stub_operator());
    open();
  }

  void open(Context::Options options = {}) {
    options.read_environment = false;
    options.clock = [] { return g_test_clock; };
    if (!options.records.lookup) {
      options.records.lookup = [](const std::string&) {
        RecordFacts facts;
        facts.known = true;
        facts.status = "VALIDATED";
        return facts;
      };
    }
    context_ = Context::create(*catalogue_, options);
    op_ = &context_->op("stub");
  }

  static fgx_invocation invocation(const std::vector<fgx_value>& args,
                                   const std::vector<fgx_tensor*>& outs) {
    fgx_invocation call{};
    call.struct_size = sizeof call;
    call.args = args.data();
    call.nargs = static_cast<int32_t>(args.size());
    call.outs = outs.data();
    call.nouts = static_cast<int32_t>(outs.size());
    return call;
  }

  // Runs and returns OK or the code that was thrown; the message is kept.
  fgx_status run(fgx_op& op, const std::vector<fgx_value>& args,
                 const std::vector<fgx_tensor*>& outs, uint32_t flags = 0) {
    fgx_invocation call = invocation(args, outs);
    call.flags = flags;
    try {
      invoke(op, call);
      return FGX_OK;
    } catch (const Error& error) {
      last_ = std::make_unique<Error>(error);
      return error.code();
    }
  }
  fgx_status run(Buffer& in, Buffer& out) { return run(*op_, {in.value()}, {out.get()}); }

  static int calls(int kernel) { return g_kernels[kernel].calls; }
  int64_t level1_hits() const {
    return context_->counters()->level1_hits +
           Level1Table::unsettled_hits(context_->counters().get());
  }
  int64_t level2_hits() const { return context_->counters()->level2_hits; }
  int64_t cold() const { return context_->counters()->cold_decisions; }

  std::unique_ptr<Catalogue> catalogue_;
  std::shared_ptr<Context> context_;
  fgx_op* op_ = nullptr;
  std::unique_ptr<Error> last_;
};

}  // namespace fgx::testing
