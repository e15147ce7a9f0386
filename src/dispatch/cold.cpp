// SPDX-License-Identifier: Apache-2.0
// Binding and level-2 look-up of calls that are not warm.
#include "dispatch/cold.h"

#include "base/error.h"
#include "base/hash.h"

namespace fgx {
namespace {

// Cold calls of this thread that are not in use; at most as many as calls were ever nested.
struct Pool {
  static constexpr size_t kKeep = 4;
  std::vector<std::unique_ptr<ColdCall>> idle;
  bool ended = false;
  ~Pool() { ended = true; }
};
Pool& pool() {
  thread_local Pool instance;
  return instance;
}

}  // namespace

ColdLease::ColdLease() {
  Pool& mine = pool();
  if (mine.ended || mine.idle.empty()) {
    cold_ = std::make_unique<ColdCall>();
    return;
  }
  cold_ = std::move(mine.idle.back());
  mine.idle.pop_back();
}

ColdLease::~ColdLease() {
  Pool& mine = pool();
  if (mine.ended || mine.idle.size() >= Pool::kKeep) return;
  if (mine.idle.capacity() < Pool::kKeep) {
    try {
      mine.idle.reserve(Pool::kKeep);
    } catch (...) {
      return;
    }
  }
  mine.idle.push_back(std::move(cold_));
}

void ColdCall::collect() {
  data.clear();
  for (const TensorView& view : call.inputs()) data.push_back(view.data);
  for (const TensorView& view : call.outputs()) {
    data.push_back(view.present ? view.data : nullptr);
  }
  scalars.clear();
  for (const int argument : call.op().dynamic_arguments) {
    scalars.push_back(call.has(argument) ? call.scalar(argument) : Scalar::none());
  }
}

void bind_invocation(const fgx_op& op, const fgx_invocation& invocation, bool run, Call& call) {
  try {
    constexpr uint32_t kKnownFlags = FGX_INVOKE_DETERMINISTIC | FGX_INVOKE_BATCH_INVARIANT;
    if ((invocation.flags & ~kKnownFlags) != 0) {
      fail(FGX_INVALID_ARGUMENT, "unknown invocation flags 0x%x", invocation.flags & ~kKnownFlags);
    }
    if (invocation.nargs < 0 || (invocation.nargs > 0 && invocation.args == nullptr)) {
      fail(FGX_INVALID_ARGUMENT, "nargs is %d%s", invocation.nargs,
           invocation.nargs < 0 ? "" : ", but args is NULL");
    }
    if (invocation.nouts < 0 || (invocation.nouts > 0 && invocation.outs == nullptr)) {
      fail(FGX_INVALID_ARGUMENT, "nouts is %d%s", invocation.nouts,
           invocation.nouts < 0 ? "" : ", but outs is NULL");
    }
    if (run && invocation.nouts == 0 && !op.def->schema.returns.empty()) {
      fail_argument(FGX_INVALID_ARGUMENT, static_cast<int32_t>(op.def->schema.arguments.size()),
                    "no outputs are passed");
    }
    call.bind(*op.def, {invocation.args, static_cast<size_t>(invocation.nargs)},
              {invocation.outs, static_cast<size_t>(invocation.nouts)}, run);
    const fgx_device device = call.device();
    const fgx_device wanted = invocation.device;
    if (wanted.type != 0 && (wanted.type != device.type || wanted.id != device.id)) {
      fail(FGX_INVALID_ARGUMENT, "the invocation names device %d:%d, its tensors are on %d:%d",
           wanted.type, wanted.id, device.type, device.id);
    }
    if (device.type == FGX_DEVICE_CPU && invocation.stream != nullptr) {
      fail(FGX_INVALID_ARGUMENT, "the stream must be NULL for CPU tensors");
    }
  } catch (Error& error) {
    op.context->counters()->refused_calls.fetch_add(1, std::memory_order_relaxed);
    error.with_op(op.name);
    throw;
  }
}

const char* level_name(Level level) {
  switch (level) {
    case Level::kLevel1:
      return "level1";
    case Level::kLevel2:
      return "level2";
    case Level::kCold:
      return "cold";
  }
  return "unknown";
}

FoundCell find_cell(const fgx_op& op, ColdCall& cold, uint32_t invoke_flags,
                    const Settings& settings, uint64_t stamp) {
  Context& context = *op.context;
  const std::shared_ptr<const ImplementationList> list = context.implementations(*op.def);
  const CallWish wish = make_wish(settings, invoke_flags, cold.call);
  evaluate_constraints(*list, cold.call, cold.outcomes);
  build_cell_key(op, cold.call, wish, settings, cold.outcomes, cold.cell_key);
  const uint64_t hash = hash_text(cold.cell_key);
  if (auto cell = context.cells().find(cold.cell_key, hash, stamp)) {
    return {std::move(cell), Level::kLevel2};
  }
  std::shared_ptr<const Cell> cell;
  try {
    cell = decide(op, cold.call, wish, *list, settings, cold.outcomes);
  } catch (Error& error) {  // a device could not tell what it is
    error.with_op(op.name);
    throw;
  }
  return {context.cells().insert(cold.cell_key, hash, stamp, std::move(cell)), Level::kCold};
}

}  // namespace fgx
