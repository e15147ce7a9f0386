// SPDX-License-Identifier: Apache-2.0
// What happens to a warm call that is watched.
#include "dispatch/sampling.h"

#include <algorithm>
#include <limits>

#include "backend/gpu/device.h"
#include "base/clock.h"
#include "dispatch/outputs.h"
#include "dispatch/scratch.h"
#include "dispatch/trace.h"

namespace fgx {
namespace {

constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();
// Calls between two timed ones, once an entry has been timed a few times.
constexpr uint32_t kProfileInterval = 1024;
constexpr uint32_t kFirstInterval = 8;
// Calls between two looks at an open breaker.
constexpr uint32_t kProbeInterval = 16;
// Times of an implementation before it may be called slow.
constexpr int64_t kSlowSamples = 3;

// Calls until the next one that is watched.
uint32_t next_watch(const Level1Entry& entry, const Cell& cell) {
  if (cell.sampling.every_call) return 1;
  uint32_t next = std::min(entry.profile_left, entry.shadow_left);
  if (!cell.broken.empty()) next = std::min(next, kProbeInterval);
  return std::max(next, 1u);
}

uint32_t profile_interval(const Level1Entry& entry) {
  const uint32_t doubled = kFirstInterval << std::min(entry.samples, 7u);
  return std::min(doubled, kProfileInterval);
}

// Counts `calls` down; true when the watch is due, which starts it again at `interval`.
bool is_due(uint32_t& left, uint32_t calls, uint32_t interval) {
  if (left == kNever) return false;
  if (left > calls) {
    left -= calls;
    return false;
  }
  left = interval;
  return true;
}

// Runs an implementation into scratch: the caller's outputs are not at risk. On a device, where there
// is no such scratch, into the caller's outputs, which the call then writes again whole.
bool probe(const ColdRun& run, const Implementation& implementation) {
  try {
    if (run.cell->device.type != FGX_DEVICE_CPU) {
      run_once(run, implementation, run.cold.data.data());
      return true;
    }
    const ScratchOutputs scratch(run.cold.call);
    run_once(run, implementation, scratch.data());
    return true;
  } catch (...) {
    return false;
  }
}

// Whether a probe can be sent after a call on this device: not into a graph, nor where work fails as it is.
bool can_probe(fgx_device device, void* stream) {
  if (device.type == FGX_DEVICE_CPU) return true;
  try {
    return !gpu::is_capturing(device, stream);
  } catch (const Error&) {
    return false;
  }
}

// Lets implementations whose breaker is open compute the call too, where their time has come.
void probe_broken(const ColdRun& run, uint32_t calls) {
  Context& context = *run.op.context;
  const fgx_device device = run.cell->device;
  if (device.type != FGX_DEVICE_CPU && run.cell->in_place) return;
  if (!can_probe(device, run.invocation.stream)) return;
  for (const std::shared_ptr<Implementation>& implementation : run.cell->broken) {
    Breaker& breaker = implementation->breakers.on(device.id);
    if (!breaker.should_probe(calls, context.now())) continue;
    context.counters()->breaker_probes.fetch_add(1, std::memory_order_relaxed);
    if (!breaker.on_probe(probe(run, *implementation), context.now())) continue;
    context.log().log(FGX_LOG_INFO, "%s: breaker of %s closes", run.op.name.c_str(),
                      implementation->def.name.c_str());
    context.invalidate();
  }
}

void record_time(const ColdRun& run, const Implementation& implementation, double us) {
  Context& context = *run.op.context;
  context.counters()->profiled_calls.fetch_add(1, std::memory_order_relaxed);
  context.performance().try_record(run.cell->key, implementation.def.name, us,
                                   context.content_hash(implementation.def.name));
}

// fallback_on_slow: times the reference on the same call into scratch, and lets later calls avoid
// what proved slower than the threshold. The result of this call stands.
void check_speed(const ColdRun& run, const Implementation& implementation) {
  if (!run.settings.config.fallback_on_slow || run.cell->reference == nullptr ||
      run.cell->reference.get() == &implementation) {
    return;
  }
  Context& context = *run.op.context;
  try {
    const ScratchOutputs scratch(run.cold.call);
    run_once(run, *run.cell->reference, scratch.data());  // warms the caches, as the other was
    record_time(run, *run.cell->reference, run_once(run, *run.cell->reference, scratch.data()));
  } catch (...) {
    return;  // the reference cannot say anything about this call
  }
  const auto row = context.performance().find(run.cell->key);
  if (!row) return;
  const auto own = row->implementations.find(implementation.def.name);
  const auto base = row->implementations.find(run.cell->reference->def.name);
  if (own == row->implementations.end() || base == row->implementations.end() || own->second.slow ||
      own->second.samples < kSlowSamples || base->second.samples < kSlowSamples ||
      own->second.mean_us <= run.settings.config.slow_threshold * base->second.mean_us) {
    return;
  }
  context.counters()->slow_results.fetch_add(1, std::memory_order_relaxed);
  context.performance().mark_slow(run.cell->key, implementation.def.name);
  context.log().log(FGX_LOG_INFO, "%s: %s takes %.2f us, %s %.2f us: later calls avoid it",
                    run.op.name.c_str(), implementation.def.name.c_str(), own->second.mean_us,
                    run.cell->reference->def.name.c_str(), base->second.mean_us);
  context.invalidate();
}

}  // namespace

void start_sampling(Level1Entry& entry, const Cell& cell) noexcept {
  entry.samples = 0;
  entry.profile_left = cell.sampling.profile ? cell.sampling.warmup + 1 : kNever;
  entry.shadow_left = cell.sampling.shadow != 0 ? cell.sampling.shadow : kNever;
  entry.arm(next_watch(entry, cell));
}

const Implementation& run_shadowed(const ColdRun& run, Chain& chain) {
  Context& context = *run.op.context;
  Implementation& watched = *run.cell->order[0];
  const Implementation& reference = *run.cell->reference;
  context.counters()->shadow_checks.fetch_add(1, std::memory_order_relaxed);
  std::unique_ptr<ScratchOutputs> scratch;
  try {
    scratch = std::make_unique<ScratchOutputs>(run.cold.call);
    run_once(run, watched, scratch->data());
  } catch (...) {
    chain.failed_run(run.cell->order[0]);
    return run_candidates(run, chain, 1, true);
  }
  size_t place = 0;
  while (run.cell->order[place].get() != &reference) ++place;
  double us = 0;
  ColdRun unkept = run;
  unkept.key = nullptr;
  const Implementation& by = run_timed(unkept, chain, place, us);
  if (&by != &reference) return by;
  const WorkFn work = run.op.def->reduce_length;
  const std::string difference =
      compare_outputs(run.cold.call, *scratch, work == nullptr ? 1 : work(run.cold.call));
  if (!difference.empty()) {
    context.counters()->shadow_disagreements.fetch_add(1, std::memory_order_relaxed);
    context.quarantine(watched, "disagrees with " + reference.def.name + ": " + difference);
  }
  return by;
}

const Implementation& run_exploring(const ColdRun& run, Chain& chain) {
  Context& context = *run.op.context;
  const Config& config = run.settings.config;
  std::vector<std::string> names;
  for (const auto& implementation : run.cell->order) names.push_back(implementation->def.name);
  const std::string shape = exact_shape(run.cold.call);
  const std::string id = run.cell->key.text() + '|' + shape;
  const Explorations::Turn turn = context.explorations().next(id, names, config.profiling_warmup);
  double us = 0;
  const Implementation& by = run_timed(run, chain, turn.candidate, us);
  if (!turn.record) return by;
  // A failure is no time, but it must not keep the shape from settling.
  const double time = us < 0 ? std::numeric_limits<double>::max() : us;
  std::vector<TunedTimes> times;
  if (context.explorations().report(id, turn.candidate, time, config.profiling_repeat, times)) {
    std::erase_if(times, [](const TunedTimes& entry) {
      return std::find(entry.us.begin(), entry.us.end(), std::numeric_limits<double>::max()) !=
             entry.us.end();
    });
    const auto& reference =
        run.cell->reference != nullptr ? run.cell->reference : run.cell->order.front();
    context.record_tuned(run.cell->key, shape, reference->def.name, times);
  }
  return by;
}

void trace_call(const ColdRun& run, const Chain& chain, const char* level, int64_t start_ns,
                const std::string& implementation, fgx_status status) {
  TraceEvent event = make_trace_event(run.op, &chain, level);
  event.start_ns = start_ns;
  event.duration_ns = monotonic_ns() - start_ns;
  event.implementation = implementation;
  event.signature = run.cell->key.signature;
  event.status = status;
  run.op.context->trace().add(std::move(event));
}

namespace detail {

void run_sampled(fgx_op& op, const fgx_invocation& invocation, CallKey& key, Level1Entry& entry,
                 uint64_t stamp) {
  const std::shared_ptr<const Cell> cell = entry.cell;
  const Implementation& implementation = *cell->order[entry.position];
  const uint32_t calls = entry.hits();
  const bool profile = is_due(entry.profile_left, calls, profile_interval(entry));
  const bool shadow =
      is_due(entry.shadow_left, calls, cell->sampling.shadow) && entry.position == 0;
  if (profile) ++entry.samples;
  Level1Table::settle(entry, next_watch(entry, *cell));
  const Busy busy(entry);

  op.context->refresh_records();
  const ColdLease cold;
  bind_invocation(op, invocation, true, cold->call);
  cold->collect();
  const std::shared_ptr<const Settings> settings = op.context->settings();
  const ColdRun run{op, invocation, *cold, cell, *settings, nullptr, stamp};
  if (cell->sampling.check_pointers) check_mapped(op, cold->call);
  if (!cell->broken.empty()) probe_broken(run, calls);
  Chain chain(op, *settings, *cell);
  const int64_t start = monotonic_ns();
  if (shadow) {
    const Implementation& by = run_shadowed(run, chain);
    if (cell->sampling.trace) {
      trace_call(run, chain, level_name(Level::kLevel1), start, by.def.name, FGX_OK);
    }
    return;
  }
  const HostHold hold(entry.host);
  if (!hold.held()) {
    run_cold(op, invocation, nullptr, op.context->stamp());
    return;
  }
  const ScratchLease scratch(entry.workspace);
  const bool on_device = cold->call.device().type != FGX_DEVICE_CPU;
  const RunArgs args{key.data,
                     key.scalars,
                     on_device ? invocation.workspace : scratch.data(),
                     on_device ? invocation.workspace_size : entry.workspace,
                     invocation.stream,
                     &op.context->pool()};
  // fallback_on_slow compares on the inputs as they are before an in-place call.
  if (profile && cell->in_place) check_speed(run, implementation);
  const int64_t run_start = monotonic_ns();
  try {
    entry.run(entry.state, args);
  } catch (...) {
    recover(op, invocation, entry, stamp);
    return;
  }
  const int64_t end = monotonic_ns();
  if (cell->sampling.trace) {
    trace_call(run, chain, level_name(Level::kLevel1), run_start, implementation.def.name, FGX_OK);
  }
  if (!profile) return;
  record_time(run, implementation, static_cast<double>(end - run_start) / 1e3);
  if (!cell->in_place) check_speed(run, implementation);
}

}  // namespace detail
}  // namespace fgx
