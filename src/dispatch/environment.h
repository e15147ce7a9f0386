// SPDX-License-Identifier: Apache-2.0
// What this machine and build offer.
#pragma once

#include <string>

#include "base/json.h"

namespace fgx {

// The processor's name, e.g. "AMD EPYC 9654 96-Core Processor".
const std::string& cpu_name();
// What timings of this machine are valid for: processor, instruction set, number of cores.
const std::string& device_identity();
// See fgx_environment_describe.
Json describe_environment();

}  // namespace fgx
