// SPDX-License-Identifier: Apache-2.0
// One metadata record: its canonical form, the fields the index keeps, and changes to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "registry/lifecycle.h"

namespace fgx {

// Largest record in bytes; larger ones are refused before they are read.
constexpr size_t kMaxRecordBytes = size_t{1} << 20;

// What look-ups and filters need of a record, without reading its text again.
struct RecordFields {
  std::string op_id;
  std::string op_name;
  std::string implements;  // schema name of the operator, "" when the record does not say
  std::string language;
  std::string trust;
  RecordStatus status = RecordStatus::kExperimental;
  RecordCategory category = RecordCategory::kCustom;
  int64_t version = 0;
};

// Reads a record's text strictly and takes its fields from it. `key` stands in for a missing op_id.
// Throws MetadataInvalid that begins with `what`, e.g. "/ops/gelu". `compact` (may be null) receives
// the text without spaces.
RecordFields read_record_fields(std::string_view text, std::string_view key, const char* what,
                                std::string* compact = nullptr);

// Brings a record into canonical form: fields in one order, the older flat nesting moved to the
// plan's, statuses and timestamps in one spelling, unknown fields kept behind the known ones. A
// missing op_id becomes `op_id`. Throws MetadataInvalid with the JSON pointer of what is wrong.
Json canonical_record(Json record, std::string_view op_id);

// A new record as it is stored first: canonical, with op_id, timestamps, version 1 and its first line
// of history filled in.
Json new_record(Json record);

// Applies a merge patch to a canonical record. `reason` in the patch explains a change of status.
// Throws MetadataInvalid: stale record_version (names both), illegal transition, a change of what is
// fixed (op_id, created_at, history, evidence).
Json updated_record(Json record, JsonView patch);

// Changes the status, with a line of history. The transition must be legal.
void change_status(Json* record, RecordStatus to, const std::string& reason);
// Counts the change: record_version and updated_at.
void stamp_change(Json* record);

// A timestamp in its one spelling; text that is no timestamp is returned as it is.
std::string canonical_timestamp(std::string_view text);

}  // namespace fgx
