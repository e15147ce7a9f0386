// SPDX-License-Identifier: Apache-2.0
// Rows of statistics as JSON, and the merge of documents.
#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "dispatch/performance_cache.h"

namespace fgx {
namespace {

constexpr const char* kSchemaVersion = "1.0";
constexpr size_t kMaxFaults = 20;

double finite_number(JsonView object, const char* name, double least) {
  const double value = object.get_double(name);
  if (!(value >= least) || !std::isfinite(value)) object.at(name).fail("out of range");
  return value;
}

Json stats_to_json(const ImplementationStats& stats) {
  Json json = Json::object();
  json.set("mean_us", stats.mean_us);
  json.set("deviation_us", stats.deviation_us);
  json.set("min_us", stats.min_us);
  json.set("samples", stats.samples);
  json.set("failures", stats.failures);
  json.set("updated", format_timestamp(stats.updated_ns));
  json.set("content_hash", stats.content_hash.text());
  if (stats.slow) json.set("slow", true);
  if (stats.ratio) {
    json.set("ratio", Json::object()
                          .set("reference", stats.ratio->reference)
                          .set("mean", stats.ratio->mean)
                          .set("low", stats.ratio->low)
                          .set("high", stats.ratio->high)
                          .set("rounds", stats.ratio->rounds));
  }
  return json;
}

ImplementationStats stats_from_json(JsonView json) {
  ImplementationStats stats;
  stats.mean_us = finite_number(json, "mean_us", 0);
  stats.deviation_us = finite_number(json, "deviation_us", 0);
  stats.min_us = finite_number(json, "min_us", 0);
  stats.samples = json.get_int64("samples", 0, int64_t{1} << 52);
  stats.failures = json.get_int64("failures", 0, int64_t{1} << 52);
  const std::string updated = json.get_string("updated");
  if (!parse_timestamp(updated, &stats.updated_ns)) json.at("updated").fail("is no timestamp");
  stats.content_hash = json.get_string_or("content_hash", "");
  stats.slow = json.get_bool_or("slow", false);
  if (const JsonView ratio = json.find("ratio")) {
    TunedRatio tuned;
    tuned.reference = ratio.get_string("reference");
    tuned.mean = finite_number(ratio, "mean", 0);
    tuned.low = finite_number(ratio, "low", 0);
    tuned.high = finite_number(ratio, "high", tuned.low);
    tuned.rounds = ratio.get_int64("rounds", 0, int64_t{1} << 52);
    stats.ratio = std::make_shared<const TunedRatio>(std::move(tuned));
  }
  return stats;
}

// Which of two statements about one implementation is kept: a total order.
bool is_better(const ImplementationStats& a, const ImplementationStats& b) {
  if (a.samples != b.samples) return a.samples > b.samples;
  if (a.updated_ns != b.updated_ns) return a.updated_ns > b.updated_ns;
  return stats_to_json(a).dump() > stats_to_json(b).dump();
}

void merge_into(PerformanceRow& into, const PerformanceRow& row) {
  for (const auto& [name, stats] : row.implementations) {
    const auto [place, added] = into.implementations.emplace(name, stats);
    if (!added && is_better(stats, place->second)) place->second = stats;
  }
}

Json document_of(const std::map<std::string, PerformanceRow>& rows) {
  Json list = Json::array();
  for (const auto& [id, row] : rows) list.push(row.to_json());
  Json document = Json::object();
  document.set("schema_version", kSchemaVersion);
  document.set("kind", "performance_cache");
  document.set("rows", std::move(list));
  return document;
}

void read_document(JsonView document, std::map<std::string, PerformanceRow>& rows) {
  for (const JsonView item : cache_rows(document).elements()) {
    try {
      PerformanceRow row = PerformanceRow::from_json(item);
      const std::string id = row.id();
      const auto [place, added] = rows.emplace(id, row);
      if (!added) merge_into(place->second, row);
    } catch (const Error&) {
      continue;  // a bad row is skipped, never the document
    }
  }
}

}  // namespace

Json PerformanceRow::to_json() const {
  Json stats = Json::object();
  for (const auto& [name, entry] : implementations) stats.append(name.text(), stats_to_json(entry));
  Json json = Json::object();
  json.set("operator", key.op);
  json.set("device", key.device);
  json.set("signature", key.signature);
  json.set("dtype", key.dtype);
  json.set("layout", key.layout);
  json.set("attributes", key.attributes);
  if (tuned()) json.set("shape", shape);
  json.set(
      "identity",
      Json::object().set("device", identity.device.text()).set("library", identity.library.text()));
  const std::string best = best_implementation();
  json.set("best_implementation", best.empty() ? Json(nullptr) : Json(best));
  json.set("implementations", std::move(stats));
  return json;
}

PerformanceRow PerformanceRow::from_json(JsonView json) {
  PerformanceRow row;
  row.key.op = json.get_string("operator");
  row.key.device = json.get_string("device");
  row.key.signature = json.get_string("signature");
  row.key.dtype = json.get_string("dtype");
  row.key.layout = json.get_string_or("layout", "");
  row.key.attributes = json.get_string_or("attributes", "");
  row.shape = json.get_string_or("shape", "");
  const JsonView identity = json.get_object("identity");
  row.identity.device = identity.get_string("device");
  row.identity.library = identity.get_string("library");
  for (const auto [name, stats] : json.get_object("implementations").members()) {
    row.implementations.emplace(name, stats_from_json(stats));
  }
  return row;
}

JsonView cache_rows(JsonView document) {
  if (document.get_string("kind") != "performance_cache") {
    document.at("kind").fail("is no performance cache");
  }
  const std::string version = document.get_string("schema_version");
  if (version.substr(0, 2) != "1.") {
    document.at("schema_version").fail("this library reads version 1: upgrade it");
  }
  return document.get_array("rows");
}

Json merge_cache_documents(JsonView a, JsonView b) {
  std::map<std::string, PerformanceRow> rows;
  read_document(a, rows);
  read_document(b, rows);
  return document_of(rows);
}

Json PerformanceCache::to_json() {
  std::map<std::string, PerformanceRow> rows;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, slot] : rows_) rows.emplace(slot.row.id(), slot.row);
  }
  return document_of(rows);
}

Json PerformanceCache::ImportReport::to_json() const {
  Json json = Json::object();
  json.set("rows", rows);
  json.set("imported", imported);
  json.set("skipped", skipped);
  json.set("foreign", foreign);
  json.set("outdated", outdated);
  json.set("faults", Json::array_of(faults));
  return json;
}

void PerformanceCache::merge_row(const PerformanceRow& row) {
  Slot& slot = slot_for(row.key, row.shape);
  merge_into(slot.row, row);
  slot.changed = true;
}

PerformanceCache::ImportReport PerformanceCache::import_rows(JsonView rows,
                                                             ContentHashOf content_hash_of,
                                                             void* context) {
  ImportReport report;
  for (const JsonView item : rows.elements()) {
    ++report.rows;
    try {
      PerformanceRow row = PerformanceRow::from_json(item);
      if (!(row.identity == identity_)) {
        ++report.foreign;
        continue;
      }
      const size_t before = row.implementations.size();
      std::erase_if(row.implementations, [&](const auto& entry) {
        return content_hash_of(context, entry.first) != entry.second.content_hash;
      });
      if (row.implementations.size() != before) ++report.outdated;
      if (row.implementations.empty()) continue;
      std::lock_guard lock(mutex_);
      merge_row(row);
      ++report.imported;
    } catch (const Error& error) {
      ++report.skipped;
      if (report.faults.size() < kMaxFaults) report.faults.push_back(error.message());
    }
  }
  return report;
}

}  // namespace fgx
