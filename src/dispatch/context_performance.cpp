// SPDX-License-Identifier: Apache-2.0
// A context's statistics: what enters them, what they change, and where they are kept.
#include "base/error.h"
#include "dispatch/context.h"

namespace fgx {
namespace {

// The implementation that a tuned row speaks for: the fastest that beats the reference by the rule of
// selection, else the reference.
std::string decision_of(const PerformanceRow& row) {
  std::string best;
  std::string reference;
  double ratio = 0;
  for (const auto& [name, stats] : row.implementations) {
    if (!stats.ratio) continue;
    reference = stats.ratio->reference;
    if (is_clear_gain(*stats.ratio) && stats.ratio->mean > ratio) {
      ratio = stats.ratio->mean;
      best = name;
    }
  }
  return best.empty() ? reference : best;
}

}  // namespace

void Context::publish_exact_shapes() {
  auto shapes = std::make_shared<std::unordered_set<uint64_t>>();
  for (const auto& [op_name, shape] : performance_->tuned_shapes()) {
    shapes->insert(shape_hash(op_name, shape));
  }
  std::unique_lock lock(mutex_);
  auto settings = std::make_shared<Settings>(*settings_);
  if (settings->pinned != nullptr) {
    for (const auto& [id, implementation] : *settings->pinned) {
      if (id.second.empty()) continue;
      shapes->insert(
          shape_hash(std::string_view(id.first).substr(0, id.first.find('|')), id.second));
    }
  }
  settings->exact_shapes = std::move(shapes);
  publish(std::move(settings));
}

void Context::record_tuned(const PerformanceKey& key, const std::string& shape,
                           const std::string& reference, const std::vector<TunedTimes>& times) {
  std::vector<TunedTimes> hashed = times;
  for (TunedTimes& entry : hashed) entry.content_hash = content_hash(entry.implementation);
  performance_->record_tuned(key, shape, reference, hashed);
  publish_exact_shapes();
}

std::string Context::content_hash(std::string_view implementation) const {
  std::shared_lock lock(mutex_);
  const auto found = by_name_.find(implementation);
  if (found == by_name_.end()) return {};
  for (const ImplementationList::Item& item : implementations_.at(&found->second->op)->all) {
    if (item.implementation == found->second) return item.record->content_hash;
  }
  return {};
}

PerformanceCache::ImportReport Context::import_performance(JsonView rows) {
  const auto hash_of = [](void* self, const std::string& name) {
    return static_cast<const Context*>(self)->content_hash(name);
  };
  PerformanceCache::ImportReport report = performance_->import_rows(rows, hash_of, this);
  publish_exact_shapes();
  return report;
}

void Context::load_performance(const std::string& directory) {
  const StoredRows stored = load_rows(directory);
  const auto hash_of = [](void* self, const std::string& name) {
    return static_cast<const Context*>(self)->content_hash(name);
  };
  const PerformanceCache::ImportReport report =
      performance_->import_rows(stored.rows, hash_of, this);
  performance_->take_changes();  // they are on disk already
  const int64_t bad = stored.damaged_lines + report.skipped;
  if (bad > 0) {
    log_->log(FGX_LOG_WARNING, "%lld rows of statistics are damaged and were skipped",
              static_cast<long long>(bad));
  }
}

void Context::clear_performance(const char* op_name) {
  std::string qualified;
  if (op_name != nullptr) qualified = op(op_name).name;
  if (op_name != nullptr) {
    performance_->invalidate(qualified);
  } else {
    performance_->clear();
  }
  const std::string directory = settings()->config.tune_cache_dir;
  if (!directory.empty()) remove_rows(directory, qualified);
  publish_exact_shapes();
}

void Context::save_performance() {
  const std::shared_ptr<const Settings> now = settings();
  if (now == nullptr || now->config.tune_cache_dir.empty()) return;
  const std::string& directory = now->config.tune_cache_dir;
  const std::vector<PerformanceRow> changes = performance_->take_changes();
  append_rows(directory, changes);
  if (now->config.selection_mode == SelectionMode::kPinned) return;
  std::map<std::pair<std::string, std::string>, std::pair<PerformanceKey, std::string>> decisions;
  bool tuned = false;
  for (const PerformanceRow& row : changes) tuned |= row.tuned();
  if (!tuned) return;
  for (const PerformanceRow& row : performance_->tuned_rows()) {
    const std::string chosen = decision_of(row);
    if (chosen.empty()) continue;
    decisions[{row.key.text(), row.shape}] = {row.key, chosen};
    // Unseen shapes of the signature follow where all tuned ones agree.
    const auto [place, added] = decisions.emplace(std::make_pair(row.key.text(), std::string()),
                                                  std::make_pair(row.key, chosen));
    if (!added && place->second.second != chosen) place->second.second.clear();
  }
  std::erase_if(decisions, [](const auto& entry) { return entry.second.second.empty(); });
  save_decisions(directory, decisions);
}

}  // namespace fgx
