// SPDX-License-Identifier: Apache-2.0
// What this machine and build offer.
#pragma once

#include <string>

#include "base/json.h"
#include "flaggems_exp.h"

namespace fgx {

// The processor's name, e.g. "AMD EPYC 9654 96-Core Processor".
const std::string& cpu_name();
// What timings of this machine are valid for: processor, instruction set, number of cores.
const std::string& device_identity();
// Devices of a type (FGX_DEVICE_*) that this machine has.
int32_t device_count(int32_t type);
// What fgx_device_info returns. Throws InvalidArgument for a device that is not here.
Json describe_device(fgx_device device);
// See fgx_environment_describe.
Json describe_environment();

}  // namespace fgx
