// SPDX-License-Identifier: Apache-2.0
// Rounds, random order, batches of short calls.
#include "verify/measure.h"

#include <algorithm>
#include <numeric>

#include "base/clock.h"
#include "verify/inputs.h"

namespace fgx {

std::vector<std::vector<double>> measure_interleaved(std::span<const TimedCall> subjects,
                                                     const MeasureOptions& options) {
  const auto time_ns = [&](const std::function<void()>& work) {
    if (options.time_ns) return options.time_ns(work);
    const int64_t start = monotonic_ns();
    work();
    return monotonic_ns() - start;
  };
  const size_t count = subjects.size();
  std::vector<std::vector<double>> times(count);
  std::vector<int64_t> turns(count, 0);
  std::vector<int64_t> calls(count, 1);
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  uint64_t draws = 0;
  const int warmup = std::max(1, options.warmup);
  for (int round = 0; round < warmup + options.repeat; ++round) {
    for (size_t i = count; i > 1; --i) {
      const auto j =
          static_cast<size_t>(random_below(options.seed, 0, draws++, static_cast<int64_t>(i)));
      std::swap(order[i - 1], order[j]);
    }
    for (const size_t subject : order) {
      const int64_t elapsed = std::max<int64_t>(0, time_ns([&] {
                                                  for (int64_t c = 0; c < calls[subject]; ++c)
                                                    subjects[subject](turns[subject]++);
                                                }));
      if (round >= warmup) {
        times[subject].push_back(static_cast<double>(elapsed) /
                                 static_cast<double>(calls[subject]) * 1e-3);
      } else {
        // The last warm-up round counts most: the first pays for cold caches.
        const int64_t each = std::max<int64_t>(1, elapsed / calls[subject]);
        calls[subject] =
            std::clamp<int64_t>(options.sample_ns / each, 1, options.max_calls_per_sample);
      }
    }
  }
  return times;
}

Summary summarize(std::span<const double> microseconds) {
  Summary summary;
  summary.median_us = median(microseconds);
  summary.spread_us = median_deviation(microseconds);
  summary.interval = median_interval(microseconds);
  summary.min_us = microseconds.empty()
                       ? summary.median_us
                       : *std::min_element(microseconds.begin(), microseconds.end());
  summary.samples = static_cast<int>(microseconds.size());
  return summary;
}

Ratio interleaved_ratio(std::span<const double> reference, std::span<const double> subject) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(reference.size(), subject.size()); ++i) {
    if (subject[i] > 0.0) ratios.push_back(reference[i] / subject[i]);
  }
  return {median(ratios), median_interval(ratios)};
}

}  // namespace fgx
