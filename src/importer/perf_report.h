// SPDX-License-Identifier: Apache-2.0
// The two answers to performance data: a validation report, and the operators worth importing.
#pragma once

#include <string_view>

#include "base/json.h"

namespace fgx {

// Batch 1: operators FlagGems has, at least this much faster than it.
inline constexpr double kBatch1Threshold = 1.30;
// Batch 2: operators FlagGems lacks, at most this multiple of CUDA's time.
inline constexpr double kBatch2Threshold = 1.25;
// Two files disagree about CUDA when one of its times exceeds the other by more than this factor.
inline constexpr double kCudaTimeTolerance = 1.05;

// docs/schemas/validation_report.schema.json. `flaggems` may be null. Faults are in the report.
Json validate_perf_data(std::string_view yours, const std::string_view* flaggems);

// docs/schemas/filter_result.schema.json. `options` is {"batch": 1 or 2, "threshold": number}.
// Throws InvalidArgument (options; batch 1 without FlagGems' data) and MetadataInvalid (a faulty
// file; names the first fault).
Json filter_perf_data(std::string_view yours, const std::string_view* flaggems,
                      std::string_view options);

}  // namespace fgx
