// SPDX-License-Identifier: Apache-2.0
// State changes of the circuit breakers.
#include "dispatch/breaker.h"

#include <algorithm>
#include <cmath>

namespace fgx {

double wilson_lower_bound(double failures, double trials) {
  if (trials <= 0) return 0;
  constexpr double kZ = 1.959963984540054;
  const double rate = failures / trials;
  const double centre = rate + kZ * kZ / (2 * trials);
  const double spread = kZ * std::sqrt((rate * (1 - rate) + kZ * kZ / (4 * trials)) / trials);
  return std::max(0.0, (centre - spread) / (1 + kZ * kZ / trials));
}

bool Breaker::on_failure(int64_t now_ns) {
  std::lock_guard lock(mutex_);
  // Old failures fade with the successes since, so that a rare fault never adds up to an open breaker.
  const double since = static_cast<double>(successes_.exchange(0, std::memory_order_relaxed));
  failures_ = failures_ * std::pow(1 - 1 / kMemory, since) + 1;
  kept_successes_ = std::min(kept_successes_ + since, kMemory);
  if (state() != State::kClosed) return false;
  if (failures_ < kLeastFailures ||
      wilson_lower_bound(failures_, failures_ + kept_successes_) <= kOpenAbove) {
    return false;
  }
  state_.store(State::kOpen, std::memory_order_relaxed);
  opened_at_ = now_ns;
  passed_calls_ = 0;
  good_probes_ = 0;
  ++openings_;
  return true;
}

bool Breaker::should_probe(int64_t calls, int64_t now_ns) {
  std::lock_guard lock(mutex_);
  if (state() == State::kClosed) return false;
  passed_calls_ += calls;
  if (state() == State::kHalfOpen) return false;  // another thread's probe is under way
  if (good_probes_ == 0 && (passed_calls_ < kProbeCalls || now_ns - opened_at_ < probe_ns_)) {
    return false;
  }
  state_.store(State::kHalfOpen, std::memory_order_relaxed);
  return true;
}

bool Breaker::on_probe(bool success, int64_t now_ns) {
  std::lock_guard lock(mutex_);
  if (state() != State::kHalfOpen) return false;
  if (!success) {
    state_.store(State::kOpen, std::memory_order_relaxed);
    opened_at_ = now_ns;
    passed_calls_ = 0;
    good_probes_ = 0;
    probe_ns_ = std::min(2 * probe_ns_, kMaxProbeNs);
    return false;
  }
  if (++good_probes_ < kProbesToClose) {
    state_.store(State::kOpen, std::memory_order_relaxed);
    return false;
  }
  state_.store(State::kClosed, std::memory_order_relaxed);
  failures_ = 0;
  kept_successes_ = 0;
  successes_.store(0, std::memory_order_relaxed);
  probe_ns_ = kProbeNs;
  good_probes_ = 0;
  return true;
}

Breaker::Numbers Breaker::numbers() const {
  std::lock_guard lock(mutex_);
  return {state(), failures_,
          kept_successes_ + static_cast<double>(successes_.load(std::memory_order_relaxed)),
          openings_};
}

const char* breaker_state_name(Breaker::State state) {
  switch (state) {
    case Breaker::State::kClosed:
      return "closed";
    case Breaker::State::kOpen:
      return "open";
    case Breaker::State::kHalfOpen:
      return "half_open";
  }
  return "unknown";
}

Breaker& DeviceBreakers::on(int32_t device_id) {
  std::lock_guard lock(mutex_);
  return breakers_[device_id];
}

std::vector<std::pair<int32_t, Breaker::State>> DeviceBreakers::states() const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<int32_t, Breaker::State>> states;
  for (const auto& [device_id, breaker] : breakers_)
    states.emplace_back(device_id, breaker.state());
  return states;
}

}  // namespace fgx
