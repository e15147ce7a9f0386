// SPDX-License-Identifier: Apache-2.0
// Times products on a device: with memory, a stream and events of its own.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "backend/gpu/device.h"
#include "base/error.h"

namespace fgx {

inline constexpr size_t kBlasLtWorkspaceBytes = size_t{32} << 20;

struct BlasLtArrays {
  const void* a;  // the library's
  const void* b;
  const void* bias;
  void* out;
};

// Memory, a stream and events of our own: the caller's data is not touched, his stream does not wait.
class BlasLtBench {
 public:
  BlasLtBench(const gpu::Device& device, const std::array<size_t, 4>& bytes)
      : driver_(*device.driver) {
    size_t all = kBlasLtWorkspaceBytes;
    for (const size_t each : bytes) all += rounded(each);
    // Operands that no cache holds, as far as a moderate amount of memory goes.
    const size_t set = all - kBlasLtWorkspaceBytes;
    const size_t wanted = static_cast<size_t>(2 * device.facts.l2_bytes);
    constexpr size_t kMostBytes = size_t{1} << 30;
    sets_ = std::clamp<size_t>(wanted / std::max<size_t>(set, 1) + 1, 1, 16);
    if (set * sets_ > kMostBytes) sets_ = 1;
    if (driver_.memory_allocate(&memory_, kBlasLtWorkspaceBytes + set * sets_) != 0) return;
    constexpr unsigned char kAnyByte = 0x3c;  // small positive numbers in every type
    constexpr unsigned kNonBlocking = 1;
    ready_ =
        driver_.stream_create(&stream_, kNonBlocking) == 0 &&
        driver_.event_create(&start_, 0) == 0 && driver_.event_create(&end_, 0) == 0 &&
        driver_.set_bytes(memory_, kAnyByte, kBlasLtWorkspaceBytes + set * sets_, stream_) == 0 &&
        driver_.stream_synchronize(stream_) == 0;
    for (size_t s = 0; s < sets_; ++s) {
      char* at = static_cast<char*>(memory_) + kBlasLtWorkspaceBytes + s * set;
      BlasLtArrays arrays{};
      void** const places[] = {const_cast<void**>(&arrays.a), const_cast<void**>(&arrays.b),
                               &arrays.out, const_cast<void**>(&arrays.bias)};
      for (size_t i = 0; i < bytes.size(); ++i) {
        *places[i] = bytes[i] == 0 ? nullptr : at;
        at += rounded(bytes[i]);
      }
      arrays_.push_back(arrays);
    }
  }
  ~BlasLtBench() {
    if (stream_ != nullptr) (void)driver_.stream_synchronize(stream_);
    if (start_ != nullptr) (void)driver_.event_destroy(start_);
    if (end_ != nullptr) (void)driver_.event_destroy(end_);
    if (stream_ != nullptr) (void)driver_.stream_destroy(stream_);
    if (memory_ != nullptr) (void)driver_.memory_free(memory_);
  }
  BlasLtBench(const BlasLtBench&) = delete;
  BlasLtBench& operator=(const BlasLtBench&) = delete;
  bool ready() const { return ready_; }

  // Milliseconds of one product, or a negative number where it failed.
  template <typename Run>
  float time(int times, Run&& run) {
    float milliseconds = 0;
    try {
      gpu::check(driver_, driver_.event_record(start_, stream_), "timing");
      for (int i = 0; i < times; ++i) {
        run(arrays_[static_cast<size_t>(i) % sets_], memory_, stream_);
      }
      gpu::check(driver_, driver_.event_record(end_, stream_), "timing");
      gpu::check(driver_, driver_.event_synchronize(end_), "timing");
      gpu::check(driver_, driver_.event_elapsed(&milliseconds, start_, end_), "timing");
    } catch (const Error&) {
      return -1;
    }
    return milliseconds / static_cast<float>(times);
  }

 private:
  static size_t rounded(size_t bytes) { return (bytes + 255) / 256 * 256; }

  const gpu::Driver& driver_;
  size_t sets_ = 1;
  void* memory_ = nullptr;
  void* stream_ = nullptr;
  void* start_ = nullptr;
  void* end_ = nullptr;
  bool ready_ = false;
  std::vector<BlasLtArrays> arrays_;
};

}  // namespace fgx
