// SPDX-License-Identifier: Apache-2.0
// The fgx_registry_ functions.
#include "abi/abi.h"
#include "abi/registry_handle.h"

namespace {

// A key as every function takes it.
const char* key_argument(const char* key) {
  fgx::require(key, "key");
  return key;
}

}  // namespace

extern "C" {

fgx_status fgx_registry_open(const char* path, fgx_registry** out) {
  return fgx_registry_open_with(path, nullptr, out);
}

fgx_status fgx_registry_open_with(const char* path, const fgx_registry_options* options,
                                  fgx_registry** out) {
  return fgx::abi_guard([&] {
    fgx::require(out, "out");
    *out = nullptr;
    fgx::require(path, "path");
    const fgx_registry_options given = fgx::read_struct(options, "options");
    constexpr uint32_t kKnown =
        FGX_REGISTRY_READ_ONLY | FGX_REGISTRY_ALLOW_NETWORK_FS | FGX_REGISTRY_NO_BASE;
    if ((given.flags & ~kKnown) != 0)
      fgx::fail(FGX_INVALID_ARGUMENT, "options->flags has unknown bits: 0x%x", given.flags);
    fgx::RegistryOptions chosen;
    chosen.read_only = (given.flags & FGX_REGISTRY_READ_ONLY) != 0;
    chosen.allow_network_file_system = (given.flags & FGX_REGISTRY_ALLOW_NETWORK_FS) != 0;
    chosen.no_builtin = (given.flags & FGX_REGISTRY_NO_BASE) != 0;
    if (given.base_path != nullptr) chosen.base_path = given.base_path;
    *out = new fgx_registry(path, chosen);
  });
}

void fgx_registry_close(fgx_registry* registry) { delete registry; }

fgx_status fgx_registry_register(fgx_registry* registry, const char* record, size_t size,
                                 fgx_string** out) {
  return fgx::abi_guard([&] {
    if (out != nullptr) *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(registry->registry.register_record(fgx::text_argument(record, size, "record")),
                     out);
  });
}

fgx_status fgx_registry_update(fgx_registry* registry, const char* key, const char* updates,
                               size_t size, fgx_string** out) {
  return fgx::abi_guard([&] {
    if (out != nullptr) *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(
        registry->registry.update(key_argument(key), fgx::text_argument(updates, size, "updates")),
        out);
  });
}

fgx_status fgx_registry_get(fgx_registry* registry, const char* key, fgx_string** out) {
  return fgx::abi_guard([&] {
    fgx::require(out, "out");
    *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(registry->registry.get(key_argument(key)), out);
  });
}

fgx_status fgx_registry_query(fgx_registry* registry, const char* filter, fgx_string** out) {
  return fgx::abi_guard([&] {
    fgx::require(out, "out");
    *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(registry->registry.query(filter == nullptr ? "" : filter), out);
  });
}

fgx_status fgx_registry_update_validation(fgx_registry* registry, const char* key,
                                          const char* results, size_t size, fgx_string** out) {
  return fgx::abi_guard([&] {
    if (out != nullptr) *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(registry->registry.update_validation(
                         key_argument(key), fgx::text_argument(results, size, "results")),
                     out);
  });
}

fgx_status fgx_registry_audit(fgx_registry* registry, fgx_string** out) {
  return fgx::abi_guard([&] {
    fgx::require(out, "out");
    *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(registry->registry.audit(), out);
  });
}

fgx_status fgx_registry_report(fgx_registry* registry, fgx_string** out) {
  return fgx::abi_guard([&] {
    fgx::require(out, "out");
    *out = nullptr;
    fgx::require(registry, "registry");
    fgx::give_string(registry->registry.report(), out);
  });
}

fgx_status fgx_registry_refresh(fgx_registry* registry) {
  return fgx::abi_guard([&] {
    fgx::require(registry, "registry");
    registry->registry.refresh();
  });
}

fgx_status fgx_registry_compact(fgx_registry* registry) {
  return fgx::abi_guard([&] {
    fgx::require(registry, "registry");
    registry->registry.compact();
  });
}

}  // extern "C"
