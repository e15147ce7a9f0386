// SPDX-License-Identifier: Apache-2.0
// Fuzz target of the registry's readers: records, updates, results and whole indexes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "registry/evidence.h"
#include "registry/registry.h"
#include "registry/snapshot.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fgx::RegistryOptions options;
  options.no_builtin = true;
  fgx::Registry registry(":memory:", options);
  registry.register_record("{\"op_name\":\"known\",\"op_id\":\"known\"}");
  const auto attempt = [](const auto& call) {
    try {
      call();
    } catch (const fgx::Error& error) {
      if (error.message().empty()) std::abort();
    }
  };
  attempt([&] {
    // What was stored is canonical: storing it again changes nothing but its identity.
    const fgx::Json stored = fgx::Json::parse(*registry.register_record(text));
    if (fgx::canonical_record(stored, "x").dump() != stored.dump()) std::abort();
  });
  attempt([&] { registry.update("known", text); });
  attempt([&] { registry.update_validation("known", text); });
  attempt([&] { registry.query(text); });
  attempt([&] { fgx::read_snapshot_text(text, [](fgx::StoredRecord&&) {}); });
  fgx::Json::parse(registry.audit());
  return 0;
}
