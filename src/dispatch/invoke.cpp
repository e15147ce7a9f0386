// SPDX-License-Identifier: Apache-2.0
// The warm path: key, level-1 look-up, run. Takes no lock, allocates nothing, reads no clock.
#include "dispatch/invoke.h"

#include "dispatch/scratch.h"

namespace fgx {
namespace {

// With workspace, or a host function that must not go away meanwhile. False: it is gone.
[[gnu::noinline]] bool run_held(const Level1Entry& entry, RunArgs& args) {
  const HostHold hold(entry.host);
  if (!hold.held()) return false;
  if (args.workspace_size >= entry.workspace && args.workspace != nullptr) {
    entry.run(entry.state, args);
    return true;
  }
  const ScratchLease scratch(entry.workspace);
  args.workspace = scratch.data();
  args.workspace_size = entry.workspace;
  entry.run(entry.state, args);
  return true;
}

}  // namespace

void invoke(fgx_op& op, const fgx_invocation& invocation) {
  const Context& context = *op.context;
  const uint64_t stamp = context.stamp();  // before the rules: they are never newer than it says
  CallKey key;  // NOLINT(clang-analyzer-optin.cplusplus.UninitializedObject): build_key fills it
  if (!build_key(*op.rules.load(std::memory_order_acquire), invocation, key)) {
    detail::run_cold(op, invocation, nullptr, stamp);
    return;
  }
  Level1Table* const table = thread_table();
  Level1Entry* const entry = table == nullptr ? nullptr : table->find(key, stamp);
  if (entry == nullptr) {
    detail::run_cold(op, invocation, table == nullptr ? nullptr : &key, stamp);
    return;
  }
  if (__builtin_expect(entry->tick(), 0)) {
    detail::run_sampled(op, invocation, key, *entry, stamp);
    return;
  }
  const Busy busy(*entry);
  RunArgs args{key.data,          key.scalars,    invocation.workspace, invocation.workspace_size,
               invocation.stream, &context.pool()};
  try {
    if (__builtin_expect(entry->host == nullptr && entry->workspace == 0, 1)) {
      entry->run(entry->state, args);
      return;
    }
    if (run_held(*entry, args)) return;
  } catch (...) {
    detail::recover(op, invocation, *entry, stamp);
    return;
  }
  detail::run_cold(op, invocation, nullptr, stamp);
}

}  // namespace fgx
