// SPDX-License-Identifier: Apache-2.0
// Level 2 of the decision cache: per context, cells of calls that share the outcome of every
// constraint.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dispatch/decision.h"

namespace fgx {

class Level2Table {
 public:
  // The cell of this key as decided under this stamp, or nullptr.
  std::shared_ptr<const Cell> find(std::string_view key, uint64_t hash, uint64_t stamp);
  // Keeps a decision; returns the one that is kept when another thread was first.
  std::shared_ptr<const Cell> insert(std::string_view key, uint64_t hash, uint64_t stamp,
                                     std::shared_ptr<const Cell> cell);
  // Number of cells, of whatever stamp.
  size_t size();

 private:
  static constexpr size_t kShards = 16;
  // Cells per shard; when full it starts anew, so that ever new shapes cannot grow it without bound.
  static constexpr size_t kShardCapacity = 1024;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
  };
  struct Shard {
    std::mutex mutex;
    uint64_t stamp = 0;
    std::unordered_map<std::string, std::shared_ptr<const Cell>, Hash, Equal> cells;
  };
  std::array<Shard, kShards> shards_;
};

}  // namespace fgx
