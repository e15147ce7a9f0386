// SPDX-License-Identifier: Apache-2.0
// Filters over the records, answered from the index alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/table.h"

namespace fgx {

// A record that matched: its text, or the place of it.
struct QueryMatch {
  std::string key;
  std::shared_ptr<const std::string> text;
  std::shared_ptr<const RecordFile> file;
  RecordSpan span;

  std::shared_ptr<const std::string> load() const;
};

class RecordQuery {
 public:
  RecordQuery() = default;
  // Reads a filter (JSON object, or nothing at all). Throws InvalidArgument that names the legal keys
  // or values.
  static RecordQuery parse(std::string_view filter);

  bool wants_summaries() const { return summary_; }
  // Call these two with the table locked: the matches, or a JSON array of their summaries.
  std::vector<QueryMatch> run(const RecordTable& table) const;
  std::string summarize(const RecordTable& table) const;
  // A JSON array of the matches; needs no lock. Throws what reading records from disk throws.
  static std::string write(const std::vector<QueryMatch>& matches);

 private:
  bool matches(const TableEntry& entry) const;
  template <typename Take>
  void visit(const RecordTable& table, Take take) const;

  std::optional<RecordStatus> status_;
  std::optional<RecordCategory> category_;
  std::optional<std::string> op_name_, implements_, language_, trust_;
  int64_t limit_ = INT64_MAX;
  int64_t offset_ = 0;
  bool summary_ = false;
};

}  // namespace fgx
