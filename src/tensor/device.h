// SPDX-License-Identifier: Apache-2.0
// Names of devices: "cpu", "cuda:0", "rocm:1".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "flaggems_exp.h"

namespace fgx {

inline bool same_device(fgx_device a, fgx_device b) { return a.type == b.type && a.id == b.id; }
inline bool on_host(fgx_device device) { return device.type == FGX_DEVICE_CPU; }

// "cpu", "cuda", "rocm", or a number where it is none of these.
std::string device_kind(int32_t type);
// With the ordinal, which the CPU has none of.
std::string device_text(fgx_device device);
// "cpu", "cuda", "cuda:1", "rocm:0"; nullopt when it is no device.
std::optional<fgx_device> device_from_name(std::string_view name);

}  // namespace fgx
