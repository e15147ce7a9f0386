// SPDX-License-Identifier: Apache-2.0
// Time: a monotonic clock for measuring, and a wall clock for timestamps that tests can replace.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fgx {

// Nanoseconds since an arbitrary point; never goes back.
int64_t monotonic_ns() noexcept;
// The same with a resolution of milliseconds, at a quarter of the cost: for deadlines, not for
// timing.
int64_t monotonic_coarse_ns() noexcept;

// Nanoseconds since 1970-01-01T00:00:00Z.
int64_t wall_clock_ns() noexcept;
// Replaces the wall clock; nullptr restores it. For tests.
void set_wall_clock_for_test(int64_t (*clock)() noexcept) noexcept;

// ISO 8601 in UTC with microseconds, e.g. "2025-12-19T10:30:00.000000Z".
std::string format_timestamp(int64_t wall_ns);
// format_timestamp(wall_clock_ns()).
std::string current_timestamp();

// Parses ISO 8601 ("2025-12-19T10:30:00Z", with a fraction or an offset such as +08:00; text
// without a zone counts as UTC). Returns false when it is malformed.
bool parse_timestamp(std::string_view text, int64_t* wall_ns);

}  // namespace fgx
