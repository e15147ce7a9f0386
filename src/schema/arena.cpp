// SPDX-License-Identifier: Apache-2.0
// Growth of a call's arena.
#include "schema/arena.h"

#include <algorithm>

namespace fgx {

void CallArena::next_block(size_t count) {
  while (next_block_ < blocks_.size() && blocks_[next_block_].cells < count) ++next_block_;
  if (next_block_ == blocks_.size()) {
    const size_t size = std::max<size_t>(count, 1024);
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size * 8]), size});
  }
  cursor_ = blocks_[next_block_].bytes.get();
  left_ = blocks_[next_block_].cells;
  ++next_block_;
}

}  // namespace fgx
