// SPDX-License-Identifier: Apache-2.0
// Devices as text.
#include "tensor/device.h"

#include <charconv>

namespace fgx {

std::string device_kind(int32_t type) {
  switch (type) {
    case FGX_DEVICE_CPU:
      return "cpu";
    case FGX_DEVICE_CUDA:
      return "cuda";
    case FGX_DEVICE_ROCM:
      return "rocm";
    default:
      return "device type " + std::to_string(type);
  }
}

std::string device_text(fgx_device device) {
  const std::string kind = device_kind(device.type);
  return on_host(device) ? kind : kind + ":" + std::to_string(device.id);
}

std::optional<fgx_device> device_from_name(std::string_view name) {
  constexpr size_t kMostDigits = 3;
  const size_t colon = name.find(':');
  const std::string_view kind = name.substr(0, colon);
  fgx_device device{};
  if (kind == "cpu") device.type = FGX_DEVICE_CPU;
  if (kind == "cuda") device.type = FGX_DEVICE_CUDA;
  if (kind == "rocm") device.type = FGX_DEVICE_ROCM;
  if (device.type == 0) return std::nullopt;
  if (colon == std::string_view::npos) return device;
  const std::string_view id = name.substr(colon + 1);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), device.id);
  if (error != std::errc() || end != id.data() + id.size() || id.size() > kMostDigits ||
      device.id < 0) {
    return std::nullopt;
  }
  return device;
}

}  // namespace fgx
