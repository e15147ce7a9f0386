// SPDX-License-Identifier: Apache-2.0
// Binding of outputs: what the type rule says they are, and what they may share memory with.
#include <string>

#include "base/error.h"
#include "schema/call_binder.h"
#include "tensor/overlap.h"

namespace fgx {

void CallBinder::bind_outputs(std::span<fgx_tensor* const> outs) {
  const std::vector<OutputSpec>& specs = call_.infer();
  const int arguments = static_cast<int>(call_.arguments_.size());
  if (outs.size() > specs.size()) {
    fail_argument(FGX_INVALID_ARGUMENT, arguments + static_cast<int>(specs.size()),
                  "gives %zu outputs, %zu are passed", specs.size(), outs.size());
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    const int position = arguments + static_cast<int>(i);
    const fgx_tensor* tensor = i < outs.size() ? outs[i] : nullptr;
    if (tensor == nullptr) {
      if (!specs[i].optional) {
        fail_argument(FGX_INVALID_ARGUMENT, position, "%s is %s, and it is not optional",
                      label(position).c_str(), i < outs.size() ? "NULL" : "missing");
      }
      TensorView& absent = call_.outputs_.emplace_back();
      absent.present = false;
      absent.dtype = specs[i].dtype;
      continue;
    }
    call_.outputs_.push_back(view_of(position, *tensor));
    check_output(static_cast<int>(i), specs[i]);
  }
  for (size_t i = 0; i < specs.size(); ++i) check_overlap(static_cast<int>(i));
}

void CallBinder::check_output(int output, const OutputSpec& spec) {
  const TensorView& view = call_.outputs_[static_cast<size_t>(output)];
  const int position = static_cast<int>(call_.arguments_.size()) + output;
  const std::span<const int64_t> dims = view.dims();
  if (view.dtype != spec.dtype) {
    fail_argument(FGX_INVALID_ARGUMENT, position, "%s has dtype %s, the result is %s",
                  label(position).c_str(), std::string(info(view.dtype).name).c_str(),
                  std::string(info(spec.dtype).name).c_str());
  }
  if (!std::equal(dims.begin(), dims.end(), spec.shape.begin(), spec.shape.end())) {
    fail_argument(FGX_INVALID_ARGUMENT, position, "%s has shape %s, the result is %s",
                  label(position).c_str(), shape_text(dims).c_str(),
                  shape_text(spec.shape).c_str());
  }
  if (overlaps_itself(view)) {
    fail_argument(FGX_INVALID_ARGUMENT, position, "%s overlaps itself: shape %s with strides %s",
                  label(position).c_str(), shape_text(dims).c_str(),
                  shape_text({view.strides, dims.size()}).c_str());
  }
}

void CallBinder::check_overlap(int output) {
  const TensorView& view = call_.outputs_[static_cast<size_t>(output)];
  if (!view.present || view.data == nullptr) return;
  const int arguments = static_cast<int>(call_.arguments_.size());
  const int position = arguments + output;
  for (int i = 0; i < arguments; ++i) {
    for (const TensorView& input : call_.tensors(i)) {
      if (input.wrapped_number || input.data == nullptr) continue;
      const Overlap shared = overlap(view, input);
      if (shared == Overlap::kDisjoint) continue;
      const bool in_place = output == 0 && i < 32 && ((op_.in_place_mask >> i) & 1u) != 0;
      if (shared == Overlap::kExact && in_place) continue;
      fail_argument(FGX_INVALID_ARGUMENT, position, "%s %s %s", label(position).c_str(),
                    shared == Overlap::kExact ? "aliases, but may not be computed in place of"
                                              : "partially overlaps",
                    label(i).c_str());
    }
  }
  for (int i = 0; i < output; ++i) {
    const TensorView& other = call_.outputs_[static_cast<size_t>(i)];
    if (!other.present || other.data == nullptr) continue;
    if (overlap(view, other) != Overlap::kDisjoint) {
      fail_argument(FGX_INVALID_ARGUMENT, position, "%s overlaps output %d",
                    label(position).c_str(), i);
    }
  }
}

}  // namespace fgx
