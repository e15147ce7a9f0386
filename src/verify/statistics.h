// SPDX-License-Identifier: Apache-2.0
// Order statistics of timings: they need no assumption about how noise is distributed.
#pragma once

#include <span>

namespace fgx {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

// NaN without samples.
double median(std::span<const double> samples);
// Median absolute deviation from the median; 0 for fewer than two samples.
double median_deviation(std::span<const double> samples);
// Interval that holds the true median with at least 95 % confidence where there are 6 samples or
// more (ranks from the binomial distribution); the whole range where there are fewer.
Interval median_interval(std::span<const double> samples);

}  // namespace fgx
