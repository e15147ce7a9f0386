// SPDX-License-Identifier: Apache-2.0
// Launches on a GPU that is not there: everything but the device's own work.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fake_call.h"

namespace fgx::testing_support {
namespace {

using GpuLaunch = FakeGpuTest;

TEST_F(GpuLaunch, DenseArraysOfOneType) {
  DeviceTensor a({1000, 1000}, kFloat32, kA), b({1000, 1000}, kFloat32, kB);
  DeviceTensor out({1000, 1000}, kFloat32, kOut);
  for (int i = 0; i < 3; ++i) {  // cold, then warm
    ASSERT_EQ(call("add", {a.value(), b.value()}, out), FGX_OK)
        << fgx_error_message(fgx_last_error());
  }
  ASSERT_EQ(g_gpu.launches.size(), 3u);
  for (const FakeLaunch& launch : g_gpu.launches) {
    EXPECT_EQ(launch.kernel, "fgx_add_float32");
    EXPECT_EQ(launch.grid, 977u);  // 250 000 vectors of four, 256 to a block
    EXPECT_EQ(launch.block, 256u);
    EXPECT_EQ(launch.stream, kStream);
    EXPECT_EQ(launch.context, fake_context(0));
    EXPECT_EQ(launch.parameters[0], reinterpret_cast<void*>(kOut));
    EXPECT_EQ(launch.parameters[1], reinterpret_cast<void*>(kA));
    EXPECT_EQ(launch.parameters[2], reinterpret_cast<void*>(kB));
  }
  EXPECT_EQ(g_gpu.current, nullptr);  // put back
}

TEST_F(GpuLaunch, ChoosesTheKernelByLayout) {
  DeviceTensor x({64, 512}, kBFloat16, kA), out({64, 512}, kBFloat16, kOut);
  DeviceTensor row({512}, kBFloat16, kB), transposed({64, 512}, kBFloat16, kB, {1, 64});
  DeviceTensor wide({64, 512}, kFloat32, kB), unaligned({64, 512}, kBFloat16, kB + 2);
  ASSERT_EQ(call("mul", {x.value(), number(2)}, out), FGX_OK);
  EXPECT_EQ(last().kernel, "fgx_mul_number_bfloat16");
  ASSERT_EQ(call("mul", {x.value(), row.value()}, out), FGX_OK);
  EXPECT_EQ(last().kernel, "fgx_mul_rows_bfloat16");
  ASSERT_EQ(call("mul", {x.value(), transposed.value()}, out), FGX_OK);
  EXPECT_EQ(last().kernel, "fgx_mul_strided_float");
  ASSERT_EQ(call("mul", {x.value(), unaligned.value()}, out), FGX_OK);
  EXPECT_EQ(last().kernel, "fgx_mul_strided_float");
  DeviceTensor wide_out({64, 512}, kFloat32, kOut);
  ASSERT_EQ(call("mul", {x.value(), wide.value()}, wide_out), FGX_OK);
  EXPECT_EQ(last().kernel, "fgx_mul_strided_float");
}

TEST_F(GpuLaunch, EveryDeviceAndTheCallersContext) {
  DeviceTensor x({4096}, kFloat32, kA, {}, 1), out({4096}, kFloat32, kOut, {}, 1);
  g_gpu.current = fake_context(0);
  ASSERT_EQ(call("relu", {x.value()}, out), FGX_OK);
  EXPECT_EQ(last().context, fake_context(1));
  EXPECT_EQ(g_gpu.current, fake_context(0));
  // A context of the device that is not its primary one stays, and gets a handle for any context.
  g_gpu.current = fake_context(1, true);
  ASSERT_EQ(call("relu", {x.value()}, out), FGX_OK);
  EXPECT_EQ(last().context, fake_context(1, true));
  EXPECT_EQ(g_gpu.current, fake_context(1, true));
  DeviceTensor far({4096}, kFloat32, kA, {}, 2), far_out({4096}, kFloat32, kOut, {}, 2);
  EXPECT_NE(call("relu", {far.value()}, far_out), FGX_OK);
}

TEST_F(GpuLaunch, AFailedLaunchIsAStatusAndTheNextCallWorks) {
  DeviceTensor x({4096}, kFloat32, kA), out({4096}, kFloat32, kOut);
  ASSERT_EQ(call("relu", {x.value()}, out), FGX_OK);
  int failures = 0;
  for (int n = 0; n < 100; ++n) {
    g_gpu.fail_at = n;
    const fgx_status status = call("relu", {x.value()}, out);
    const bool reached = g_gpu.fail_at < 0;
    g_gpu.fail_at = -1;
    EXPECT_EQ(g_gpu.current, nullptr) << n;
    if (!reached) break;
    ++failures;
    EXPECT_TRUE(status == FGX_OUT_OF_MEMORY || status == FGX_FALLBACK_FAILED ||
                status == FGX_NO_VALID_IMPLEMENTATION)
        << n << " " << fgx_status_string(status);
    ASSERT_EQ(call("relu", {x.value()}, out), FGX_OK) << n;
  }
  EXPECT_GE(failures, 2);
}

TEST_F(GpuLaunch, EveryColdDriverCallMayFail) {
  int failures = 0;
  for (int n = 0; n < 200; ++n) {
    // A shape and operator not seen before, so that decision and preparation are cold.
    DeviceTensor x({n + 1, 8}, kFloat32, kA), out({n + 1, 8}, kFloat32, kOut);
    g_gpu.fail_at = n % 10;
    const fgx_status status = call("sigmoid", {x.value()}, out);
    failures += status != FGX_OK;
    g_gpu.fail_at = -1;
    ASSERT_EQ(call("sigmoid", {x.value()}, out), FGX_OK)
        << n << " " << fgx_error_message(fgx_last_error());
  }
  EXPECT_GT(failures, 0);
}

TEST_F(GpuLaunch, WithoutADriverTheReasonIsTold) {
  gpu::set_fake_driver(FGX_DEVICE_CUDA, nullptr);
  if (gpu::find_driver(FGX_DEVICE_CUDA) != nullptr) GTEST_SKIP() << "this machine has a GPU";
  DeviceTensor x({4096}, kFloat32, kA), out({4096}, kFloat32, kOut);
  EXPECT_EQ(call("relu", {x.value()}, out), FGX_NO_VALID_IMPLEMENTATION);
  EXPECT_NE(std::string(fgx_error_message(fgx_last_error())).find("stable.cuda.relu"),
            std::string::npos);
}

}  // namespace
}  // namespace fgx::testing_support
