// SPDX-License-Identifier: Apache-2.0
// Statistics on disk: append-only rows over a read-only base, and the decisions that pinned mode
// reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "dispatch/performance_cache.h"

namespace fgx {

// File names inside tune_cache_dir.
inline constexpr const char* kBaseFile =
    "performance_base.json";  // a cache document, never written
inline constexpr const char* kOverlayFile = "performance_rows.jsonl";  // "<crc32c> <row>" per line
inline constexpr const char* kDecisionsFile = "decisions.json";

struct StoredRows {
  Json rows = Json::array();
  int64_t damaged_lines = 0;
};

// Rows of base and overlay, in the order they are to be merged. Missing files are empty. Throws Io,
// Permission; damage is counted, never thrown.
StoredRows load_rows(const std::string& directory);
// Appends rows to the overlay under its lock; rewrites it when most of its lines are superseded.
// Throws Io, Permission.
void append_rows(const std::string& directory, const std::vector<PerformanceRow>& rows);
// Forgets the overlay's rows of one operator, or all with op empty. Throws Io, Permission.
void remove_rows(const std::string& directory, const std::string& op);

// Pinned decisions: for a key's text and exact shape ("" for the whole signature) the implementation.
using PinnedDecisions = std::map<std::pair<std::string, std::string>, std::string>;
// Throws Io, Permission, MetadataInvalid. A missing file gives no decisions.
PinnedDecisions load_decisions(const std::string& directory);
void save_decisions(const std::string& directory,
                    const std::map<std::pair<std::string, std::string>,
                                   std::pair<PerformanceKey, std::string>>& decisions);

}  // namespace fgx
