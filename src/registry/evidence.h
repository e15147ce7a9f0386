// SPDX-License-Identifier: Apache-2.0
// What was measured about a record, as opposed to what it claims, and what follows from it.
#pragma once

#include "base/json.h"

namespace fgx {

// Writes the results of a verification (docs/schemas/test_results.schema.json) into a canonical
// record: evidence, validation_info, tested devices; and moves its status where they decide it.
// Throws MetadataInvalid with the pointer of what is wrong in `results`.
Json record_with_results(const Json& record, JsonView results);

// Says what a canonical record claims, which evidence stands behind it and what is missing.
Json audit_record(JsonView record);

// Whether passed accuracy evidence for the record's content, from this library's major version,
// covers every dtype the record claims, on one architecture. `missing` (may be null) receives
// {"code", "text"} objects for what is lacking.
bool is_proven(JsonView record, Json* missing);

}  // namespace fgx
