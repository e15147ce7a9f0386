// SPDX-License-Identifier: Apache-2.0
// Small arrays that live as long as one call: handed out in order, forgotten all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace fgx {

// 8-byte cells with stable addresses. The first ones are inline; blocks taken beyond them are kept
// for reuse, so that a call bound again allocates nothing.
class CallArena {
 public:
  CallArena() = default;
  CallArena(const CallArena&) = delete;
  CallArena& operator=(const CallArena&) = delete;

  void reset() {
    cursor_ = inline_;
    left_ = kInlineCells;
    next_block_ = 0;
  }
  int64_t* integers(size_t count) { return static_cast<int64_t*>(take(count)); }
  double* reals(size_t count) { return static_cast<double*>(take(count)); }

 private:
  static constexpr size_t kInlineCells = 96;
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t cells;
  };

  void* take(size_t count) {
    if (count > left_) next_block(count);
    std::byte* cells = cursor_;
    cursor_ += count * 8;
    left_ -= count;
    return cells;
  }
  // Moves on to a block of at least `count` cells.
  void next_block(size_t count);

  alignas(8) std::byte inline_[kInlineCells * 8];
  std::byte* cursor_ = inline_;
  size_t left_ = kInlineCells;
  size_t next_block_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace fgx
