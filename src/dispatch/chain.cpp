// SPDX-License-Identifier: Apache-2.0
// What a failure means for the call, for the implementation's breaker, and for the caller.
#include "dispatch/chain.h"

#include <new>

namespace fgx {
namespace {

// Errors that an implementation reports only before it has written anything: it cannot run this call
// here and now, which speaks neither for nor against it.
bool is_refusal(fgx_status code) {
  return code == FGX_UNSUPPORTED || code == FGX_SHAPE_NOT_SUPPORTED || code == FGX_NOT_PREPARED ||
         code == FGX_NO_VALID_IMPLEMENTATION;
}

}  // namespace

Error Chain::current_error() const {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(FGX_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& exception) {
    return Error(FGX_INTERNAL, std::string("unexpected: ") + exception.what());
  } catch (...) {
    return Error(FGX_INTERNAL, "unexpected exception");
  }
}

void Chain::give_up(Error error) const {
  error.with_op(op_.name);
  throw error;
}

void Chain::blame(Implementation& implementation, const Error& error) {
  Context& context = *op_.context;
  context.counters()->failures.fetch_add(1, std::memory_order_relaxed);
  if (!implementation.breakers.on(cell_.device.id).on_failure(context.now())) return;
  context.counters()->breaker_openings.fetch_add(1, std::memory_order_relaxed);
  context.log().log(FGX_LOG_WARNING, "%s: breaker of %s opens: %s", op_.name.c_str(),
                    implementation.def.name.c_str(), error.message().c_str());
  context.invalidate();
}

void Chain::failed_prepare(const std::shared_ptr<Implementation>& implementation) {
  Error error = current_error();
  if (error.device_lost()) give_up(std::move(error));
  if (!is_refusal(error.code()) && error.code() != FGX_OUT_OF_MEMORY) {
    blame(*implementation, error);
  }
  if (!settings_.config.fallback_on_error ||
      settings_.config.dispatch_strategy == DispatchStrategy::kOff) {
    give_up(std::move(error));
  }
  steps_.push_back({implementation, std::move(error), false});
}

void Chain::failed_run(const std::shared_ptr<Implementation>& implementation) {
  Error error = current_error();
  // A built-in kernel that refuses its data (an index out of range) speaks for all of them.
  if (error.code() == FGX_INVALID_ARGUMENT && implementation->host == nullptr) {
    give_up(std::move(error));
  }
  const bool submitted = !is_refusal(error.code()) && error.code() != FGX_OUT_OF_MEMORY;
  // What loses a device may be any earlier work on it, the host's own too.
  if (submitted && !error.device_lost()) blame(*implementation, error);
  if (submitted && cell_.in_place) {
    Error undefined(FGX_OUTPUTS_UNDEFINED,
                    implementation->def.name +
                        " failed in place: its operands may have changed, nothing else was tried");
    undefined.with_cause(error.with_op(op_.name));
    give_up(std::move(undefined));
  }
  if (error.device_lost()) give_up(std::move(error));
  if (!settings_.config.fallback_on_error ||
      settings_.config.dispatch_strategy == DispatchStrategy::kOff) {
    give_up(std::move(error));
  }
  steps_.push_back({implementation, std::move(error), submitted});
}

void Chain::recovered(const Implementation& by) const {
  Context& context = *op_.context;
  context.counters()->fallbacks.fetch_add(1, std::memory_order_relaxed);
  if (!settings_.config.show_warnings || settings_.config.warning_level > FGX_LOG_WARNING) return;
  for (const ChainStep& step : steps_) {
    context.log().log(FGX_LOG_WARNING, "%s: %s %s (%s: %s); %s took over", op_.name.c_str(),
                      step.implementation->def.name.c_str(), step.submitted ? "failed" : "refused",
                      fgx_status_string(step.error.code()), step.error.message().c_str(),
                      by.def.name.c_str());
  }
}

void Chain::exhausted() const {
  std::string text;
  bool same = true;
  for (const ChainStep& step : steps_) {
    same &= step.error.code() == steps_.front().error.code();
    text +=
        (text.empty() ? "" : "; ") + step.implementation->def.name + ": " + step.error.message();
  }
  // When all say the same of the call or of the machine, that is the error.
  fgx_status code = FGX_FALLBACK_FAILED;
  if (same && !steps_.empty()) {
    const fgx_status common = steps_.front().error.code();
    if (common == FGX_OUT_OF_MEMORY || common == FGX_UNSUPPORTED ||
        common == FGX_SHAPE_NOT_SUPPORTED || common == FGX_NOT_PREPARED) {
      code = common;
    }
  }
  Error error(code, steps_.empty() ? "every implementation was retired during the call"
                                   : "every implementation that was tried failed: " + text);
  if (!steps_.empty()) {
    Error cause = steps_.back().error;
    error.with_cause(cause.with_op(op_.name));
  }
  give_up(std::move(error));
}

}  // namespace fgx
