// SPDX-License-Identifier: Apache-2.0
// The circuit breakers of one implementation, one for each device: closed, open after failures, half
// open while a probe runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace fgx {

// Lower end of Wilson's score interval for `failures` among `trials` (95 %, two-sided).
double wilson_lower_bound(double failures, double trials);

class Breaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };

  static constexpr int kLeastFailures = 3;
  // Opens when the failure rate is above this with confidence.
  static constexpr double kOpenAbove = 0.10;
  // Successes beyond this are forgotten, so that a new fault shows within a few calls.
  static constexpr double kMemory = 20;
  // An open breaker lets a probe through when both have passed; the time doubles with each reopening.
  static constexpr int64_t kProbeCalls = 64;
  static constexpr int64_t kProbeNs = 5'000'000'000;
  static constexpr int64_t kMaxProbeNs = 600'000'000'000;
  // Successful probes in a row that close it.
  static constexpr int kProbesToClose = 3;

  State state() const noexcept { return state_.load(std::memory_order_relaxed); }
  // Successes of calls that were not reported one by one. Wait-free.
  void add_successes(int64_t count) noexcept {
    successes_.fetch_add(count, std::memory_order_relaxed);
  }
  // A call failed at `now_ns`. Returns true when this opened the breaker.
  bool on_failure(int64_t now_ns);
  // A call that took another implementation because this one's breaker is open, `calls` times.
  // Returns true when the caller should probe now; it then must report through on_probe().
  bool should_probe(int64_t calls, int64_t now_ns);
  // The outcome of a probe. Returns true when this closed the breaker.
  bool on_probe(bool success, int64_t now_ns);

  struct Numbers {
    State state;
    double failures;
    double successes;
    int64_t openings;
  };
  Numbers numbers() const;

 private:
  std::atomic<State> state_{State::kClosed};
  std::atomic<int64_t> successes_{0};
  mutable std::mutex mutex_;
  double failures_ = 0;
  double kept_successes_ = 0;
  int64_t opened_at_ = 0;
  int64_t probe_ns_ = kProbeNs;
  int64_t passed_calls_ = 0;
  int64_t openings_ = 0;
  int good_probes_ = 0;
};

const char* breaker_state_name(Breaker::State state);

// One breaker for each device that calls have asked for. Thread-safe.
class DeviceBreakers {
 public:
  // The breaker of this device of the implementation's kind; made when first asked for, stays.
  Breaker& on(int32_t device_id);
  // All that were asked for, by device.
  std::vector<std::pair<int32_t, Breaker::State>> states() const;

 private:
  mutable std::mutex mutex_;
  std::map<int32_t, Breaker> breakers_;
};

}  // namespace fgx
