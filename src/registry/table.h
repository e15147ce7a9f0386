// SPDX-License-Identifier: Apache-2.0
// The records of all layers in memory: entries, and the ways to find them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "registry/record.h"

namespace fgx {

// An index file that stays open, so that records can be read from it later.
struct RecordFile {
  UniqueFd file;
  std::string path;
  bool canonical = false;  // written by this library: records need no conversion
};

// Where a record's text lies in a RecordFile.
struct RecordSpan {
  uint64_t offset = 0;
  uint32_t size = 0;
  uint32_t checksum = 0;
};

// A record as a layer holds it: its text, or the place of its text.
struct StoredRecord {
  std::string key;  // of the index; usually op_id
  RecordFields fields;
  std::shared_ptr<const std::string> text;
  std::shared_ptr<const RecordFile> file;
  RecordSpan span;
};

enum class Layer : uint8_t { kBuiltin, kBase, kOwn };

// One record in the table. Rarely distinct strings are shared between entries.
struct TableEntry {
  std::string op_id;
  std::string op_name;
  std::string key;  // empty when it equals op_id
  const std::string* implements = nullptr;
  const std::string* language = nullptr;
  const std::string* trust = nullptr;
  int64_t version = 0;
  uint64_t change = 0;  // number of the change that put it here
  std::shared_ptr<const std::string> text;
  std::shared_ptr<const RecordFile> file;
  RecordSpan span;
  RecordStatus status = RecordStatus::kExperimental;
  RecordCategory category = RecordCategory::kCustom;
  Layer layer = Layer::kOwn;
  bool cached = false;  // text was read from file and may be dropped again

  const std::string& index_key() const { return key.empty() ? op_id : key; }
  RecordFields fields() const {
    return {op_id, op_name, *implements, *language, *trust, status, category, version};
  }
};

// Not synchronized: its owner locks.
class RecordTable {
 public:
  // Adds a record, or replaces the one with the same op_id whatever its layer.
  void put(StoredRecord&& record, Layer layer);

  size_t size() const { return entries_.size(); }
  const TableEntry& at(uint32_t index) const { return entries_[index]; }
  TableEntry& at(uint32_t index) { return entries_[index]; }

  static constexpr uint32_t kAbsent = UINT32_MAX;
  // By op_id, index key, or op_name when only one record has it. kAbsent when there is none; a name
  // that several records share is kAbsent too, and `ambiguous` receives their op_ids.
  uint32_t find(std::string_view name, std::vector<std::string>* ambiguous) const;
  uint32_t find_id(std::string_view op_id) const;
  // Indices of the records with this op_name.
  std::vector<uint32_t> with_name(std::string_view op_name) const;
  // Indices in the order of index keys.
  const std::vector<uint32_t>& ordered() const;
  // Sorts what was put since; call it before others may read at once.
  void settle();

  uint64_t change_count() const { return changes_; }

 private:
  const std::string* intern(const std::string& text) { return &*interned_.insert(text).first; }
  void index_names(uint32_t index);
  void unindex_names(uint32_t index);

  std::deque<TableEntry> entries_;
  std::unordered_map<std::string_view, uint32_t> by_id_;
  std::unordered_multimap<std::string_view, uint32_t> by_key_;  // only keys that differ from op_id
  std::unordered_multimap<std::string_view, uint32_t> by_name_;
  std::vector<uint32_t> ordered_;
  size_t settled_ = 0;  // how many of ordered_ are sorted
  std::set<std::string> interned_;
  uint64_t changes_ = 0;
};

}  // namespace fgx
