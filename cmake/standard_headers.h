// SPDX-License-Identifier: Apache-2.0
// Precompiled where FGX_PRECOMPILE asks for it. Sources include what they use all the same.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
