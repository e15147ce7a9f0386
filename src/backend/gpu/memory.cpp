// SPDX-License-Identifier: Apache-2.0
// Blocks, copies, events.
#include "backend/gpu/memory.h"

#include <cmath>
#include <utility>

namespace fgx::gpu {
namespace {

// Gives back what is the device's. A question that failed once is asked again, because what is not given back here
// stays for good; where it fails again the context is lost, and all that was made in it.
template <typename GiveBack>
void release(const Device& device, GiveBack give_back) noexcept {
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      const ContextGuard guard(device);
      give_back(*device.driver);
      return;
    } catch (...) {
    }
  }
}

}  // namespace

DeviceBlock::DeviceBlock(fgx_device device, size_t bytes) : device_(find_device(device)) {
  if (bytes == 0) return;
  const ContextGuard guard(device_);
  const RelaxedCapture relaxed(*device_.driver);
  check(*device_.driver, device_.driver->memory_allocate(&data_, bytes),
        "allocating device memory");
}

DeviceBlock::DeviceBlock(DeviceBlock&& other) noexcept
    : device_(other.device_), data_(std::exchange(other.data_, nullptr)) {}

DeviceBlock::~DeviceBlock() {
  if (data_ == nullptr) return;
  release(device_, [this](const Driver& driver) { (void)driver.memory_free(data_); });
}

void DeviceBlock::write(const void* source, size_t bytes) const {
  if (bytes == 0) return;
  const Driver& driver = *device_.driver;
  const ContextGuard guard(device_);
  check(driver, driver.copy_to_device(data_, source, bytes, nullptr), "copying to the device");
  check(driver, driver.stream_synchronize(nullptr), "waiting for a copy to the device");
}

void DeviceBlock::read(void* destination, size_t bytes) const {
  if (bytes == 0) return;
  const Driver& driver = *device_.driver;
  const ContextGuard guard(device_);
  check(driver, driver.copy_to_host(destination, data_, bytes, nullptr), "copying from the device");
  check(driver, driver.stream_synchronize(nullptr), "waiting for a copy from the device");
}

void synchronize(fgx_device where) {
  const Device& device = find_device(where);
  const ContextGuard guard(device);
  check(*device.driver, device.driver->stream_synchronize(nullptr), "waiting for the device");
}

Stopwatch::Stopwatch(fgx_device device) : device_(find_device(device)) {
  const Driver& driver = *device_.driver;
  const ContextGuard guard(device_);
  check(driver, driver.event_create(&start_, 0), "making an event");
  const int status = driver.event_create(&end_, 0);
  if (status != 0) (void)driver.event_destroy(start_);
  check(driver, status, "making an event");
}

Stopwatch::~Stopwatch() {
  release(device_, [this](const Driver& driver) {
    (void)driver.event_destroy(start_);
    (void)driver.event_destroy(end_);
  });
}

int64_t Stopwatch::time_ns(const std::function<void()>& work) {
  const Driver& driver = *device_.driver;
  {
    const ContextGuard guard(device_);
    check(driver, driver.event_record(start_, nullptr), "recording an event");
  }
  work();
  const ContextGuard guard(device_);
  check(driver, driver.event_record(end_, nullptr), "recording an event");
  check(driver, driver.event_synchronize(end_), "waiting for the device");
  float milliseconds = 0;
  check(driver, driver.event_elapsed(&milliseconds, start_, end_), "reading the device's clock");
  return std::llround(static_cast<double>(milliseconds) * 1e6);
}

}  // namespace fgx::gpu
