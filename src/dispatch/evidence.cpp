// SPDX-License-Identifier: Apache-2.0
// Reorders candidates by measured speed: tuned ratios at the exact shape, then in the signature, then
// observed statistics, then what records claim, then the tier.
#include "dispatch/evidence.h"

#include <algorithm>

#include "base/strings.h"
#include "dispatch/performance_cache.h"

namespace fgx {
namespace {

// Observed samples before they say anything.
constexpr int64_t kLeastSamples = 8;
// Share of failures above which a candidate is put behind the others.
constexpr double kMostFailures = 0.1;

enum class Finding : uint8_t { kNothing, kFaster, kSlower, kFails };

struct Judgement {
  Finding finding = Finding::kNothing;
  double ratio = 1;
  const char* source = "";  // which evidence spoke
  std::string text;
};

std::string ratio_text(const TunedRatio& ratio, const char* where) {
  return format_text("%.2fx of %s (%.2f to %.2f, %lld rounds) %s", ratio.mean,
                     ratio.reference.c_str(), ratio.low, ratio.high,
                     static_cast<long long>(ratio.rounds), where);
}

class Judge {
 public:
  Judge(const Call& call, const Settings& settings, PerformanceCache& cache,
        const std::string& reference)
      : settings_(settings), reference_(reference) {
    if (!settings.config.enable_perf_cache) return;
    const PerformanceKey key = performance_key(call);
    exact_ = cache.find_tuned(key, exact_shape(call));
    nearby_ = cache.tuned_in(key);
    observed_ = cache.find(key);
  }

  Judgement judge(const Implementation& implementation, const RecordFacts& record) const {
    const std::string& name = implementation.def.name;
    Judgement result;
    if (const ImplementationStats* own = observed(name)) {
      const double tries = static_cast<double>(own->samples + own->failures);
      if (own->failures > 0 && static_cast<double>(own->failures) > kMostFailures * tries) {
        result.finding = Finding::kFails;
        result.source = "failures";
        result.text =
            format_text("%lld of %.0f calls failed", static_cast<long long>(own->failures), tries);
        return result;
      }
    }
    if (from_ratio(exact_, name, "at this shape", "measured at this shape", result)) return result;
    if (from_nearby(name, result)) return result;
    if (from_observed(name, result)) return result;
    if (implementation.experimental() && record.speedup > 0) {
      result.source = "record";
      result.ratio = record.speedup;
      result.finding = record.speedup < 1 ? Finding::kSlower : Finding::kNothing;
      result.text = format_text("%.2fx of native by its record%s", record.speedup,
                                record.measured ? "" : " (claimed)");
    }
    return result;
  }

 private:
  const ImplementationStats* observed(const std::string& name) const {
    if (!observed_) return nullptr;
    const auto found = observed_->implementations.find(name);
    return found == observed_->implementations.end() ? nullptr : &found->second;
  }

  bool from_ratio(const std::optional<PerformanceRow>& row, const std::string& name,
                  const char* where, const char* source, Judgement& result) const {
    if (!row) return false;
    const auto found = row->implementations.find(name);
    if (found == row->implementations.end() || !found->second.ratio ||
        found->second.ratio->reference != reference_) {
      return false;
    }
    const TunedRatio& ratio = *found->second.ratio;
    result.finding = is_clear_gain(ratio) ? Finding::kFaster : Finding::kSlower;
    result.ratio = ratio.mean;
    result.source = source;
    result.text = ratio_text(ratio, where);
    return true;
  }

  // Other shapes of the same signature speak with one voice, or not at all for it.
  bool from_nearby(const std::string& name, Judgement& result) const {
    bool any = false;
    for (const PerformanceRow& row : nearby_) {
      Judgement one;
      if (!from_ratio(row, name, ("at " + row.shape).c_str(), "measured nearby", one)) continue;
      if (!any || one.ratio < result.ratio) result = one;
      any = true;
    }
    return any;
  }

  bool from_observed(const std::string& name, Judgement& result) const {
    const ImplementationStats* own = observed(name);
    const ImplementationStats* base = observed(reference_);
    if (own == nullptr) return false;
    if (settings_.config.fallback_on_slow && own->slow) {
      result.finding = Finding::kSlower;
      result.source = "observed";
      result.text = format_text("proved slower than %.2fx of %s", settings_.config.slow_threshold,
                                reference_.c_str());
      return true;
    }
    if (base == nullptr || own->samples < kLeastSamples || base->samples < kLeastSamples) {
      return false;
    }
    result.ratio = base->mean_us / std::max(own->mean_us, 1e-6);
    if (own->mean_us - own->mean_error() <= base->mean_us + base->mean_error()) return false;
    result.finding = Finding::kSlower;
    result.source = "observed";
    result.text = format_text("%.2f us against %.2f us of %s, observed", own->mean_us,
                              base->mean_us, reference_.c_str());
    return true;
  }

  const Settings& settings_;
  const std::string& reference_;
  std::optional<PerformanceRow> exact_;
  std::vector<PerformanceRow> nearby_;
  std::optional<PerformanceRow> observed_;
};

void order_pinned(const Call& call, const Settings& settings, std::vector<Verdict>& accepted,
                  Cell& cell) {
  const std::string key = performance_key(call).text();
  const auto& pinned = *settings.pinned;
  auto found = pinned.find({key, exact_shape(call)});
  if (found == pinned.end()) found = pinned.find({key, ""});
  auto chosen = accepted.end();
  if (found != pinned.end()) {
    chosen = std::find_if(accepted.begin(), accepted.end(), [&](const Verdict& verdict) {
      return verdict.implementation->def.name == found->second;
    });
    cell.why = "pinned";
  }
  if (chosen == accepted.end()) {
    chosen = std::find_if(accepted.begin(), accepted.end(), [](const Verdict& verdict) {
      return !verdict.implementation->experimental();
    });
    cell.why = "pinned: an unseen call takes stable";
  }
  if (chosen != accepted.end()) std::rotate(accepted.begin(), chosen, chosen + 1);
}

}  // namespace

void order_by_evidence(const fgx_op& op, const Call& call, const ImplementationList& list,
                       const Settings& settings, std::vector<Verdict>& accepted, Cell& cell) {
  cell.why = accepted.size() == 1 ? "only candidate" : "tier order";
  if (accepted.size() < 2) return;
  if (settings.config.selection_mode == SelectionMode::kPinned) {
    order_pinned(call, settings, accepted, cell);
    return;
  }
  const auto reference = std::find_if(accepted.begin(), accepted.end(), [](const Verdict& verdict) {
    return !verdict.implementation->experimental();
  });
  if (reference == accepted.end()) return;
  const std::string name = reference->implementation->def.name;
  const Judge judge(call, settings, op.context->performance(), name);

  // Ranks: 0 measured faster (by ratio), 1 ahead by tier, 2 the reference, 3 behind by tier, 4 slower,
  // 5 failing. The sort is stable, so tier order decides within a rank.
  struct Ranked {
    Verdict verdict;
    int rank;
    double ratio;
    const char* source;
  };
  std::vector<Ranked> ranked;
  const size_t reference_place = static_cast<size_t>(reference - accepted.begin());
  for (size_t i = 0; i < accepted.size(); ++i) {
    Verdict& verdict = accepted[i];
    if (i == reference_place) {
      ranked.push_back({std::move(verdict), 2, 1, "tier order"});
      continue;
    }
    const auto item = std::find_if(list.all.begin(), list.all.end(), [&](const auto& other) {
      return other.implementation == verdict.implementation;
    });
    Judgement found = judge.judge(*verdict.implementation, *item->record);
    int rank = i < reference_place ? 1 : 3;
    if (found.finding == Finding::kFaster) rank = 0;
    if (found.finding == Finding::kSlower) rank = 4;
    if (found.finding == Finding::kFails) rank = 5;
    verdict.evidence = std::move(found.text);
    if (rank == 4) verdict.reason = Reason::kSlower;
    if (rank == 5) verdict.reason = Reason::kRecentFailures;
    ranked.push_back({std::move(verdict), rank, found.ratio,
                      found.source[0] == '\0' ? "tier order" : found.source});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    if (a.rank != b.rank) return a.rank < b.rank;
    return a.rank == 0 && a.ratio > b.ratio;
  });
  // The first is first for its own evidence, or, when it is the reference, for what speaks against
  // those that tier order would put ahead.
  cell.why = ranked.front().source;
  if (ranked.front().rank == 2 && reference_place != 0) {
    for (const Ranked& entry : ranked) {
      if (entry.rank >= 4) {
        cell.why = entry.source;
        break;
      }
    }
  }
  for (size_t i = 0; i < ranked.size(); ++i) accepted[i] = std::move(ranked[i].verdict);
}

}  // namespace fgx
