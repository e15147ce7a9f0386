// SPDX-License-Identifier: Apache-2.0
// The interleaved measurement of one call's candidates.
#include "dispatch/tuner.h"

#include <algorithm>
#include <memory>
#include <random>

#include "dispatch/outputs.h"

namespace fgx {
namespace {

struct Subject {
  std::shared_ptr<Implementation> implementation;
  std::unique_ptr<ScratchOutputs> outputs;
  TunedTimes times;
};

// False when it failed or disagreed: it takes no further part.
bool warm_up(const ColdRun& run, Subject& subject, const Subject& reference) {
  try {
    for (int32_t i = 0; i <= run.settings.config.profiling_warmup; ++i) {
      run_once(run, *subject.implementation, subject.outputs->data());
    }
  } catch (...) {
    return false;
  }
  if (&subject == &reference) return true;
  const WorkFn work = run.op.def->reduce_length;
  const std::string difference =
      compare_outputs(run.cold.call, *subject.outputs, *reference.outputs,
                      work == nullptr ? 1 : work(run.cold.call));
  if (difference.empty()) return true;
  if (subject.implementation->experimental()) {
    run.op.context->quarantine(
        *subject.implementation,
        "disagrees with " + reference.implementation->def.name + " while tuning: " + difference);
  }
  return false;
}

}  // namespace

void tune_call(const ColdRun& run) {
  std::vector<Subject> subjects;
  // The reference comes first: the others are compared with its result.
  std::vector<std::shared_ptr<Implementation>> order = run.cell->order;
  const auto base = std::find(order.begin(), order.end(), run.cell->reference);
  if (base != order.end()) std::rotate(order.begin(), base, base + 1);
  for (const std::shared_ptr<Implementation>& implementation : order) {
    subjects.push_back({implementation,
                        std::make_unique<ScratchOutputs>(run.cold.call),
                        {implementation->def.name, {}, {}}});
    if (!warm_up(run, subjects.back(), subjects.front())) subjects.pop_back();
    if (subjects.empty()) break;  // without a reference there is nothing to compare with
  }
  // The order within a round is shuffled, so that no candidate always runs in another's wake.
  std::minstd_rand random(static_cast<uint32_t>(run.stamp));
  std::vector<size_t> turns(subjects.size());
  for (size_t i = 0; i < turns.size(); ++i) turns[i] = i;
  for (int32_t round = 0; round < run.settings.config.profiling_repeat; ++round) {
    std::shuffle(turns.begin(), turns.end(), random);
    for (const size_t turn : turns) {
      Subject& subject = subjects[turn];
      try {
        subject.times.us.push_back(run_once(run, *subject.implementation, subject.outputs->data()));
      } catch (...) {
        subject.times.us.clear();  // no ratio without all rounds
      }
    }
  }
  std::vector<TunedTimes> times;
  times.reserve(subjects.size());
  for (Subject& subject : subjects) times.push_back(std::move(subject.times));
  run.op.context->record_tuned(run.cell->key, exact_shape(run.cold.call),
                               times.empty() ? "" : times.front().implementation, times);
}

}  // namespace fgx
