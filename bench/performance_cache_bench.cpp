// SPDX-License-Identifier: Apache-2.0
// Measures the performance cache through its public functions: what 1000 rows cost in memory, and how long a
// document of them takes to import and export.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "flaggems_exp.h"

namespace {

void check(fgx_status status) {
  if (status == FGX_OK) return;
  std::fprintf(stderr, "%s\n", fgx_error_message(fgx_last_error()));
  std::abort();
}

// A document of `count` rows with three measured implementations each, on this machine's identity.
std::string document(int count) {
  fgx_context* context = nullptr;
  check(fgx_context_create(nullptr, &context));
  // One real measurement tells how this machine identifies itself in a row.
  fgx_string* report = nullptr;
  check(fgx_context_tune(context, R"json({"calls":["relu(f32[64])"]})json", &report));
  fgx_string_destroy(report);
  fgx_string* exported = nullptr;
  check(fgx_context_cache_export(context, &exported));
  const std::string text(fgx_string_data(exported), fgx_string_size(exported));
  fgx_string_destroy(exported);
  fgx_context_destroy(context);
  const size_t at = text.find("\"identity\":");
  if (at == std::string::npos) std::abort();
  const std::string identity = text.substr(at, text.find('}', at) + 1 - at);

  std::string rows;
  for (int i = 0; i < count; ++i) {
    std::string implementations;
    for (const char* name : {"stable.relu", "native.relu", "experimental.generated.relu"}) {
      implementations += (implementations.empty() ? "\"" : ",\"") + std::string(name) +
                         R"(":{"mean_us":1.5,"deviation_us":0.25,"min_us":1.25,"samples":30,)"
                         R"("failures":0,"updated":"2026-01-01T00:00:00.000000Z"})";
    }
    rows += (i == 0 ? "" : ",") + std::string(R"({"operator":"aten::relu","device":"cpu",)") +
            R"("signature":"1K_)" + std::to_string(i) + R"(","dtype":"float32","layout":"c",)" +
            identity + R"(,"best_implementation":"stable.relu","implementations":{)" +
            implementations + "}}";
  }
  return R"({"schema_version":"1.0","kind":"performance_cache","rows":[)" + rows + "]}";
}

size_t live_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Bytes that imported rows keep, and the time of the import.
void import_rows(benchmark::State& state) {
  const std::string text = document(static_cast<int>(state.range(0)));
  double kept = 0;
  for (auto _ : state) {
    state.PauseTiming();
    fgx_context* context = nullptr;
    check(fgx_context_create(nullptr, &context));
    fgx_string* report = nullptr;
    const size_t before = live_bytes();
    state.ResumeTiming();
    check(fgx_context_cache_import(context, text.data(), text.size(), &report));
    state.PauseTiming();
    const std::string outcome(fgx_string_data(report), fgx_string_size(report));
    fgx_string_destroy(report);
    kept = static_cast<double>(live_bytes() - before) / 1e6;
    state.SetLabel(outcome);
    fgx_context_destroy(context);
    state.ResumeTiming();
  }
  state.counters["kept_mb"] = kept;
}
BENCHMARK(import_rows)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
