// SPDX-License-Identifier: Apache-2.0
// Where the status, hash and baselines of experimental implementations come from: a registry.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "dispatch/implementation.h"

namespace fgx {

class Registry;

struct RecordSource {
  // Facts by implementation name: of the record of that name, or of its last part
  // ("experimental.generated.fast_gelu" is described by "fast_gelu" too).
  std::function<RecordFacts(const std::string& implementation)> lookup;
  // Grows when records change; absent: they never do.
  std::function<uint64_t()> version;
  // The whole record as JSON text, "" when there is none.
  std::function<std::string(const std::string& implementation)> text;
};

// The registry must outlive the source. nullptr: the records that the library ships.
RecordSource records_of(const Registry* registry);

}  // namespace fgx
