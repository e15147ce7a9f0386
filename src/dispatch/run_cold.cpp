// SPDX-License-Identifier: Apache-2.0
// The slow path: binds, decides, prepares and runs, and falls back along the decision's order.
#include <optional>

#include "dispatch/chain.h"
#include "dispatch/invoke.h"
#include "dispatch/sampling.h"
#include "dispatch/scratch.h"

namespace fgx {
namespace {

struct ColdRun {
  fgx_op& op;
  const fgx_invocation& invocation;
  ColdCall& cold;
  const std::shared_ptr<const Cell>& cell;
  const Settings& settings;
  const CallKey* key;
  uint64_t stamp;
};

// Prepares one candidate, in a level-1 entry where there is one to have. Throws what prepare() or
// workspace() throw, with the entry given up.
struct Prepared {
  Prepared(const ColdRun& run, size_t position, Level1Table* level1)
      : table(level1), entry(level1 == nullptr ? nullptr : level1->claim(*run.key, run.stamp)) {
    const Implementation& implementation = *run.cell->order[position];
    KernelState& target = entry != nullptr ? entry->state : state;
    try {
      function = implementation.prepare(run.cold.call, target);
      workspace = implementation.workspace(run.cold.call);
      if (function == nullptr) {
        fail(FGX_INTERNAL, "%s prepared no function", implementation.def.name.c_str());
      }
    } catch (...) {
      if (entry != nullptr) table->abandon(*entry);
      throw;
    }
    if (entry == nullptr) return;
    entry->run = function;
    entry->workspace = workspace;
    arm_sampling(*entry, *run.cell);
    table->publish(*entry, *run.key, run.stamp, run.cell, static_cast<uint8_t>(position));
    ++entry->busy;
  }
  ~Prepared() {
    if (entry != nullptr) --entry->busy;
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  const KernelState& kernel_state() const { return entry != nullptr ? entry->state : state; }

  Level1Table* table;
  Level1Entry* entry;
  KernelState state;
  RunFn function = nullptr;
  size_t workspace = 0;
};

void run_prepared(const ColdRun& run, const Prepared& prepared) {
  RunArgs args{run.cold.data.data(),  run.cold.scalars.data(), nullptr, 0,
               run.invocation.stream, &run.op.context->pool()};
  if (run.invocation.workspace != nullptr && run.invocation.workspace_size >= prepared.workspace) {
    args.workspace = run.invocation.workspace;
    args.workspace_size = run.invocation.workspace_size;
    prepared.function(prepared.kernel_state(), args);
    return;
  }
  const ScratchLease scratch(prepared.workspace);
  args.workspace = scratch.data();
  args.workspace_size = prepared.workspace;
  prepared.function(prepared.kernel_state(), args);
}

// Tries the decision's candidates from `start` on. `execute` false: prepares the first only.
void run_candidates(const ColdRun& run, Chain& chain, size_t start, bool execute) {
  const bool keep = run.key != nullptr;
  for (size_t i = start; i < run.cell->order.size(); ++i) {
    const std::shared_ptr<Implementation>& implementation = run.cell->order[i];
    const HostHold hold(implementation->host.get());
    if (!hold.held()) continue;  // unregistered meanwhile
    // After a failed run the preferred implementation stays the decision: only refusals of this exact
    // call put the next one in its place.
    bool keeps = keep;
    for (const ChainStep& step : chain.steps()) keeps &= !step.submitted;
    std::optional<Prepared> prepared;
    try {
      prepared.emplace(run, i, keeps ? thread_table() : nullptr);
    } catch (...) {
      chain.failed_prepare(implementation);
      continue;
    }
    if (!execute) return;
    try {
      run_prepared(run, *prepared);
    } catch (...) {
      if (prepared->entry != nullptr) prepared->table->drop(*prepared->entry);
      chain.failed_run(implementation, run.cell->in_place);
      continue;
    }
    if (!chain.empty()) chain.recovered(*implementation);
    return;
  }
  chain.exhausted();
}

}  // namespace

namespace detail {

void run_cold(fgx_op& op, const fgx_invocation& invocation, const CallKey* key, uint64_t stamp) {
  const ColdLease cold;
  bind_invocation(op, invocation, true, cold->call);
  const std::shared_ptr<const Settings> settings = op.context->settings();
  const FoundCell found = find_cell(op, *cold, invocation.flags, *settings, stamp);
  Counters& counters = *op.context->counters();
  (found.level == Level::kLevel2 ? counters.level2_hits : counters.cold_decisions)
      .fetch_add(1, std::memory_order_relaxed);
  if (key == nullptr) counters.uncacheable_calls.fetch_add(1, std::memory_order_relaxed);
  if (found.cell->order.empty()) fail_without_candidates(op, cold->call, *found.cell);
  cold->collect();
  Chain chain(op, *settings);
  run_candidates({op, invocation, *cold, found.cell, *settings, key, stamp}, chain, 0, true);
}

void recover(fgx_op& op, const fgx_invocation& invocation, Level1Entry& entry, uint64_t stamp) {
  const std::shared_ptr<const Cell> cell = entry.cell;
  const size_t position = entry.position;
  thread_table()->drop(entry);
  Level1Table::settle(entry, 1);
  const std::shared_ptr<const Settings> settings = op.context->settings();
  Chain chain(op, *settings);
  chain.failed_run(cell->order[position], cell->in_place);
  const ColdLease cold;
  bind_invocation(op, invocation, true, cold->call);
  cold->collect();
  run_candidates({op, invocation, *cold, cell, *settings, nullptr, stamp}, chain, position + 1,
                 true);
}

}  // namespace detail

void prepare_call(fgx_op& op, const fgx_invocation& invocation) {
  const uint64_t stamp = op.context->stamp();
  const ColdLease cold;
  bind_invocation(op, invocation, true, cold->call);
  const std::shared_ptr<const Settings> settings = op.context->settings();
  const FoundCell found = find_cell(op, *cold, invocation.flags, *settings, stamp);
  if (found.cell->order.empty()) fail_without_candidates(op, cold->call, *found.cell);
  cold->collect();
  CallKey key;
  const bool keeps = invocation.stream == nullptr && thread_table() != nullptr &&
                     build_key(*op.rules.load(std::memory_order_acquire), invocation, key) &&
                     thread_table()->find(key, stamp) == nullptr;
  Chain chain(op, *settings);
  run_candidates({op, invocation, *cold, found.cell, *settings, keeps ? &key : nullptr, stamp},
                 chain, 0, false);
}

size_t call_workspace(fgx_op& op, const fgx_invocation& invocation) {
  const ColdLease cold;
  bind_invocation(op, invocation, true, cold->call);
  const std::shared_ptr<const Settings> settings = op.context->settings();
  const FoundCell found = find_cell(op, *cold, invocation.flags, *settings, op.context->stamp());
  if (found.cell->order.empty()) fail_without_candidates(op, cold->call, *found.cell);
  return found.cell->order[0]->workspace(cold->call);
}

}  // namespace fgx
