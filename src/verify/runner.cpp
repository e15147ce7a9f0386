// SPDX-License-Identifier: Apache-2.0
// Checks constraints, prepares, runs.
#include "verify/runner.h"

#include <new>

#include "tensor/device.h"

namespace fgx {
namespace {

constexpr std::align_val_t kWorkspaceAlignment{256};

}  // namespace

std::string refusal(const Implementation& implementation, const Call& call, bool in_place) {
  if (implementation.unavailable() != nullptr) return implementation.unavailable();
  if (implementation.def.device_type != call.device().type) return "another backend";
  if (in_place && !implementation.def.in_place) return "does not run in place";
  for (const Constraint& constraint : implementation.def.constraints) {
    if (!constraint.holds(call)) return constraint.text(call);
  }
  return {};
}

bool is_refusal(const Error& error) {
  return error.code() == FGX_UNSUPPORTED || error.code() == FGX_SHAPE_NOT_SUPPORTED ||
         error.code() == FGX_NOT_PREPARED;
}

void PreparedRun::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, kWorkspaceAlignment);
}

PreparedRun::PreparedRun(const Implementation& implementation, const Call& call,
                         const ThreadPool& pool)
    : pool_(pool), hold_(implementation.host.get()) {
  if (!hold_.held()) fail(FGX_UNSUPPORTED, "%s was retired", implementation.def.name.c_str());
  function_ = implementation.prepare(call, state_);
  workspace_size_ = implementation.workspace(call);
  if (workspace_size_ > 0 && !on_host(call.device())) {
    device_workspace_ = std::make_unique<gpu::DeviceBlock>(call.device(), workspace_size_);
  } else if (workspace_size_ > 0) {
    workspace_.reset(
        static_cast<std::byte*>(::operator new[](workspace_size_, kWorkspaceAlignment)));
  }
  for (const TensorView& input : call.inputs()) data_.push_back(input.data);
  for (const TensorView& output : call.outputs()) {
    data_.push_back(output.present ? output.data : nullptr);
  }
  for (const int argument : call.op().dynamic_arguments) scalars_.push_back(call.scalar(argument));
}

void PreparedRun::run_on(void* const* data) const {
  void* const workspace =
      device_workspace_ == nullptr ? workspace_.get() : device_workspace_->data();
  const RunArgs args{data, scalars_.data(), workspace, workspace_size_, nullptr, &pool_};
  function_(state_, args);
}

}  // namespace fgx
