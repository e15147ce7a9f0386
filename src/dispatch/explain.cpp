// SPDX-License-Identifier: Apache-2.0
// The decision of a call in words: who was chosen, who was not, and why.
#include <algorithm>

#include "base/error.h"
#include "dispatch/cold.h"
#include "dispatch/describe.h"
#include "dispatch/level1.h"

namespace fgx {
namespace {

std::string call_text(const Call& call) {
  std::string text = call.op().schema.name + "(";
  for (const TensorView& view : call.inputs()) {
    if (&view != call.inputs().data()) text += ", ";
    text += info(view.dtype).short_name;
    text += '[';
    for (int32_t i = 0; i < view.ndim; ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(view.shape[i]);
    }
    text += ']';
  }
  return text + ")";
}

Json statistics_json(const PerformanceRow& row, const std::string& name) {
  const auto found = row.implementations.find(name);
  if (found == row.implementations.end()) return nullptr;
  const ImplementationStats& stats = found->second;
  Json json = Json::object();
  json.set("mean_us", stats.mean_us);
  json.set("deviation_us", stats.deviation_us);
  json.set("min_us", stats.min_us);
  json.set("samples", stats.samples);
  json.set("failures", stats.failures);
  json.set("source", row.tuned() ? "tuned" : "observed");
  if (stats.ratio) {
    json.set("ratio", stats.ratio->mean);
    json.set("ratio_low", stats.ratio->low);
    json.set("ratio_high", stats.ratio->high);
    json.set("reference", stats.ratio->reference);
  }
  return json;
}

// The words that go with a verdict.
std::string reason_text(const Context& context, const Call& call, const Verdict& verdict,
                        bool chosen, const Cell& cell) {
  const std::string detail = verdict_detail(context, call, verdict);
  if (chosen) return std::string(cell.why) + (detail.empty() ? "" : ": " + detail);
  switch (verdict.reason) {
    case Reason::kAccepted:
      return detail.empty() ? "next in order" : detail;
    case Reason::kGroupDisabled:
      return std::string("group ") + group_name(verdict.implementation->def.group) +
             " is not enabled";
    case Reason::kBreakerOpen:
      return std::string("its breaker is ") +
             breaker_state_name(verdict.implementation->breakers.on(cell.device.id).state()) +
             " after repeated failures";
    default:
      return detail.empty() ? reason_code(verdict.reason) : detail;
  }
}

// What a candidate says when it is asked to prepare the call; "" when it takes it. Only asked where
// outputs are given, for kernels look at them.
std::string refusal_of(const Implementation& implementation, const Call& call) {
  const HostHold hold(implementation.host.get());
  if (!hold.held()) return "it was unregistered";
  try {
    KernelState state;
    implementation.prepare(call, state);
    return {};
  } catch (const std::exception& error) {
    return error.what();
  }
}

const char* level_that_answers(fgx_op& op, const fgx_invocation& invocation, Level level,
                               uint64_t stamp) {
  CallKey key;  // NOLINT(clang-analyzer-optin.cplusplus.UninitializedObject): build_key fills it
  Level1Table* const table = thread_table();
  if (table != nullptr && build_key(*op.rules.load(std::memory_order_acquire), invocation, key) &&
      table->find(key, stamp) != nullptr) {
    return level_name(Level::kLevel1);
  }
  return level_name(level);
}

}  // namespace

std::string explain(fgx_op& op, const fgx_invocation& invocation) {
  Context& context = *op.context;
  const uint64_t stamp = context.stamp();
  const ColdLease cold;
  bind_invocation(op, invocation, false, cold->call);
  const Call& call = cold->call;
  const std::shared_ptr<const Settings> settings = context.settings();
  const auto list = context.implementations(*op.def);
  const CallWish wish = make_wish(*settings, invocation.flags, call);
  // What a call would get now: the decision that is kept, or the one that would be taken.
  const FoundCell found = find_cell(op, *cold, invocation.flags, *settings, stamp);
  const Cell& cell = *found.cell;
  const auto tuned = context.performance().find_tuned(cell.key, exact_shape(call));
  const auto observed = context.performance().find(cell.key);

  Json candidates = Json::array();
  std::string chosen;
  std::string chosen_reason;
  for (const Verdict& verdict : cell.verdicts) {
    Implementation& implementation = *verdict.implementation;
    const bool in_order =
        std::find(cell.order.begin(), cell.order.end(), verdict.implementation) != cell.order.end();
    std::string refusal;
    if (in_order && chosen.empty() && wish.has_outputs) refusal = refusal_of(implementation, call);
    const bool is_chosen = in_order && chosen.empty() && refusal.empty();
    const std::string reason =
        refusal.empty() ? reason_text(context, call, verdict, is_chosen, cell) : refusal;
    if (is_chosen) {
      chosen = implementation.def.name;
      chosen_reason = reason;
    }
    Json status = nullptr;
    for (const ImplementationList::Item& item : list->all) {
      if (item.implementation == verdict.implementation && implementation.experimental()) {
        status = item.record->status;
      }
    }
    Json entry = Json::object();
    entry.set("name", implementation.def.name);
    entry.set("tier", tier_name(implementation.def.tier));
    entry.set("group", group_name(implementation.def.group));
    entry.set("status", std::move(status));
    const bool rejected = !in_order || !refusal.empty();
    entry.set("verdict", is_chosen ? "chosen" : rejected ? "rejected" : "candidate");
    std::string code = reason_code(refusal.empty() ? verdict.reason : Reason::kPrepareRefused);
    if (verdict.reason == Reason::kConstraint) {
      code += ":";
      code += implementation.def.constraints[static_cast<size_t>(verdict.constraint)].reason();
    }
    entry.set("reason_code", code);
    entry.set("reason", reason);
    Json statistics = nullptr;
    if (tuned) statistics = statistics_json(*tuned, implementation.def.name);
    if (statistics.is_null() && observed) {
      statistics = statistics_json(*observed, implementation.def.name);
    }
    entry.set("statistics", std::move(statistics));
    entry.set("breaker", breaker_state_name(implementation.breakers.on(cell.device.id).state()));
    candidates.push(std::move(entry));
  }
  Json json = Json::object();
  json.set("schema_version", "1.0");
  json.set("call", call_text(call));
  json.set("operator", op.name);
  json.set("chosen", chosen.empty() ? Json(nullptr) : Json(chosen));
  json.set("why", chosen.empty() ? "no candidate is left" : cell.why);
  json.set("reason", chosen.empty() ? "no candidate is left" : chosen_reason);
  json.set("candidates", std::move(candidates));
  json.set("key", Json::object()
                      .set("device", cell.key.device)
                      .set("signature", cell.key.signature)
                      .set("dtype", cell.key.dtype)
                      .set("layout", cell.key.layout)
                      .set("attributes", cell.key.attributes)
                      .set("shape", exact_shape(call))
                      .set("in_place", wish.in_place)
                      .set("deterministic", wish.deterministic)
                      .set("batch_invariant", wish.batch_invariant));
  json.set("signature", cell.key.signature);
  json.set("level", level_that_answers(op, invocation, found.level, stamp));
  return json.dump();
}

}  // namespace fgx
