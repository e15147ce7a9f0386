// SPDX-License-Identifier: Apache-2.0
// Snapshots: the index file _metadata.json, read as a stream and written with its checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "registry/table.h"

namespace fgx {

// Newest major version of the index format that this library reads.
constexpr int64_t kIndexMajor = 1;

struct SnapshotHeader {
  uint64_t generation = 0;  // of the journal segment that continues the snapshot
  uint64_t sequence = 0;    // of the last change it includes
  uint64_t records = 0;
  std::string last_updated;
};

struct SnapshotInfo {
  SnapshotHeader header;
  bool canonical = false;  // written by this library; otherwise a plan-style or older index
  std::string damage;      // why it cannot be trusted; "" when it is sound
  uint64_t bytes = 0;
};

// Reads an index file record by record; `on_record` receives records whose text, when `keep_text`,
// is in canonical form, or else stays in the file. Records were handed over even when the info says
// damage in the end: the caller drops them.
// Throws Io, Permission; MetadataInvalid for a foreign file that breaks the format; Unsupported for a
// newer one.
SnapshotInfo read_snapshot(const std::shared_ptr<RecordFile>& file, bool keep_text,
                           const std::function<void(StoredRecord&&)>& on_record);
// The same for an index in memory (the built-in one); records keep their text.
SnapshotInfo read_snapshot_text(std::string_view text,
                                const std::function<void(StoredRecord&&)>& on_record);

// Reads only the header. False when it is not one that this library wrote.
bool read_snapshot_header(const std::string& path, SnapshotHeader* header);

// A record on its way into a snapshot.
struct SnapshotItem {
  std::string key;
  std::string op_id;
  uint64_t change = 0;
  std::shared_ptr<const std::string> text;  // or, when null, file and span
  std::shared_ptr<const RecordFile> file;
  RecordSpan span;
};

// Writes a snapshot to `path` (fsynced, not renamed) in the order of `items`, and replaces their spans
// by those in the new file. Throws Io.
uint64_t write_snapshot(const std::string& path, const SnapshotHeader& header,
                        std::vector<SnapshotItem>* items);

// Reads a record's text from its file and brings it into canonical, compact form. Throws Io;
// MetadataCorrupted when the bytes are not those that were indexed.
std::shared_ptr<const std::string> load_record(const RecordFile& file, const RecordSpan& span,
                                               std::string_view key);

}  // namespace fgx
