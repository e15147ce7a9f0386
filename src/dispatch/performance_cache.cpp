// SPDX-License-Identifier: Apache-2.0
// Recording, ageing and look-up of statistics.
#include "dispatch/performance_cache.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/clock.h"

namespace fgx {
namespace {

// Two-sided 97.5 % quantile of Student's t distribution, to within 1 % from 3 degrees of freedom on
// (Cornish-Fisher expansion); exact values below.
double student_quantile(int64_t degrees) {
  if (degrees <= 0) return std::numeric_limits<double>::infinity();
  if (degrees == 1) return 12.706;
  if (degrees == 2) return 4.303;
  const double z = 1.959963984540054;
  const double n = static_cast<double>(degrees);
  return z + (z * z * z + z) / (4 * n) +
         (5 * std::pow(z, 5) + 16 * std::pow(z, 3) + 3 * z) / (96 * n * n);
}

TunedRatio ratio_of(const std::string& reference, const std::vector<double>& reference_us,
                    const std::vector<double>& own_us) {
  TunedRatio ratio;
  ratio.reference = reference;
  const size_t rounds = std::min(reference_us.size(), own_us.size());
  double mean = 0;
  double squares = 0;
  for (size_t i = 0; i < rounds; ++i) {
    if (!(reference_us[i] > 0) || !(own_us[i] > 0)) continue;
    const double value = std::log(reference_us[i] / own_us[i]);
    ++ratio.rounds;
    const double delta = value - mean;
    mean += delta / static_cast<double>(ratio.rounds);
    squares += delta * (value - mean);
  }
  const double n = static_cast<double>(ratio.rounds);
  const double error = ratio.rounds < 2
                           ? std::numeric_limits<double>::infinity()
                           : student_quantile(ratio.rounds - 1) * std::sqrt(squares / (n - 1) / n);
  ratio.mean = std::exp(mean);
  ratio.low = std::isinf(error) ? 0 : std::exp(mean - error);
  // JSON has no infinity; a bound this far says as little.
  ratio.high = std::isinf(error) ? 1e9 : std::exp(mean + error);
  return ratio;
}

}  // namespace

void ImplementationStats::add_sample(double us, int64_t now_ns) {
  // Welford's update of mean and variance; old samples fade so that the mean follows the machine.
  constexpr int64_t kMemory = 1000;
  const int64_t before = std::min(samples, kMemory);
  const double n = static_cast<double>(before + 1);
  const double delta = us - mean_us;
  const double mean = mean_us + delta / n;
  const double squares =
      deviation_us * deviation_us * static_cast<double>(std::max<int64_t>(before - 1, 0)) +
      delta * (us - mean);
  mean_us = mean;
  deviation_us = before == 0 ? 0 : std::sqrt(std::max(0.0, squares / static_cast<double>(before)));
  min_us = samples == 0 ? us : std::min(min_us, us);
  ++samples;
  updated_ns = now_ns;
}

double ImplementationStats::mean_error() const {
  if (samples < 2) return std::numeric_limits<double>::infinity();
  return student_quantile(samples - 1) * deviation_us / std::sqrt(static_cast<double>(samples));
}

std::string PerformanceRow::id() const {
  return key.text() + '|' + shape + '|' + identity.device.text() + '|' + identity.library.text();
}

std::string PerformanceRow::best_implementation() const {
  const ImplementationStats* best = nullptr;
  std::string name;
  for (const auto& [candidate, stats] : implementations) {
    if (stats.samples > 0 && (best == nullptr || stats.mean_us < best->mean_us)) {
      best = &stats;
      name = candidate;
    }
  }
  return name;
}

void PerformanceCache::configure(size_t capacity, int64_t ttl_s) {
  std::lock_guard lock(mutex_);
  capacity_ = capacity;
  ttl_ns_ = ttl_s * 1'000'000'000;
  trim();
}

void PerformanceCache::trim() {
  while (recent_.size() > capacity_) {
    const std::string id = *recent_.back();
    erase(id);
  }
}

void PerformanceCache::erase(const std::string& id) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return;
  if (found->second.row.tuned()) {
    const auto ids = tuned_ids_.find(found->second.row.key.text());
    std::erase(ids->second, id);
    if (ids->second.empty()) tuned_ids_.erase(ids);
  } else {
    recent_.erase(found->second.place);
  }
  rows_.erase(found);
}

// Names a row within this cache, all of whose rows have its identity.
static std::string slot_id(const PerformanceKey& key, const std::string& shape) {
  return key.text() + '|' + shape;
}

PerformanceCache::Slot& PerformanceCache::slot_for(const PerformanceKey& key,
                                                   const std::string& shape) {
  const auto [place, added] = rows_.try_emplace(slot_id(key, shape));
  Slot& slot = place->second;
  if (!added) {
    if (shape.empty()) recent_.splice(recent_.begin(), recent_, slot.place);
    return slot;
  }
  try {
    slot.row.key = key;
    slot.row.shape = shape;
    slot.row.identity = identity_;
    if (shape.empty()) {
      recent_.push_front(&place->first);
    } else {
      tuned_ids_[key.text()].push_back(place->first);
    }
  } catch (...) {
    rows_.erase(place);
    throw;
  }
  if (shape.empty()) {
    slot.place = recent_.begin();
    trim();  // never this one: the capacity is at least 1
  }
  return slot;
}

// The slot if its row is still trusted; an expired row is dropped.
PerformanceCache::Slot* PerformanceCache::fresh_slot(const std::string& id) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return nullptr;
  Slot& slot = found->second;
  if (slot.row.tuned()) return &slot;
  int64_t updated = 0;
  for (const auto& [name, stats] : slot.row.implementations) {
    updated = std::max(updated, stats.updated_ns);
  }
  if (wall_clock_ns() - updated > ttl_ns_) {
    erase(id);
    return nullptr;
  }
  recent_.splice(recent_.begin(), recent_, slot.place);
  return &slot;
}

void PerformanceCache::add(const PerformanceKey& key, const std::string& implementation, double us,
                           const std::string& content_hash) {
  Slot& slot = slot_for(key, "");
  ImplementationStats& stats = slot.row.implementations[implementation];
  const int64_t now = wall_clock_ns();
  if (stats.content_hash != content_hash || now - stats.updated_ns > ttl_ns_) {
    stats = {};
    stats.content_hash = content_hash;
  }
  stats.add_sample(us, now);
  slot.changed = true;
}

void PerformanceCache::record(const PerformanceKey& key, const std::string& implementation,
                              double us, const std::string& content_hash) {
  std::lock_guard lock(mutex_);
  add(key, implementation, us, content_hash);
}

bool PerformanceCache::try_record(const PerformanceKey& key, const std::string& implementation,
                                  double us, const std::string& content_hash) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  add(key, implementation, us, content_hash);
  return true;
}

void PerformanceCache::record_failure(const PerformanceKey& key,
                                      const std::string& implementation) {
  std::lock_guard lock(mutex_);
  Slot& slot = slot_for(key, "");
  ImplementationStats& stats = slot.row.implementations[implementation];
  ++stats.failures;
  stats.updated_ns = wall_clock_ns();
  slot.changed = true;
}

void PerformanceCache::mark_slow(const PerformanceKey& key, const std::string& implementation) {
  std::lock_guard lock(mutex_);
  Slot& slot = slot_for(key, "");
  slot.row.implementations[implementation].slow = true;
  slot.changed = true;
}

void PerformanceCache::record_tuned(const PerformanceKey& key, const std::string& shape,
                                    const std::string& reference,
                                    const std::vector<TunedTimes>& times) {
  const auto base = std::find_if(times.begin(), times.end(), [&](const TunedTimes& entry) {
    return entry.implementation == reference;
  });
  std::lock_guard lock(mutex_);
  Slot& slot = slot_for(key, shape);
  slot.changed = true;
  const int64_t now = wall_clock_ns();
  for (const TunedTimes& entry : times) {
    ImplementationStats stats;
    stats.content_hash = entry.content_hash;
    for (const double us : entry.us) stats.add_sample(us, now);
    if (base != times.end() && entry.implementation != reference) {
      stats.ratio = std::make_shared<const TunedRatio>(ratio_of(reference, base->us, entry.us));
    }
    slot.row.implementations[entry.implementation] = std::move(stats);
  }
}

std::optional<PerformanceRow> PerformanceCache::find(const PerformanceKey& key) {
  return find_tuned(key, "");
}

std::optional<PerformanceRow> PerformanceCache::find_tuned(const PerformanceKey& key,
                                                           const std::string& shape) {
  std::lock_guard lock(mutex_);
  const Slot* slot = fresh_slot(slot_id(key, shape));
  if (slot == nullptr) return std::nullopt;
  return slot->row;
}

std::vector<PerformanceRow> PerformanceCache::tuned_in(const PerformanceKey& key) {
  std::lock_guard lock(mutex_);
  std::vector<PerformanceRow> rows;
  const auto ids = tuned_ids_.find(key.text());
  if (ids == tuned_ids_.end()) return rows;
  for (const std::string& id : ids->second) rows.push_back(rows_.at(id).row);
  return rows;
}

std::vector<PerformanceRow> PerformanceCache::tuned_rows() {
  std::lock_guard lock(mutex_);
  std::vector<PerformanceRow> rows;
  for (const auto& [text, ids] : tuned_ids_) {
    for (const std::string& id : ids) rows.push_back(rows_.at(id).row);
  }
  return rows;
}

std::vector<std::pair<std::string, std::string>> PerformanceCache::tuned_shapes() {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> shapes;
  for (const auto& [text, ids] : tuned_ids_) {
    for (const std::string& id : ids) {
      const PerformanceRow& row = rows_.at(id).row;
      shapes.emplace_back(row.key.op, row.shape);
    }
  }
  return shapes;
}

void PerformanceCache::invalidate(std::string_view op) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, slot] : rows_) {
    if (slot.row.key.op == op) ids.push_back(id);
  }
  for (const std::string& id : ids) erase(id);
}

void PerformanceCache::clear() {
  std::lock_guard lock(mutex_);
  rows_.clear();
  recent_.clear();
  tuned_ids_.clear();
}

size_t PerformanceCache::size() {
  std::lock_guard lock(mutex_);
  return rows_.size();
}

std::vector<PerformanceRow> PerformanceCache::take_changes() {
  std::lock_guard lock(mutex_);
  std::vector<PerformanceRow> rows;
  for (auto& [id, slot] : rows_) {
    if (slot.changed) rows.push_back(slot.row);
    slot.changed = false;
  }
  std::sort(rows.begin(), rows.end(),
            [](const PerformanceRow& a, const PerformanceRow& b) { return a.id() < b.id(); });
  return rows;
}

}  // namespace fgx
