// SPDX-License-Identifier: Apache-2.0
// Statistics and the interleaved measurement, on a synthetic clock.
#include "verify/measure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "verify/inputs.h"

namespace fgx {
namespace {

TEST(Statistics, MedianAndDeviation) {
  const double odd[] = {5, 1, 9};
  const double even[] = {4, 1, 2, 100};
  EXPECT_EQ(median(odd), 5);
  EXPECT_EQ(median(even), 3);
  EXPECT_EQ(median_deviation(even), 1.5);  // distances 1, 2, 1, 97
  EXPECT_TRUE(std::isnan(median({})));
  EXPECT_EQ(median_deviation(std::span<const double>(odd, 1)), 0);
}

TEST(Statistics, IntervalTakesTheRanksOfTheBinomialDistribution) {
  std::vector<double> samples;
  for (int i = 10; i > 0; --i) samples.push_back(i);
  // P(at most 1 of 10 below the median) = 1.07 %, of 2: 5.5 %. So the 2nd and the 9th.
  EXPECT_EQ(median_interval(samples).low, 2);
  EXPECT_EQ(median_interval(samples).high, 9);
  samples.resize(5);  // too few for any confidence: the range
  EXPECT_EQ(median_interval(samples).low, 6);
  EXPECT_EQ(median_interval(samples).high, 10);
}

TEST(Statistics, IntervalHoldsTheMedianAsOftenAsItClaims) {
  int held = 0;
  constexpr int kTrials = 2000;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    std::vector<double> samples;
    for (uint64_t i = 0; i < 25; ++i) {
      samples.push_back(static_cast<double>(random_bits(7, trial, i) >> 11) * 0x1p-53);
    }
    const Interval interval = median_interval(samples);
    held += interval.low <= 0.5 && 0.5 <= interval.high;
  }
  EXPECT_GE(held, kTrials * 94 / 100);
  EXPECT_LT(held, kTrials);  // it can miss: it is not the whole range
}

TEST(Statistics, IntervalOfManySamplesStaysNarrow) {
  std::vector<double> samples;
  for (int i = 0; i < 4000; ++i) samples.push_back(i);
  const Interval interval = median_interval(samples);
  EXPECT_NEAR(interval.low, 1937, 3);
  EXPECT_NEAR(interval.high, 2062, 3);
}

// A clock that only moves when a subject works.
struct FakeTime {
  int64_t now = 0;
  // What MeasureOptions::time_ns takes.
  std::function<int64_t(const std::function<void()>&)> clock() {
    return [this](const std::function<void()>& work) {
      const int64_t start = now;
      work();
      return now - start;
    };
  }
};

TEST(Measure, CountsWhatTheClockSaysPerCall) {
  FakeTime time;
  int64_t calls = 0;
  MeasureOptions options;
  options.time_ns = time.clock();
  options.sample_ns = 10'000;
  const TimedCall subjects[] = {[&](int64_t) {
                                  time.now += 100;
                                  ++calls;
                                },
                                [&](int64_t) { time.now += 250'000; }};
  const auto times = measure_interleaved(subjects, options);
  ASSERT_EQ(times[0].size(), 10u);
  for (const double us : times[0]) EXPECT_DOUBLE_EQ(us, 0.1);
  for (const double us : times[1]) EXPECT_DOUBLE_EQ(us, 250);
  // One call first, then batches of 10 us.
  EXPECT_EQ(calls, 1 + 12 * 100);
}

TEST(Measure, DriftHitsAllSubjectsAlike) {
  // The machine gets slower all the time: by 0.2 % per call. The ratio of two equal subjects must
  // not show it.
  FakeTime time;
  double speed = 1000;
  MeasureOptions options;
  options.repeat = 200;
  options.sample_ns = 1;
  options.time_ns = time.clock();
  const auto work = [&](double factor) {
    return [&, factor](int64_t) {
      time.now += static_cast<int64_t>(speed * factor);
      speed *= 1.002;
    };
  };
  const TimedCall subjects[] = {work(1), work(1), work(0.5)};
  const auto times = measure_interleaved(subjects, options);
  const Ratio equal = interleaved_ratio(times[0], times[1]);
  EXPECT_LT(equal.interval.low, 1.0);
  EXPECT_GT(equal.interval.high, 1.0);
  const Ratio faster = interleaved_ratio(times[0], times[2]);
  EXPECT_NEAR(faster.median, 2.0, 0.02);
  EXPECT_GT(faster.interval.low, 1.9);
}

TEST(Measure, OrderWithinARoundVaries) {
  FakeTime time;
  MeasureOptions options;
  options.repeat = 40;
  options.sample_ns = 1;
  options.time_ns = time.clock();
  std::string order;
  std::set<std::string> rounds;
  const auto note = [&](char name) {
    return [&, name](int64_t) {
      order += name;
      if (order.size() == 3) {
        rounds.insert(order);
        order.clear();
      }
    };
  };
  const TimedCall subjects[] = {note('a'), note('b'), note('c')};
  measure_interleaved(subjects, options);
  EXPECT_EQ(rounds.size(), 6u);
}

TEST(Measure, TurnsCountUp) {
  std::vector<int64_t> turns;
  MeasureOptions options;
  options.sample_ns = 0;
  const TimedCall subjects[] = {[&](int64_t turn) { turns.push_back(turn); }};
  measure_interleaved(subjects, options);
  for (size_t i = 0; i < turns.size(); ++i) EXPECT_EQ(turns[i], static_cast<int64_t>(i));
  EXPECT_EQ(turns.size(), 13u);
}

}  // namespace
}  // namespace fgx
