// SPDX-License-Identifier: Apache-2.0
// Preparation and timing of the implementations of one call.
#include "verify/subjects.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "dispatch/cold.h"
#include "verify/environment.h"

namespace fgx {

// A sample on a device: long beside what starting and stopping its clock costs.
static constexpr int64_t kDeviceSampleNs = 500'000;

TimedSubject start_subject(std::shared_ptr<Implementation> implementation,
                           const RotatedCall& rotated, bool in_place, const ThreadPool& pool) {
  TimedSubject subject;
  subject.implementation = std::move(implementation);
  subject.error = refusal(*subject.implementation, rotated.call(), in_place);
  if (!subject.error.empty()) return subject;
  try {
    auto run = std::make_unique<PreparedRun>(*subject.implementation, rotated.call(), pool);
    run->run_on(rotated.data(0));
    const bool on_cpu = on_host(rotated.call().device());
    const int64_t growth = on_cpu ? peak_memory_growth([&] { run->run_on(rotated.data(0)); }) : 0;
    if (!on_cpu) gpu::synchronize(rotated.call().device());  // tells whether it ran
    subject.overhead_bytes =
        static_cast<int64_t>(run->workspace_bytes()) + std::max<int64_t>(0, growth);
    subject.run = std::move(run);
  } catch (const Error& error) {
    subject.error = error.message();
  }
  return subject;
}

void time_subjects(std::vector<TimedSubject>& subjects, const RotatedCall& rotated,
                   const MeasureOptions& options) {
  std::vector<TimedCall> timed;
  std::vector<TimedSubject*> measured;
  for (TimedSubject& subject : subjects) {
    if (subject.run == nullptr) continue;
    const PreparedRun* const run = subject.run.get();
    timed.push_back([run, &rotated](int64_t turn) { run->run_on(rotated.data(turn)); });
    measured.push_back(&subject);
  }
  MeasureOptions measure = options;
  std::optional<gpu::Stopwatch> stopwatch;
  if (const fgx_device device = rotated.call().device(); !on_host(device) && !timed.empty()) {
    stopwatch.emplace(device);
    measure.time_ns = [&](const std::function<void()>& work) { return stopwatch->time_ns(work); };
    measure.sample_ns = kDeviceSampleNs;
  }
  const auto times = measure_interleaved(timed, measure);
  for (size_t i = 0; i < measured.size(); ++i) measured[i]->times = times[i];
}

std::string chosen_implementation(fgx_op& op, const CallSpec& spec, const RotatedCall& rotated) {
  Context& context = *op.context;
  const auto settings = context.settings();
  ColdLease lease;
  // Constraints on alignment look at addresses, so those of the measured tensors are used.
  BoundValues values(spec);
  size_t next = 0;
  for (const TensorView& input : rotated.call().inputs()) {
    if (!input.wrapped_number) values.set_data(next++, input.data, spec.device);
  }
  lease->call.bind(*op.def, values.values(), {});
  try {
    const FoundCell found = find_cell(op, *lease, 0, *settings, context.stamp());
    return found.cell->order.empty() ? "" : found.cell->order[0]->def.name;
  } catch (const Error&) {
    return "";  // nobody would run it
  }
}

const TimedSubject* first_of(const std::vector<TimedSubject>& subjects, Group group) {
  for (const TimedSubject& subject : subjects) {
    if (subject.run != nullptr && subject.group() == group) return &subject;
  }
  return nullptr;
}

}  // namespace fgx
