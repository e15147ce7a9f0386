// SPDX-License-Identifier: Apache-2.0
// The table of records.
#include "registry/table.h"

#include <algorithm>
#include <utility>

namespace fgx {
namespace {

template <typename Map>
void erase_pair(Map* map, std::string_view name, uint32_t index) {
  const auto range = map->equal_range(name);
  for (auto it = range.first; it != range.second; ++it) {
    if (it->second != index) continue;
    map->erase(it);
    return;
  }
}

}  // namespace

void RecordTable::index_names(uint32_t index) {
  const TableEntry& entry = entries_[index];
  by_name_.emplace(entry.op_name, index);
  if (!entry.key.empty()) by_key_.emplace(entry.key, index);
}

void RecordTable::unindex_names(uint32_t index) {
  const TableEntry& entry = entries_[index];
  erase_pair(&by_name_, entry.op_name, index);
  if (!entry.key.empty()) erase_pair(&by_key_, entry.key, index);
}

void RecordTable::put(StoredRecord&& record, Layer layer) {
  const auto known = by_id_.find(record.fields.op_id);
  const bool fresh = known == by_id_.end();
  // Everything that allocates happens on the side first, so that a failure leaves the table whole.
  TableEntry entry;
  entry.key = record.key == record.fields.op_id ? std::string() : std::move(record.key);
  entry.op_id = std::move(record.fields.op_id);
  entry.op_name = std::move(record.fields.op_name);
  entry.implements = intern(record.fields.implements);
  entry.language = intern(record.fields.language);
  entry.trust = intern(record.fields.trust);
  entry.version = record.fields.version;
  entry.text = std::move(record.text);
  entry.file = std::move(record.file);
  entry.span = record.span;
  entry.status = record.fields.status;
  entry.category = record.fields.category;
  entry.layer = layer;
  entry.change = ++changes_;
  if (fresh) {
    const uint32_t index = static_cast<uint32_t>(entries_.size());
    ordered_.reserve(ordered_.size() + 1);
    entries_.push_back(std::move(entry));
    try {
      by_id_.emplace(entries_[index].op_id, index);
      index_names(index);
    } catch (...) {
      by_id_.erase(entries_[index].op_id);
      unindex_names(index);
      entries_.pop_back();
      throw;
    }
    ordered_.push_back(index);
    return;
  }
  // The key under which a lower layer knows the record stays, and so does the place in the order. The
  // maps refer to strings inside the entry, so these are replaced with care. Nothing here throws.
  const uint32_t index = known->second;
  TableEntry& old = entries_[index];
  if (old.op_name != entry.op_name) {
    const auto range = by_name_.equal_range(old.op_name);
    auto place = range.first;
    while (place->second != index) ++place;
    auto node = by_name_.extract(place);
    old.op_name = std::move(entry.op_name);
    node.key() = old.op_name;
    by_name_.insert(std::move(node));
  }
  old.implements = entry.implements;
  old.language = entry.language;
  old.trust = entry.trust;
  old.version = entry.version;
  old.change = entry.change;
  old.text = std::move(entry.text);
  old.file = std::move(entry.file);
  old.span = entry.span;
  old.status = entry.status;
  old.category = entry.category;
  old.layer = entry.layer;
  old.cached = false;
}

uint32_t RecordTable::find_id(std::string_view op_id) const {
  const auto found = by_id_.find(op_id);
  return found == by_id_.end() ? kAbsent : found->second;
}

uint32_t RecordTable::find(std::string_view name, std::vector<std::string>* ambiguous) const {
  const uint32_t index = find_id(name);
  if (index != kAbsent) return index;
  for (const auto* map : {&by_key_, &by_name_}) {
    const auto range = map->equal_range(name);
    if (range.first == range.second) continue;
    if (std::next(range.first) == range.second) return range.first->second;
    if (ambiguous != nullptr) {
      for (auto it = range.first; it != range.second; ++it)
        ambiguous->push_back(entries_[it->second].op_id);
      std::sort(ambiguous->begin(), ambiguous->end());
    }
    return kAbsent;
  }
  return kAbsent;
}

std::vector<uint32_t> RecordTable::with_name(std::string_view op_name) const {
  std::vector<uint32_t> found;
  const auto range = by_name_.equal_range(op_name);
  for (auto it = range.first; it != range.second; ++it) found.push_back(it->second);
  std::sort(found.begin(), found.end(), [&](uint32_t a, uint32_t b) {
    return entries_[a].index_key() < entries_[b].index_key();
  });
  return found;
}

void RecordTable::settle() {
  if (settled_ == ordered_.size()) return;
  const auto less = [&](uint32_t a, uint32_t b) {
    return entries_[a].index_key() < entries_[b].index_key();
  };
  const auto middle = ordered_.begin() + static_cast<std::ptrdiff_t>(settled_);
  std::sort(middle, ordered_.end(), less);
  // A single new record goes where it belongs; more are merged.
  if (ordered_.end() - middle == 1) {
    const uint32_t index = *middle;
    const auto place = std::upper_bound(ordered_.begin(), middle, index, less);
    std::rotate(place, middle, ordered_.end());
  } else {
    std::inplace_merge(ordered_.begin(), middle, ordered_.end(), less);
  }
  settled_ = ordered_.size();
}

const std::vector<uint32_t>& RecordTable::ordered() const { return ordered_; }

}  // namespace fgx
