// SPDX-License-Identifier: Apache-2.0
// The life of a record.
#include "registry/lifecycle.h"

#include "base/strings.h"

namespace fgx {
namespace {

constexpr const char* kStatusNames[] = {"EXPERIMENTAL", "VALIDATED", "GRADUATION_CANDIDATE",
                                        "GRADUATED",    "STABLE",    "DEPRECATED"};
constexpr const char* kCategoryNames[] = {"blas", "reduction", "pointwise", "custom"};
constexpr int kStatusCount = 6;
constexpr int kCategoryCount = 4;

}  // namespace

const char* status_name(RecordStatus status) noexcept {
  return kStatusNames[static_cast<int>(status)];
}

bool parse_status(std::string_view text, RecordStatus* status) noexcept {
  for (int i = 0; i < kStatusCount; ++i) {
    if (!equals_ignoring_case(text, kStatusNames[i])) continue;
    *status = static_cast<RecordStatus>(i);
    return true;
  }
  return false;
}

std::string status_names() {
  std::string text;
  for (const char* name : kStatusNames) text += std::string(text.empty() ? "" : ", ") + name;
  return text;
}

bool is_legal_transition(RecordStatus from, RecordStatus to) noexcept {
  if (static_cast<int>(to) == static_cast<int>(from) + 1) return true;
  return to == RecordStatus::kExperimental &&
         (from == RecordStatus::kValidated || from == RecordStatus::kGraduationCandidate);
}

std::string legal_successors(RecordStatus from) {
  std::string text;
  for (int i = 0; i < kStatusCount; ++i)
    if (is_legal_transition(from, static_cast<RecordStatus>(i)))
      text += std::string(text.empty() ? "" : ", ") + kStatusNames[i];
  return text.empty() ? "none" : text;
}

const char* category_name(RecordCategory category) noexcept {
  return kCategoryNames[static_cast<int>(category)];
}

bool parse_category(std::string_view text, RecordCategory* category) noexcept {
  for (int i = 0; i < kCategoryCount; ++i) {
    if (!equals_ignoring_case(text, kCategoryNames[i])) continue;
    *category = static_cast<RecordCategory>(i);
    return true;
  }
  return false;
}

}  // namespace fgx
