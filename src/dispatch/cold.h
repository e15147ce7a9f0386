// SPDX-License-Identifier: Apache-2.0
// The slow path's workbench: a bound call with the memory that deciding and running it needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dispatch/context.h"
#include "dispatch/decide.h"

namespace fgx {

struct ColdCall {
  Call call;
  std::vector<uint8_t> outcomes;
  std::string cell_key;
  std::vector<void*> data;
  std::vector<Scalar> scalars;

  // Fills data and scalars from the bound call.
  void collect();
};

// Borrows one for the time of a call. Each thread keeps a few, so that a new shape allocates nothing;
// nested calls get their own.
class ColdLease {
 public:
  ColdLease();
  ~ColdLease();
  ColdLease(const ColdLease&) = delete;
  ColdLease& operator=(const ColdLease&) = delete;
  ColdCall& operator*() const { return *cold_; }
  ColdCall* operator->() const { return cold_.get(); }

 private:
  std::unique_ptr<ColdCall> cold_;
};

// Binds an invocation and checks what is not the schema's business: flags, device, stream. `run`:
// outputs are required and tensors must have data.
void bind_invocation(const fgx_op& op, const fgx_invocation& invocation, bool run, Call& call);

enum class Level : uint8_t { kLevel1, kLevel2, kCold };
const char* level_name(Level level);

struct FoundCell {
  std::shared_ptr<const Cell> cell;
  Level level;
};

// The decision for a bound call, from level 2 or made anew and kept there.
FoundCell find_cell(const fgx_op& op, ColdCall& cold, uint32_t invoke_flags,
                    const Settings& settings, uint64_t stamp);

}  // namespace fgx
