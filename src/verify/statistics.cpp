// SPDX-License-Identifier: Apache-2.0
// Median, its deviation, and its distribution-free interval.
#include "verify/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace fgx {
namespace {

double median_of(std::vector<double>& values) {
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle), values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  const double lower =
      *std::max_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle));
  return lower + (upper - lower) / 2;
}

}  // namespace

double median(std::span<const double> samples) {
  if (samples.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values(samples.begin(), samples.end());
  return median_of(values);
}

double median_deviation(std::span<const double> samples) {
  if (samples.size() < 2) return 0.0;
  const double middle = median(samples);
  std::vector<double> distances;
  distances.reserve(samples.size());
  for (const double sample : samples) distances.push_back(std::fabs(sample - middle));
  return median_of(distances);
}

Interval median_interval(std::span<const double> samples) {
  if (samples.empty()) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    return {nothing, nothing};
  }
  std::vector<double> values(samples.begin(), samples.end());
  std::sort(values.begin(), values.end());
  // The largest k with P(fewer than k of n samples lie below the median) <= 2.5 %: then the k-th
  // smallest and the k-th largest sample enclose it with 95 % confidence.
  const size_t n = values.size();
  if (n > 1000) {  // 2^-n leaves the range of double; the normal distribution is exact enough
    const double ranks = static_cast<double>(n) / 2 - 0.98 * std::sqrt(static_cast<double>(n));
    const auto normal_rank = static_cast<size_t>(ranks) - 1;
    return {values[normal_rank], values[n - 1 - normal_rank]};
  }
  double term = std::exp2(-static_cast<double>(n)), tail = 0.0;
  size_t k = 0;
  while (k < n / 2 && tail + term <= 0.025) {
    tail += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
    ++k;
  }
  const size_t rank = k == 0 ? 0 : k - 1;
  return {values[rank], values[n - 1 - rank]};
}

}  // namespace fgx
