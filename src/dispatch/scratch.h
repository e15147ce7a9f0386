// SPDX-License-Identifier: Apache-2.0
// Workspace for kernels: a per-thread arena, so that a warm call allocates nothing.
#pragma once

#include <cstddef>

namespace fgx {

// Memory of at least `size` bytes, 64-byte aligned, for the time of one call. Nested calls on one
// thread get memory of their own. Throws std::bad_alloc.
class ScratchLease {
 public:
  explicit ScratchLease(size_t size);
  ~ScratchLease();
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;
  void* data() const { return data_; }

  // A thread keeps at most this much between calls.
  static constexpr size_t kKeepBytes = size_t{64} << 20;

 private:
  void* data_ = nullptr;
  bool from_arena_ = false;
};

}  // namespace fgx
