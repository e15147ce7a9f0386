// SPDX-License-Identifier: Apache-2.0
// What two performance data files say together: pairs of configurations, and ratios of their times.
#include "importer/perf_statistics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace fgx {

size_t PerfComparison::matched() const {
  return static_cast<size_t>(std::count_if(
      pairs.begin(), pairs.end(), [](const PerfPair& pair) { return pair.flaggems != nullptr; }));
}

std::vector<PerfComparison> compare(const PerfFile& yours, const PerfFile* flaggems) {
  std::unordered_map<std::string_view, const PerfOperator*> theirs;
  if (flaggems != nullptr) {
    for (const PerfOperator& op : flaggems->operators) theirs.emplace(op.name, &op);
  }
  std::vector<PerfComparison> result;
  for (const PerfOperator& op : yours.operators) {
    PerfComparison comparison;
    comparison.yours = &op;
    std::unordered_map<std::string, const PerfConfig*> partners;
    if (const auto found = theirs.find(op.name); found != theirs.end()) {
      comparison.flaggems = found->second;
      for (const PerfConfig& config : found->second->configs) {
        partners.emplace(configuration_key(config), &config);
      }
    }
    std::unordered_set<const PerfConfig*> used;
    for (const PerfConfig& config : op.configs) {
      const auto partner = partners.find(configuration_key(config));
      comparison.pairs.push_back({&config, partner == partners.end() ? nullptr : partner->second});
      if (partner != partners.end()) used.insert(partner->second);
    }
    if (comparison.flaggems != nullptr) {
      for (const PerfConfig& config : comparison.flaggems->configs) {
        if (used.count(&config) == 0) comparison.flaggems_only.push_back(&config);
      }
    }
    result.push_back(std::move(comparison));
  }
  return result;
}

std::optional<double> arithmetic_mean(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  // Long double: the mean of equal values must be that value, or a threshold would miss it.
  long double sum = 0;
  for (const double value : values) sum += value;
  return static_cast<double>(sum / static_cast<long double>(values.size()));
}

Summary summarize(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  Summary summary;
  summary.count = values.size();
  summary.min = values.front();
  summary.max = values.back();
  const size_t middle = values.size() / 2;
  summary.median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  summary.mean = *arithmetic_mean(values);
  long double logarithms = 0;
  for (const double value : values) logarithms += std::log(static_cast<long double>(value));
  summary.geomean =
      static_cast<double>(std::exp(logarithms / static_cast<long double>(values.size())));
  return summary;
}

}  // namespace fgx
