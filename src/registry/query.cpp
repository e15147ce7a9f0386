// SPDX-License-Identifier: Apache-2.0
// Filters over the records.
#include "registry/query.h"

#include <charconv>

#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "registry/snapshot.h"

namespace fgx {
namespace {

constexpr const char* kKeys =
    "status, category, op_name, implements, language, trust, limit, offset, fields";

void append_summary(const TableEntry& entry, std::string* text) {
  const auto member = [&](const char* name, std::string_view value) {
    *text += name;
    append_json_string(value, text);
  };
  member("{\"op_id\":", entry.op_id);
  member(",\"op_name\":", entry.op_name);
  member(",\"key\":", entry.index_key());
  member(",\"category\":", category_name(entry.category));
  member(",\"status\":", status_name(entry.status));
  member(",\"implements\":", *entry.implements);
  member(",\"language\":", *entry.language);
  member(",\"trust\":", *entry.trust);
  *text += ",\"record_version\":";
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), entry.version);
  text->append(digits, end.ptr);
  *text += '}';
}

bool equals(const std::optional<std::string>& wanted, const std::string& value) {
  return !wanted || *wanted == value;
}

}  // namespace

std::shared_ptr<const std::string> QueryMatch::load() const {
  return text ? text : load_record(*file, span, key);
}

RecordQuery RecordQuery::parse(std::string_view filter) {
  RecordQuery query;
  if (trim(filter).empty()) return query;
  JsonLimits limits;
  limits.max_bytes = 65536;
  limits.error = FGX_INVALID_ARGUMENT;
  limits.what = "filter";
  const Json json = Json::parse(filter, limits);
  for (const auto& [name, value] : json.members()) {
    if (name == "status") {
      RecordStatus status{};
      if (!parse_status(value.as_string(), &status))
        value.fail("'%s' is no status; the statuses are %s",
                   escape_for_display(value.as_string().substr(0, 80)).c_str(),
                   status_names().c_str());
      query.status_ = status;
    } else if (name == "category") {
      RecordCategory category{};
      if (!parse_category(value.as_string(), &category))
        value.fail("'%s' is no category; the categories are blas, reduction, pointwise, custom",
                   escape_for_display(value.as_string().substr(0, 80)).c_str());
      query.category_ = category;
    } else if (name == "op_name") {
      query.op_name_ = value.as_string();
    } else if (name == "implements") {
      query.implements_ = value.as_string();
    } else if (name == "language") {
      query.language_ = value.as_string();
    } else if (name == "trust") {
      query.trust_ = value.as_string();
    } else if (name == "limit") {
      query.limit_ = value.as_int64(0);
    } else if (name == "offset") {
      query.offset_ = value.as_int64(0);
    } else if (name == "fields") {
      if (value.as_string() != "summary" && value.as_string() != "full")
        value.fail("is neither \"summary\" nor \"full\"");
      query.summary_ = value.as_string() == "summary";
    } else {
      fail(FGX_INVALID_ARGUMENT, "filter: unknown key '%s'; the keys are %s",
           escape_for_display(name.substr(0, 80)).c_str(), kKeys);
    }
  }
  return query;
}

bool RecordQuery::matches(const TableEntry& entry) const {
  return (!status_ || *status_ == entry.status) && (!category_ || *category_ == entry.category) &&
         equals(op_name_, entry.op_name) && equals(implements_, *entry.implements) &&
         equals(language_, *entry.language) && equals(trust_, *entry.trust);
}

template <typename Take>
void RecordQuery::visit(const RecordTable& table, Take take) const {
  int64_t skipped = 0, taken = 0;
  const auto consider = [&](uint32_t index) {
    const TableEntry& entry = table.at(index);
    if (!matches(entry)) return true;
    if (skipped < offset_) {
      ++skipped;
      return true;
    }
    if (taken++ >= limit_) return false;
    take(entry);
    return true;
  };
  if (op_name_) {
    for (const uint32_t index : table.with_name(*op_name_))
      if (!consider(index)) break;
  } else {
    for (const uint32_t index : table.ordered())
      if (!consider(index)) break;
  }
}

std::vector<QueryMatch> RecordQuery::run(const RecordTable& table) const {
  std::vector<QueryMatch> result;
  visit(table, [&](const TableEntry& entry) {
    QueryMatch& match = result.emplace_back();
    match.text = entry.text;
    if (match.text) return;
    match.key = entry.index_key();
    match.file = entry.file;
    match.span = entry.span;
  });
  return result;
}

std::string RecordQuery::summarize(const RecordTable& table) const {
  std::string text = "[";
  visit(table, [&](const TableEntry& entry) {
    if (text.size() > 1) text += ',';
    append_summary(entry, &text);
  });
  return text + "]";
}

std::string RecordQuery::write(const std::vector<QueryMatch>& matches) {
  std::string text = "[";
  size_t size = 2;
  for (const QueryMatch& match : matches)
    size += 1 + (match.text ? match.text->size() : match.span.size);
  text.reserve(size);
  for (const QueryMatch& match : matches) {
    if (&match != matches.data()) text += ',';
    text += *match.load();
  }
  text += ']';
  return text;
}

}  // namespace fgx
