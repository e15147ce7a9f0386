// SPDX-License-Identifier: Apache-2.0
// The turns of online selection.
#include "dispatch/exploration.h"

#include <algorithm>

namespace fgx {

Explorations::Turn Explorations::next(const std::string& id,
                                      const std::vector<std::string>& candidates, int warmup) {
  std::lock_guard lock(mutex_);
  if (states_.size() >= kMostShapes && states_.find(id) == states_.end()) states_.clear();
  State& state = states_[id];
  const bool same =
      std::equal(candidates.begin(), candidates.end(), state.times.begin(), state.times.end(),
                 [](const std::string& name, const TunedTimes& entry) {
                   return name == entry.implementation;
                 });
  if (!same) {
    state = {};
    for (const std::string& name : candidates) state.times.push_back({name, {}, {}});
  }
  const int64_t count = static_cast<int64_t>(candidates.size());
  const int64_t turn = state.turns++;
  return {static_cast<size_t>(turn % count), turn / count >= warmup};
}

bool Explorations::report(const std::string& id, size_t candidate, double us, int rounds,
                          std::vector<TunedTimes>& times) {
  std::lock_guard lock(mutex_);
  const auto found = states_.find(id);
  if (found == states_.end() || candidate >= found->second.times.size()) return false;
  std::vector<TunedTimes>& all = found->second.times;
  all[candidate].us.push_back(us);
  const bool done = std::all_of(all.begin(), all.end(), [&](const TunedTimes& entry) {
    return entry.us.size() >= static_cast<size_t>(rounds);
  });
  if (!done) return false;
  times = std::move(all);
  states_.erase(found);
  return true;
}

}  // namespace fgx
