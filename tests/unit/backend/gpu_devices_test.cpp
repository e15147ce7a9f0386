// SPDX-License-Identifier: Apache-2.0
// Several devices that are not there: each has its code, context, streams, scratch, facts and breaker.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backend/gpu/arena.h"
#include "fake_call.h"
#include "verify/environment.h"

namespace fgx::testing_support {
namespace {

class GpuDevices : public FakeGpuTest {
 protected:
  // On a driver that has found nothing yet.
  GpuDevices() { gpu::set_fake_driver(FGX_DEVICE_CUDA, &fresh_fake_driver()); }

  fgx_status relu(int device, void* stream = kStream) {
    DeviceTensor x({4096}, kFloat32, kA, {}, device), out({4096}, kFloat32, kOut, {}, device);
    return call("relu", {x.value()}, out, stream);
  }
  fgx_status sum(int device, void* stream = kStream) {
    DeviceTensor x({1, 1 << 20}, kFloat32, kA, {}, device), out({1}, kFloat32, kOut, {}, device);
    const std::vector<int64_t> dims{1};
    return call("sum", {x.value(), integers(dims)}, out, stream);
  }
  std::string explanation(int device) {
    DeviceTensor x({4096}, kFloat32, kA, {}, device), out({4096}, kFloat32, kOut, {}, device);
    fgx_op* op = nullptr;
    EXPECT_EQ(fgx_context_get_op(context_, "relu", &op), FGX_OK);
    const fgx_value args[] = {x.value()};
    fgx_tensor* outs[] = {&out.tensor};
    fgx_string* text = nullptr;
    EXPECT_EQ(fgx_op_explain(op, args, 1, outs, 1, &text), FGX_OK);
    const std::string all(fgx_string_data(text), fgx_string_size(text));
    fgx_string_destroy(text);
    return all;
  }
  static std::string message() { return fgx_error_message(fgx_last_error()); }
};

TEST_F(GpuDevices, CodeIsLoadedIntoEachDevicesOwnContext) {
  ASSERT_EQ(relu(1), FGX_OK) << message();
  ASSERT_EQ(g_gpu.loaded.size(), 1u);
  EXPECT_EQ(g_gpu.loaded[0].first, fake_context(1));
  // A device that nothing was asked of gets no context.
  EXPECT_EQ(g_gpu.retained.count(0), 0u);
  ASSERT_EQ(relu(0), FGX_OK);
  ASSERT_EQ(g_gpu.loaded.size(), 2u);
  EXPECT_EQ(g_gpu.loaded[1].first, fake_context(0));
  EXPECT_NE(g_gpu.loaded[1].second, g_gpu.loaded[0].second);
  for (int i = 0; i < 3; ++i) {
    for (const int device : {0, 1}) {
      ASSERT_EQ(relu(device), FGX_OK);
      EXPECT_EQ(last().context, fake_context(device));
      EXPECT_EQ(g_gpu.current, nullptr);
    }
  }
  EXPECT_EQ(g_gpu.loaded.size(), 2u);
  EXPECT_EQ(g_gpu.retained, (std::map<int, int>{{0, 1}, {1, 1}}));
}

// Of two handles for one function, the one for its own device's context is launched: a handle of the other would be
// none of this context.
TEST_F(GpuDevices, WarmCallsInTurnKeepTheirKernels) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(sum(i % 2), FGX_OK) << message();
    EXPECT_EQ(last().context, fake_context(i % 2));
  }
  const size_t kernels = g_gpu.kernels.size();
  for (int i = 0; i < 6; ++i) ASSERT_EQ(sum(i % 2), FGX_OK);
  EXPECT_EQ(g_gpu.kernels.size(), kernels);
}

TEST_F(GpuDevices, TheCallersContextIsPutBackAfterEveryCall) {
  void* const contexts[] = {nullptr, fake_context(0), fake_context(1), fake_context(0, true),
                            fake_context(1, true)};
  DeviceTensor x({64, 512}, kFloat32, kA, {}, 1), out({64, 512}, kFloat32, kOut, {}, 1);
  fgx_op* op = nullptr;
  ASSERT_EQ(fgx_context_get_op(context_, "softmax", &op), FGX_OK);
  const fgx_value args[] = {x.value(), integer(-1)};
  fgx_tensor* outs[] = {&out.tensor};
  void* const data[] = {x.tensor.data, out.tensor.data};
  for (void* const context : contexts) {
    g_gpu.current = context;
    ASSERT_EQ(fgx_context_prepare(context_, op, args, 2, outs, 1), FGX_OK);
    EXPECT_EQ(g_gpu.current, context);
    fgx_plan* plan = nullptr;
    ASSERT_EQ(fgx_plan_create(op, args, 2, outs, 1, &plan), FGX_OK);
    EXPECT_EQ(g_gpu.current, context);
    ASSERT_EQ(fgx_plan_run(plan, data, 2, kStream), FGX_OK);
    EXPECT_EQ(g_gpu.current, context);
    fgx_plan_destroy(plan);
    ASSERT_EQ(fgx_op_call(op, args, 2, outs, 1, kStream), FGX_OK);
    EXPECT_EQ(g_gpu.current, context);
    // One of the device itself stays during the launch; else its primary one is entered.
    EXPECT_EQ(last().context, context == fake_context(1, true) ? context : fake_context(1));
    fgx_string* report = nullptr;
    ASSERT_EQ(fgx_context_verify(context_,
                                 R"j({"ops": ["relu"], "dtypes": ["float32"], "seeds": [1],)j"
                                 R"j( "cases": "quick", "device": "cuda:1"})j",
                                 &report),
              FGX_OK)
        << message();
    fgx_string_destroy(report);
    EXPECT_EQ(g_gpu.current, context);
  }
}

TEST_F(GpuDevices, AStreamIsUsedOnItsDeviceAlone) {
  void* const streams[] = {reinterpret_cast<void*>(uintptr_t{0xa00}),
                           reinterpret_cast<void*>(uintptr_t{0xa10})};
  for (int device = 0; device < 2; ++device) g_gpu.stream_devices[streams[device]] = device;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(sum(i % 2, streams[i % 2]), FGX_OK) << message();
    EXPECT_EQ(last().stream, streams[i % 2]);
  }
  // Another device's: the caller's error, cold and warm, which is no implementation's fault.
  const size_t launches = g_gpu.launches.size();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(sum(0, streams[1]), FGX_INVALID_ARGUMENT);
    EXPECT_NE(message().find("is the stream one of the tensors' device?"), std::string::npos)
        << message();
    EXPECT_EQ(relu(1, streams[0]), FGX_INVALID_ARGUMENT);
  }
  EXPECT_EQ(g_gpu.launches.size(), launches);
  EXPECT_EQ(sum(0, streams[0]), FGX_OK);
  EXPECT_EQ(relu(1, streams[1]), FGX_OK);
}

TEST_F(GpuDevices, ScratchOfOneIsNotTheOthers) {
  // The same handle may be a stream of each, as the legacy one is.
  for (void* const stream : {static_cast<void*>(nullptr), kStream}) {
    ASSERT_EQ(sum(0, stream), FGX_OK);
    void* const first = last().parameters[2];
    ASSERT_EQ(sum(1, stream), FGX_OK);
    EXPECT_NE(last().parameters[2], first);
    ASSERT_EQ(sum(0, stream), FGX_OK);
    EXPECT_EQ(last().parameters[2], first);
  }
}

TEST_F(GpuDevices, EachHasItsBreaker) {
  ASSERT_EQ(relu(0), FGX_OK);
  ASSERT_EQ(relu(1), FGX_OK);
  g_gpu.failing_device = 1;
  g_gpu.fail_status = 701;  // out of resources for a launch
  int failures = 0;
  while (relu(1) == FGX_FALLBACK_FAILED) ASSERT_LT(++failures, 20);
  EXPECT_EQ(fgx_error_code(fgx_last_error()), FGX_NO_VALID_IMPLEMENTATION);
  EXPECT_NE(message().find("stable.cuda.relu: breaker_open"), std::string::npos) << message();
  EXPECT_NE(explanation(1).find("breaker_open"), std::string::npos);
  EXPECT_EQ(explanation(0).find("breaker_open"), std::string::npos);
  const size_t launches = g_gpu.launches.size();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(relu(0), FGX_OK) << message();
  EXPECT_EQ(g_gpu.launches.size(), launches + 5);
}

TEST_F(GpuDevices, ALostOneLeavesTheOther) {
  ASSERT_EQ(relu(0), FGX_OK);
  ASSERT_EQ(relu(1), FGX_OK);
  g_gpu.failing_device = 1;
  g_gpu.fail_status = 700;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(relu(1), FGX_DEVICE);
    EXPECT_NE(message().find("the device's context is lost"), std::string::npos) << message();
    EXPECT_EQ(relu(0), FGX_OK);
  }
  EXPECT_EQ(explanation(1).find("breaker_open"), std::string::npos);
}

TEST_F(GpuDevices, TensorsOfTwoAreRefused) {
  DeviceTensor a({4096}, kFloat32, kA), b({4096}, kFloat32, kB, {}, 1);
  DeviceTensor out({4096}, kFloat32, kOut), far_out({4096}, kFloat32, kOut, {}, 1);
  EXPECT_EQ(call("add", {a.value(), b.value()}, out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_error_argument(fgx_last_error()), 1);
  EXPECT_NE(message().find("cuda:1"), std::string::npos) << message();
  EXPECT_NE(message().find("cuda:0"), std::string::npos) << message();
  EXPECT_EQ(call("add", {a.value(), a.value()}, far_out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(g_gpu.calls, 0) << "before the driver is asked anything";
  fgx_op* op = nullptr;
  ASSERT_EQ(fgx_context_get_op(context_, "add", &op), FGX_OK);
  const fgx_value args[] = {a.value(), b.value()};
  fgx_tensor* outs[] = {&out.tensor};
  fgx_plan* plan = nullptr;
  EXPECT_EQ(fgx_plan_create(op, args, 2, outs, 1, &plan), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_context_prepare(context_, op, args, 2, outs, 1), FGX_INVALID_ARGUMENT);
}

TEST_F(GpuDevices, AnInvocationNamesTheDevice) {
  DeviceTensor x({4096}, kFloat32, kA, {}, 1), out({4096}, kFloat32, kOut, {}, 1);
  fgx_op* op = nullptr;
  ASSERT_EQ(fgx_context_get_op(context_, "relu", &op), FGX_OK);
  const fgx_value args[] = {x.value()};
  fgx_tensor* outs[] = {&out.tensor};
  fgx_invocation invocation{};
  invocation.struct_size = sizeof invocation;
  invocation.args = args;
  invocation.nargs = 1;
  invocation.outs = outs;
  invocation.nouts = 1;
  invocation.device = {FGX_DEVICE_CUDA, 1};
  EXPECT_EQ(fgx_op_invoke(op, &invocation), FGX_OK) << message();
  invocation.device = {FGX_DEVICE_CUDA, 0};
  // Warm and cold: what the caller says of the device is compared with the tensors.
  DeviceTensor cold({4000}, kFloat32, kA, {}, 1), cold_out({4000}, kFloat32, kOut, {}, 1);
  const fgx_value cold_args[] = {cold.value()};
  fgx_tensor* cold_outs[] = {&cold_out.tensor};
  invocation.args = cold_args;
  invocation.outs = cold_outs;
  EXPECT_EQ(fgx_op_invoke(op, &invocation), FGX_INVALID_ARGUMENT);
}

TEST_F(GpuDevices, GeometryIsEachDevicesOwn) {
  // 132 multiprocessors and 66: what is little work for the one is enough for the other.
  const auto softmax_block = [&](int device) {
    DeviceTensor x({6000, 64}, kBFloat16, kA, {}, device);
    DeviceTensor out({6000, 64}, kBFloat16, kOut, {}, device);
    EXPECT_EQ(call("softmax", {x.value(), integer(-1)}, out), FGX_OK) << message();
    return last().block;
  };
  EXPECT_EQ(softmax_block(0), 128u);
  EXPECT_EQ(softmax_block(1), 256u);
  EXPECT_EQ(softmax_block(0), 128u);  // warm
}

TEST_F(GpuDevices, EachTellsItsFacts) {
  std::string facts[2];
  for (int device = 0; device < 2; ++device) {
    fgx_string* text = nullptr;
    ASSERT_EQ(fgx_device_get_info(FGX_DEVICE_CUDA, device, &text), FGX_OK);
    facts[device] = std::string(fgx_string_data(text), fgx_string_size(text));
    fgx_string_destroy(text);
    EXPECT_NE(facts[device].find("\"id\":" + std::to_string(device)), std::string::npos);
  }
  EXPECT_NE(facts[0].find("\"multiprocessors\":132"), std::string::npos) << facts[0];
  EXPECT_NE(facts[1].find("\"multiprocessors\":66"), std::string::npos) << facts[1];
  EXPECT_NE(facts[0].find("\"name\":\"Fake GPU\""), std::string::npos);
  EXPECT_NE(facts[1].find("\"name\":\"Fake GPU 1\""), std::string::npos);
  EXPECT_NE(facts[1].find("\"memory_bytes\":8589934592"), std::string::npos);
  EXPECT_TRUE(g_gpu.retained.empty()) << "facts make no context";
  fgx_string* text = nullptr;
  ASSERT_EQ(fgx_environment_describe(&text), FGX_OK);
  const std::string environment(fgx_string_data(text), fgx_string_size(text));
  fgx_string_destroy(text);
  EXPECT_NE(environment.find("Fake GPU 1"), std::string::npos) << environment;
}

TEST_F(GpuDevices, EvidenceNamesTheGpuThatItWasTakenOn) {
  const auto report = [&](const std::string& device) {
    fgx_string* text = nullptr;
    EXPECT_EQ(fgx_context_verify(context_,
                                 (R"j({"ops": ["relu"], "dtypes": ["float32"], "seeds": [1],)j"
                                  R"j( "cases": "quick")j" +
                                  device + "}")
                                     .c_str(),
                                 &text),
              FGX_OK)
        << message();
    const std::string all(fgx_string_data(text), fgx_string_size(text));
    fgx_string_destroy(text);
    return all.substr(all.find("\"environment\""), all.find("\"implementations\""));
  };
  EXPECT_NE(report(R"(, "device": "cuda:1")").find("\"name\":\"Fake GPU 1\""), std::string::npos);
  EXPECT_EQ(report(R"(, "device": "cpu")").find("\"gpu\""), std::string::npos);
  // Over all of the machine: its first GPU, beside the CPU.
  EXPECT_NE(report("").find("\"name\":\"Fake GPU\""), std::string::npos);
  EXPECT_EQ(processor_name({FGX_DEVICE_CUDA, 1}), "Fake GPU 1");
  EXPECT_EQ(architecture_name({FGX_DEVICE_CUDA, 1}), "cuda-9.0");
  EXPECT_NE(processor_name({FGX_DEVICE_CPU, 0}), "");
  EXPECT_EQ(architecture_name({FGX_DEVICE_CPU, 0}), architecture_name());
}

}  // namespace
}  // namespace fgx::testing_support
