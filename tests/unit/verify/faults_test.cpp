// SPDX-License-Identifier: Apache-2.0
// Implementations with one planted fault each: verification must name every one of them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "unit/verify/fixture.h"
#include "verify/elements.h"
#include "verify/operator_verifier.h"

namespace fgx {
namespace {

using test::call;
using test::make_implementation;
using test::op;
using test::tensor;

// What the faulty kernels know of their call.
struct Geometry {
  TensorView in;
  TensorView out;
  std::vector<int64_t> dims;
};

using Kernel = void (*)(const Geometry& geometry, void* in, void* out);

template <Kernel kernel>
RunFn prepare(const Call& call, KernelState& state) {
  Geometry& geometry = state.emplace<Geometry>();
  geometry.in = call.inputs()[0];
  geometry.out = call.outputs()[0];
  for (const TensorView* view : {&call.inputs()[0], &call.outputs()[0]}) {
    geometry.dims.insert(geometry.dims.end(), view->shape, view->shape + view->ndim);
    geometry.dims.insert(geometry.dims.end(), view->strides, view->strides + view->ndim);
  }
  const int64_t* dims = geometry.dims.data();
  for (TensorView* view : {&geometry.in, &geometry.out}) {
    view->shape = dims;
    view->strides = dims + view->ndim;
    dims += 2 * view->ndim;
  }
  return [](const KernelState& prepared, const RunArgs& args) {
    kernel(prepared.as<Geometry>(), args.data[0], args.data[1]);
  };
}

// Doubles element by element, leaving the change of each value to `change(index, doubled)`.
template <typename Change>
void twice_with(const Geometry& geometry, void* in, void* out, Change&& change) {
  TensorView source = geometry.in;
  source.data = in;
  std::vector<double> values;
  for_each_element(source, [&](void* element, int64_t) {
    values.push_back(2 * load_real(element, source.dtype));
  });
  TensorView target = geometry.out;
  target.data = out;
  for_each_element(target, [&](void* element, int64_t i) {
    double value = values[static_cast<size_t>(i)];
    if (change(i, value)) store_real(element, target.dtype, value);
  });
}

void right(const Geometry& g, void* in, void* out) {
  twice_with(g, in, out, [](int64_t, double&) { return true; });
}
void one_element_off(const Geometry& g, void* in, void* out) {
  twice_with(g, in, out, [&](int64_t i, double& value) {
    // float32 allows 10.9 ulp of the result, and 2 of the input.
    if (i == g.out.numel / 2) value += 15 * ulp_at(DType::kFloat32, value);
    return true;
  });
}
void swallows_nan(const Geometry& g, void* in, void* out) {
  twice_with(g, in, out, [](int64_t, double& value) {
    if (std::isnan(value)) value = 0;
    return true;
  });
}
void saturates(const Geometry& g, void* in, void* out) {
  twice_with(g, in, out, [](int64_t, double& value) {
    if (std::isinf(value)) value = std::copysign(1e30, value);
    return true;
  });
}
void leaves_the_tail(const Geometry& g, void* in, void* out) {
  twice_with(g, in, out, [&](int64_t i, double&) { return i < g.out.numel / 8 * 8; });
}
void does_nothing(const Geometry&, void*, void*) {}
void writes_behind(const Geometry& g, void* in, void* out) {
  right(g, in, out);
  int64_t last = 0;
  for (int d = 0; d < g.out.ndim; ++d) last += (g.out.shape[d] - 1) * g.out.strides[d];
  store_real(static_cast<char*>(out) + (last + 1) * size_of(g.out.dtype), g.out.dtype, 1.0);
}
void ignores_output_strides(const Geometry& g, void* in, void* out) {
  Geometry flat = g;
  const std::vector<int64_t> strides = contiguous_strides({g.out.shape, g.out.shape + g.out.ndim});
  flat.out.strides = strides.data();
  right(flat, in, out);
}
void changes_its_input(const Geometry& g, void* in, void* out) {
  right(g, in, out);
  store_real(in, g.in.dtype, 42.0);
}
void varies(const Geometry& g, void* in, void* out) {
  static int runs = 0;
  ++runs;
  twice_with(g, in, out, [](int64_t i, double& value) {
    if (i == 0 && runs % 2 == 0 && std::isfinite(value)) {
      value += ulp_at(DType::kFloat32, value);  // within the tolerance, yet different
    }
    return true;
  });
}
void seven_ulp_off(const Geometry& g, void* in, void* out) {
  twice_with(g, in, out, [](int64_t, double& value) {
    if (std::isfinite(value) && std::fabs(value) > 0.5) value += 7 * ulp_at(DType::kFloat32, value);
    return true;
  });
}
void fails(const Geometry&, void*, void*) { throw Error(FGX_DEVICE, "no luck"); }
void refuses(const Geometry&, void*, void*) { throw Error(FGX_UNSUPPORTED, "not this one"); }

std::vector<VerifyCase> cases_of_twice(DType dtype = DType::kFloat32) {
  const OperatorDef& twice = op("twice");
  std::vector<VerifyCase> cases;
  for (uint64_t seed = 0; seed < 2 * kDistributionCount; ++seed) {
    cases.push_back({call(twice, {tensor(dtype, {9, 13})}), seed});
    cases.push_back({call(twice, {tensor(dtype, {29})}), seed});
    cases.push_back({call(twice, {tensor(dtype, {9, 13}, {1, 9})}), seed});
  }
  cases.push_back({call(twice, {tensor(dtype, {})}), 0});
  cases.push_back({call(twice, {tensor(dtype, {4, 0})}), 0});
  return cases;
}

ImplementationVerdict verdict_of(PrepareFn prepare_fn, const std::vector<VerifyCase>& cases) {
  static const ThreadPool pool(1);
  const SubjectList subjects = {make_implementation(op("twice"), "custom.subject", prepare_fn)};
  return verify_operator(op("twice"), cases, subjects, nullptr, pool).implementations[0];
}

void expect_caught(PrepareFn prepare_fn, Fault fault) {
  const ImplementationVerdict verdict = verdict_of(prepare_fn, cases_of_twice());
  EXPECT_FALSE(verdict.passed());
  ASSERT_FALSE(verdict.failures.empty());
  bool named = false;
  for (const ReportedFailure& failure : verdict.failures) {
    named = named || failure.failure.fault == fault;
  }
  EXPECT_TRUE(named) << "reported: " << fault_name(verdict.failures[0].failure.fault) << ", wanted "
                     << fault_name(fault);
}

TEST(Faults, RightOnePasses) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    const ImplementationVerdict verdict = verdict_of(prepare<right>, cases_of_twice(dtype));
    EXPECT_TRUE(verdict.passed()) << to_json(verdict, "test::twice").dump_pretty();
    EXPECT_EQ(verdict.cases, static_cast<int>(cases_of_twice().size()));
    EXPECT_EQ(verdict.coverage.at(std::string(info(dtype).name)).size(), 4u);
  }
}

TEST(Faults, WrongValueAtOneElement) { expect_caught(prepare<one_element_off>, Fault::kValue); }
TEST(Faults, NanIsSwallowed) { expect_caught(prepare<swallows_nan>, Fault::kNan); }
TEST(Faults, InfinityBecomesFinite) { expect_caught(prepare<saturates>, Fault::kInf); }
TEST(Faults, TailIsNotWritten) { expect_caught(prepare<leaves_the_tail>, Fault::kUnwritten); }
TEST(Faults, NothingIsWritten) { expect_caught(prepare<does_nothing>, Fault::kUnwritten); }
TEST(Faults, WritesBehindTheOutput) { expect_caught(prepare<writes_behind>, Fault::kCanary); }
TEST(Faults, WritesIntoTheGaps) { expect_caught(prepare<ignores_output_strides>, Fault::kCanary); }
TEST(Faults, ChangesItsInput) { expect_caught(prepare<changes_its_input>, Fault::kInputChanged); }
TEST(Faults, VariesBetweenRuns) { expect_caught(prepare<varies>, Fault::kNondeterministic); }
TEST(Faults, FailureIsReported) { expect_caught(prepare<fails>, Fault::kError); }

TEST(Faults, RefusalIsNoFailureButProvesNothing) {
  const ImplementationVerdict verdict = verdict_of(prepare<refuses>, cases_of_twice());
  EXPECT_EQ(verdict.failed, 0);
  EXPECT_EQ(verdict.cases, 0);
  EXPECT_FALSE(verdict.passed());
}

TEST(Faults, WorseThanStableIsReported) {
  static const ThreadPool pool(1);
  // 7 ulp are within the tolerance of float32, but far from the stable one, which is exact.
  const SubjectList subjects = {
      make_implementation(op("twice"), "custom.subject", prepare<seven_ulp_off>),
      make_implementation(op("twice"), "stable.subject", prepare<right>, Group::kStable)};
  const auto cases = cases_of_twice();
  const OperatorVerdict verdict = verify_operator(op("twice"), cases, subjects, nullptr, pool);
  EXPECT_TRUE(verdict.implementations[1].passed());
  ASSERT_FALSE(verdict.implementations[0].failures.empty());
  EXPECT_EQ(verdict.implementations[0].failures[0].failure.fault, Fault::kWorseThanStable);
}

// Remembers its answer by the input's address.
struct Remembering {
  const void* input = nullptr;
  std::vector<float> answer;
};

void remember_by_address(void* user_data, const fgx_invocation* invocation, fgx_callback_error*) {
  auto& memory = *static_cast<Remembering*>(user_data);
  const fgx_tensor& in = *invocation->args[0].as.tensor;
  const fgx_tensor& out = *invocation->outs[0];
  const int64_t count = in.shape[0];
  if (memory.input != in.data || static_cast<int64_t>(memory.answer.size()) != count) {
    memory.input = in.data;
    memory.answer.clear();
    for (int64_t i = 0; i < count; ++i) {
      memory.answer.push_back(2 * static_cast<const float*>(in.data)[i]);
    }
  }
  std::memcpy(out.data, memory.answer.data(), static_cast<size_t>(count) * sizeof(float));
}

// Host functions are not shipped: they are also run on new data at addresses used before.
TEST(Faults, StaleAnswersAreCaught) {
  static const ThreadPool pool(1);
  Remembering memory;
  fgx_implementation_desc desc{};
  desc.struct_size = sizeof desc;
  desc.run = remember_by_address;
  desc.user_data = &memory;
  auto subject = make_implementation(op("twice"), "host.subject", nullptr);
  subject->host = std::make_shared<HostFunction>(desc);
  const std::vector<VerifyCase> cases = {{call(op("twice"), {tensor(DType::kFloat32, {29})}), 0}};
  const OperatorVerdict verdict = verify_operator(op("twice"), cases, {subject}, nullptr, pool);
  ASSERT_EQ(verdict.implementations[0].failed, 1);
  EXPECT_NE(verdict.implementations[0].failures[0].failure.message.find("addresses used before"),
            std::string::npos);
}

TEST(Faults, InPlaceCallsAreJudgedByWhatTheyLeaveBehind) {
  const OperatorDef& twice = op("twice");
  std::vector<VerifyCase> cases;
  for (uint64_t seed = 0; seed < kDistributionCount; ++seed) {
    cases.push_back({call(twice, {tensor(DType::kFloat32, {9, 13})}, true), seed});
  }
  EXPECT_TRUE(verdict_of(prepare<right>, cases).passed());
  EXPECT_FALSE(verdict_of(prepare<does_nothing>, cases).passed());
}

TEST(Faults, ReportNamesTheLineThatReproduces) {
  const ImplementationVerdict verdict = verdict_of(prepare<one_element_off>, cases_of_twice());
  const Json report = to_json(verdict, "test::twice");
  const std::string line = report.at("failures").at(size_t{0}).get_string("reproduce");
  EXPECT_EQ(line.rfind("flag-gems-exp verify twice --implementation custom.subject --case "
                       "\"twice(f32[",
                       0),
            0u)
      << line;
}

}  // namespace
}  // namespace fgx
