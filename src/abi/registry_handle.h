// SPDX-License-Identifier: Apache-2.0
// The object behind fgx_registry.
#pragma once

#include <string>

#include "flaggems_exp.h"
#include "registry/registry.h"

struct fgx_registry {
  fgx_registry(const std::string& path, const fgx::RegistryOptions& options)
      : registry(path, options) {}
  fgx::Registry registry;
};
