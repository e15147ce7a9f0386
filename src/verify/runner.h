// SPDX-License-Identifier: Apache-2.0
// Runs one implementation on a bound call, past all selection.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "backend/gpu/memory.h"
#include "base/error.h"
#include "dispatch/implementation.h"
#include "schema/call.h"
#include "schema/kernel.h"

namespace fgx {

// Why an implementation does not take a call: its first constraint that does not hold, in-place use,
// or this machine; "" when it takes it. Preparing may still refuse.
std::string refusal(const Implementation& implementation, const Call& call, bool in_place);

// Whether an error means "not this call" rather than a fault.
bool is_refusal(const Error& error);

// An implementation prepared for the geometry of one call; keeps workspace, not the call. On a device it
// runs on the legacy default stream.
class PreparedRun {
 public:
  // Throws Error as the implementation does.
  PreparedRun(const Implementation& implementation, const Call& call, const ThreadPool& pool);

  // Runs on the addresses and scalars that were bound; those of another call of the same geometry
  // with the second form (inputs, then outputs).
  void run() const { run_on(data_.data()); }
  void run_on(void* const* data) const;
  size_t workspace_bytes() const { return workspace_size_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  KernelState state_;
  RunFn function_ = nullptr;
  std::vector<void*> data_;
  std::vector<Scalar> scalars_;
  size_t workspace_size_ = 0;
  std::unique_ptr<std::byte[], Free> workspace_;
  std::unique_ptr<gpu::DeviceBlock> device_workspace_;
  const ThreadPool& pool_;
  HostHold hold_;
};

}  // namespace fgx
