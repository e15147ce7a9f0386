// SPDX-License-Identifier: Apache-2.0
// Reads facts out of registry records.
#include "dispatch/record_source.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "dispatch/environment.h"
#include "registry/registry.h"

namespace fgx {
namespace {

// The record's text; "" when none has the name or several do.
std::string find_text(const Registry& registry, const std::string& implementation) {
  const size_t dot = implementation.rfind('.');
  for (const std::string& name :
       {implementation,
        dot == std::string::npos ? implementation : implementation.substr(dot + 1)}) {
    try {
      return *registry.get(name);
    } catch (const Error& error) {
      if (error.code() != FGX_METADATA_NOT_FOUND) return {};
    }
  }
  return {};
}

// Geometric mean of the speedups that were taken on this machine's processor.
double speedup_here(JsonView record) {
  const JsonView baselines = record.resolve("/validation_info/performance_tests/baselines");
  if (!baselines || !baselines.is_array()) return 0;
  double logs = 0;
  int64_t count = 0;
  for (const JsonView baseline : baselines.elements()) {
    if (baseline.get_string_or("device", "") != cpu_name()) continue;
    const double speedup = baseline.get_double_or("speedup", 0);
    if (!(speedup > 0)) continue;
    logs += std::log(speedup);
    ++count;
  }
  return count == 0 ? 0 : std::exp(logs / static_cast<double>(count));
}

RecordFacts facts_of(const std::string& text) {
  RecordFacts facts;
  if (text.empty()) return facts;
  const Json record = Json::parse(text);
  facts.known = true;
  facts.status = record.get_string_or("status", facts.status);
  facts.trust = record.get_string_or("trust", facts.trust);
  facts.content_hash = record.get_string_or("content_hash", "");
  facts.op_id = record.get_string_or("op_id", "");
  facts.speedup = speedup_here(record);
  if (const JsonView evidence = record.find("evidence"); evidence.is_array()) {
    for (const JsonView entry : evidence.elements()) {
      facts.measured |= entry.get_string_or("kind", "") == "performance";
    }
  }
  return facts;
}

}  // namespace

RecordSource records_of(const Registry* registry) {
  std::shared_ptr<const Registry> shipped;
  if (registry == nullptr) {
    shipped = std::make_shared<const Registry>(":memory:", RegistryOptions{});
    registry = shipped.get();
  }
  RecordSource source;
  source.lookup = [registry, shipped](const std::string& name) {
    try {
      return facts_of(find_text(*registry, name));
    } catch (const Error&) {
      return RecordFacts{};  // a record that cannot be read proves nothing
    }
  };
  source.version = [registry, shipped] { return registry->change_count(); };
  source.text = [registry, shipped](const std::string& name) { return find_text(*registry, name); };
  return source;
}

}  // namespace fgx
