// SPDX-License-Identifier: Apache-2.0
// The device code that the build embedded.
#pragma once

#include <cstdint>

namespace fgx::gpu {

// The fat binary or code object of kernels/gpu/<module>.cu for a kind of device; nullptr where the
// build has none.
const void* device_image(int32_t device_type, const char* module);
// Whether the build has any.
bool has_device_images(int32_t device_type);

}  // namespace fgx::gpu
