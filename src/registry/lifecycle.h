// SPDX-License-Identifier: Apache-2.0
// The states a record passes through, and which changes between them are legal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fgx {

enum class RecordStatus : uint8_t {
  kExperimental,
  kValidated,
  kGraduationCandidate,
  kGraduated,
  kStable,
  kDeprecated,
};

// "EXPERIMENTAL", "VALIDATED", "GRADUATION_CANDIDATE", "GRADUATED", "STABLE", "DEPRECATED".
const char* status_name(RecordStatus status) noexcept;
// Reads a name without regard to case; false when there is no such status.
bool parse_status(std::string_view text, RecordStatus* status) noexcept;
// All names, for messages.
std::string status_names();

// One step forward, or from VALIDATED and GRADUATION_CANDIDATE back to EXPERIMENTAL.
bool is_legal_transition(RecordStatus from, RecordStatus to) noexcept;
// The statuses that may follow `from`, for messages; "none" at the end of life.
std::string legal_successors(RecordStatus from);

enum class RecordCategory : uint8_t { kBlas, kReduction, kPointwise, kCustom };
const char* category_name(RecordCategory category) noexcept;
bool parse_category(std::string_view text, RecordCategory* category) noexcept;

}  // namespace fgx
