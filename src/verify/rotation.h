// SPDX-License-Identifier: Apache-2.0
// Tensors of one call in several copies, so that successive timed runs do not find them in a cache.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "backend/gpu/memory.h"
#include "schema/call.h"
#include "verify/call_spec.h"

namespace fgx {

// How much memory the copies of one call may take.
inline constexpr int64_t kRotationBudget = int64_t{256} << 20;

// Bytes of the largest cache, 0 when unknown.
int64_t last_level_cache_bytes(fgx_device device = {FGX_DEVICE_CPU, 0});

class RotatedCall {
 public:
  // On the device of the spec. As many copies as exceed twice the last-level cache, at least one, within `budget_bytes`.
  RotatedCall(const CallSpec& spec, uint64_t seed, int64_t budget_bytes);
  RotatedCall(const RotatedCall&) = delete;
  RotatedCall& operator=(const RotatedCall&) = delete;

  // Bound to the first copy, outputs included.
  const Call& call() const { return call_; }
  int64_t copies() const { return static_cast<int64_t>(data_.size()); }
  // Addresses of a copy, in RunArgs::data order.
  void* const* data(int64_t turn) const {
    return data_[static_cast<size_t>(turn) % data_.size()].data();
  }
  // Of one copy.
  int64_t bytes() const { return bytes_; }

  // Fills the outputs of the first copy with 0xff.
  void poison_outputs() const;
  // The outputs of the first copy, readable here: valid until the next call.
  std::vector<TensorView> fetch_outputs() const;

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  using Block = std::unique_ptr<std::byte[], Free>;
  Block allocate(int64_t bytes) const;
  void* copy_of(size_t block);
  void move_to_device();

  CallSpec spec_;
  BoundValues values_;
  std::deque<Block> blocks_;            // the first copy; on the CPU also the others
  std::vector<int64_t> sizes_;          // of the blocks of one copy
  std::deque<gpu::DeviceBlock> there_;  // all copies, on a device
  std::vector<size_t> output_blocks_;   // in blocks_ and there_, per output
  std::deque<std::vector<int64_t>> dims_;
  std::vector<fgx_tensor> outputs_;
  Call call_;
  std::vector<std::vector<void*>> data_;
  int64_t bytes_ = 0;
};

}  // namespace fgx
