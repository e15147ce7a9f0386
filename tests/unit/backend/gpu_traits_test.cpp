// SPDX-License-Identifier: Apache-2.0
// Launches with attributes: what the driver is told, and who cannot be told it.
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "fake_call.h"
#include "kernels/gpu/launch.h"

namespace fgx::testing_support {
namespace {

class GpuTraits : public ::testing::Test {
 protected:
  GpuTraits() {
    g_gpu = FakeGpu{.launches = {}, .current = nullptr, .kernels = std::move(g_gpu.kernels)};
    driver_ = &fresh_fake_driver();
    gpu::set_fake_driver(FGX_DEVICE_CUDA, driver_);
  }
  ~GpuTraits() override {
    gpu::set_fake_driver(FGX_DEVICE_CUDA, nullptr);
    gpu::set_fake_driver(FGX_DEVICE_ROCM, nullptr);
  }
  gpu::Launch launch_of(const gpu::LaunchTraits& traits, int64_t blocks = 64,
                        int32_t type = FGX_DEVICE_CUDA) {
    gpu::Launch launch =
        gpu::make_launch(gpu::find_device({type, 0}), "any", "fgx_any", blocks, 256);
    launch.shared_bytes = 4096;
    launch.traits = traits;
    return launch;
  }
  static void run(const gpu::Launch& launch) {
    gpu::require_launch(launch);
    int64_t one = 1, two = 2, three = 3;
    void* parameters[] = {&one, &two, &three};
    gpu::run_launch(launch, kStream, parameters);
  }
  static std::string refusal(const gpu::Launch& launch) {
    try {
      gpu::require_launch(launch);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_UNSUPPORTED);
      return error.message();
    }
    return "";
  }
  gpu::Driver* driver_;
};

TEST_F(GpuTraits, EachIsRecorded) {
  run(launch_of({}));
  EXPECT_EQ(g_gpu.launches.back().cluster, 1u);
  EXPECT_FALSE(g_gpu.launches.back().programmatic || g_gpu.launches.back().cooperative);
  run(launch_of({.cluster = 4}));
  EXPECT_EQ(g_gpu.launches.back().cluster, 4u);
  run(launch_of({.programmatic = true}));
  EXPECT_TRUE(g_gpu.launches.back().programmatic);
  EXPECT_FALSE(g_gpu.launches.back().cooperative);
  run(launch_of({.cooperative = true}));
  EXPECT_TRUE(g_gpu.launches.back().cooperative);
  run(launch_of({.cluster = 2, .programmatic = true, .cooperative = true}));
  const FakeLaunch& all = g_gpu.launches.back();
  EXPECT_EQ(all.cluster, 2u);
  EXPECT_TRUE(all.programmatic && all.cooperative);
  // The rest of a launch is as without them.
  for (const FakeLaunch& launch : g_gpu.launches) {
    EXPECT_EQ(launch.kernel, "fgx_any");
    EXPECT_EQ(launch.grid, 64u);
    EXPECT_EQ(launch.block, 256u);
    EXPECT_EQ(launch.shared_bytes, 4096u);
    EXPECT_EQ(launch.stream, kStream);
    EXPECT_EQ(launch.context, fake_context(0));
    EXPECT_EQ(launch.parameters[2], reinterpret_cast<void*>(uintptr_t{3}));
  }
  EXPECT_EQ(g_gpu.current, nullptr);
}

TEST_F(GpuTraits, OccupancyIsAskedFirst) {
  g_gpu.clusters_at_once = 0;
  EXPECT_EQ(refusal(launch_of({.cluster = 8})), "no cluster of 8 blocks fits the device");
  // Four blocks on each of 132 multiprocessors.
  EXPECT_EQ(refusal(launch_of({.cooperative = true}, 528)), "");
  EXPECT_EQ(refusal(launch_of({.cooperative = true}, 529)),
            "a cooperative launch of 529 blocks, but 528 run at once");
  g_gpu.blocks_at_once = 0;
  EXPECT_NE(refusal(launch_of({.cooperative = true}, 1)), "");
}

TEST_F(GpuTraits, AnOlderDriverRefusesByName) {
  driver_->launch_attributed = nullptr;
  EXPECT_EQ(refusal(launch_of({.cluster = 2})), "cuda here has no clusters");
  EXPECT_EQ(refusal(launch_of({.programmatic = true})),
            "cuda here has no programmatic dependent launch");
  EXPECT_EQ(refusal(launch_of({.cooperative = true})), "cuda here has no cooperative launch");
  EXPECT_EQ(refusal(launch_of({})), "");
}

TEST_F(GpuTraits, AnOlderDeviceRefusesWhatCameWithHopper) {
  driver_->device_attribute = [](int* value, int attribute, int) {
    constexpr int kAmpere[] = {108, 8, 0, 40 << 20, 1410000, 1215000, 32, 49152, 166912};
    return *value = kAmpere[attribute], 0;
  };
  EXPECT_EQ(refusal(launch_of({.cluster = 2})),
            "clusters: compute capability 9.0 is needed, the device has 8.0");
  EXPECT_EQ(refusal(launch_of({.programmatic = true})),
            "programmatic dependent launch: compute capability 9.0 is needed, the device has 8.0");
  EXPECT_EQ(refusal(launch_of({.cooperative = true})), "");
}

TEST_F(GpuTraits, HipHasNone) {
  gpu::Driver& hip = fresh_fake_driver();
  hip.name = "rocm";
  hip.device_type = FGX_DEVICE_ROCM;
  hip.launch_attributed = nullptr;
  hip.library_load = nullptr;
  hip.clusters_at_once = nullptr;
  hip.blocks_at_once = nullptr;
  hip.module_load = [](void** module, const void*) {
    return *module = reinterpret_cast<void*>(uintptr_t{0x88}), 0;
  };
  hip.module_function = [](void** function, void*, const char* name) {
    g_gpu.kernels.push_back(name);
    *function = reinterpret_cast<void*>(g_gpu.kernels.size() * 16);
    return 0;
  };
  gpu::set_fake_driver(FGX_DEVICE_ROCM, &hip);
  run(launch_of({}, 64, FGX_DEVICE_ROCM));
  EXPECT_EQ(g_gpu.launches.size(), 1u);
  EXPECT_EQ(refusal(launch_of({.cluster = 2}, 64, FGX_DEVICE_ROCM)), "rocm here has no clusters");
  EXPECT_EQ(refusal(launch_of({.programmatic = true}, 64, FGX_DEVICE_ROCM)),
            "rocm here has no programmatic dependent launch");
  EXPECT_EQ(refusal(launch_of({.cooperative = true}, 64, FGX_DEVICE_ROCM)),
            "rocm here has no cooperative launch");
  EXPECT_EQ(g_gpu.launches.size(), 1u);
}

TEST_F(GpuTraits, AFailedLaunchIsTold) {
  const gpu::Launch launch = launch_of({.cluster = 2});
  gpu::require_launch(launch);
  void* parameters[] = {&driver_, &driver_, &driver_};
  for (int n = 0; n < 3; ++n) {
    g_gpu.fail_at = n;
    g_gpu.fail_status = 2;
    EXPECT_THROW(gpu::run_launch(launch, kStream, parameters), Error) << n;
    EXPECT_EQ(g_gpu.current, nullptr);
  }
}

}  // namespace
}  // namespace fgx::testing_support
