// SPDX-License-Identifier: Apache-2.0
// Times several ways to do the same thing, interleaved, so that drift of the machine hits all alike.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "verify/statistics.h"

namespace fgx {

struct MeasureOptions {
  int warmup = 3;   // rounds that are not counted
  int repeat = 10;  // rounds that are
  uint64_t seed = 0;
  // A sample covers as many calls as last about this long: one call of a microsecond is beyond what a
  // clock can tell.
  int64_t sample_ns = 50'000;
  int max_calls_per_sample = 4096;
  // Does the work and says how many nanoseconds it took. Empty: by the monotonic clock.
  std::function<int64_t(const std::function<void()>& work)> time_ns = {};
};

// Does the work once; `turn` counts up, to choose among rotated inputs.
using TimedCall = std::function<void(int64_t turn)>;

// Microseconds per call, one entry per counted round; result[i][r] and result[j][r] were taken next to
// each other, in random order within the round.
std::vector<std::vector<double>> measure_interleaved(std::span<const TimedCall> subjects,
                                                     const MeasureOptions& options);

struct Summary {
  double median_us = 0.0;
  double spread_us = 0.0;  // median absolute deviation
  Interval interval;       // of the median, 95 %
  double min_us = 0.0;
  int samples = 0;
};
Summary summarize(std::span<const double> microseconds);

// time of `reference` / time of `subject`, round by round: above 1 the subject is faster.
struct Ratio {
  double median = 0.0;
  Interval interval;
};
Ratio interleaved_ratio(std::span<const double> reference, std::span<const double> subject);

}  // namespace fgx
