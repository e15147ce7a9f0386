// SPDX-License-Identifier: Apache-2.0
// Memory of a device for verification and measurement: plain blocks, copies that wait, and a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "backend/gpu/device.h"

namespace fgx::gpu {

// A block of a device's memory. Work is ordered by the legacy default stream.
class DeviceBlock {
 public:
  // Throws what find_device() throws, and OutOfMemory.
  DeviceBlock(fgx_device device, size_t bytes);
  ~DeviceBlock();
  DeviceBlock(DeviceBlock&& other) noexcept;
  DeviceBlock& operator=(DeviceBlock&&) = delete;

  void* data() const { return data_; }
  // Both return when the bytes have arrived. Throw Device.
  void write(const void* source, size_t bytes) const;
  void read(void* destination, size_t bytes) const;

 private:
  const Device& device_;
  void* data_ = nullptr;
};

// Waits for the legacy default stream; throws the error that earlier work left.
void synchronize(fgx_device device);

// Times what a function submits to the legacy default stream, by the device's own clock.
class Stopwatch {
 public:
  explicit Stopwatch(fgx_device device);
  ~Stopwatch();
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  // Nanoseconds from the first of it to the last; returns when all is done. Throws Device.
  int64_t time_ns(const std::function<void()>& work);

 private:
  const Device& device_;
  void* start_ = nullptr;
  void* end_ = nullptr;
};

}  // namespace fgx::gpu
