// SPDX-License-Identifier: Apache-2.0
// The sharded table of cells; a shard is emptied when the context has changed since.
#include "dispatch/level2.h"

#include "base/hash.h"

namespace fgx {

size_t Level2Table::Hash::operator()(std::string_view text) const noexcept {
  return hash_text(text);
}

std::shared_ptr<const Cell> Level2Table::find(std::string_view key, uint64_t hash, uint64_t stamp) {
  Shard& shard = shards_[hash % kShards];
  std::lock_guard lock(shard.mutex);
  if (shard.stamp != stamp) return nullptr;
  const auto found = shard.cells.find(key);
  return found == shard.cells.end() ? nullptr : found->second;
}

std::shared_ptr<const Cell> Level2Table::insert(std::string_view key, uint64_t hash, uint64_t stamp,
                                                std::shared_ptr<const Cell> cell) {
  Shard& shard = shards_[hash % kShards];
  std::lock_guard lock(shard.mutex);
  if (shard.stamp > stamp) return cell;  // decided before a change that others have seen
  if (shard.stamp < stamp || shard.cells.size() >= kShardCapacity) {
    shard.cells.clear();
    shard.stamp = stamp;
  }
  return shard.cells.emplace(std::string(key), std::move(cell)).first->second;
}

size_t Level2Table::size() {
  size_t count = 0;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    count += shard.cells.size();
  }
  return count;
}

}  // namespace fgx
