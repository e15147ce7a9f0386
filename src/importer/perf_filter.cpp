// SPDX-License-Identifier: Apache-2.0
// Selects the operators of performance data that are worth importing.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "importer/perf_report.h"
#include "importer/perf_statistics.h"

namespace fgx {
namespace {

struct Options {
  int batch = 0;
  double threshold = 0;
};

Options read_options(std::string_view text) {
  JsonLimits limits;
  limits.error = FGX_INVALID_ARGUMENT;
  limits.what = "filter options";
  const Json document = Json::parse(text, limits);
  if (!document.is_object()) fail(FGX_INVALID_ARGUMENT, "filter options must be a JSON object");
  Options options;
  options.batch = static_cast<int>(document.get_int64("batch", 1, 2));
  options.threshold =
      document.get_double_or("threshold", options.batch == 1 ? kBatch1Threshold : kBatch2Threshold);
  if (!(options.threshold > 0)) {
    fail(FGX_INVALID_ARGUMENT, "filter options: /threshold must be greater than 0");
  }
  return options;
}

PerfFile read_valid(std::string_view text, PerfSide side) {
  PerfFile file = read_perf_file(text, side);
  if (file.valid()) return file;
  const PerfFinding& first = file.faults.front();
  const std::string more =
      file.faults.size() > 1 ? format_text(" (and %zu more faults)", file.faults.size() - 1) : "";
  // Syntax messages carry their place already.
  const std::string place =
      first.code == "syntax"
          ? ""
          : format_text(
                "%s: %s: ",
                side == PerfSide::kYours ? "your performance data" : "FlagGems performance data",
                first.pointer.empty() ? "document" : escape_for_display(first.pointer).c_str());
  fail(FGX_METADATA_INVALID, "%s%s%s", place.c_str(), first.message.c_str(), more.c_str());
}

Json config_json(const PerfPair& pair) {
  Json item = Json::object();
  item.append("shape", Json::array_of(pair.yours->shape));
  item.append("dtype", pair.yours->dtype);
  item.append("your_time", pair.yours->time);
  item.append("cuda_time", pair.yours->cuda_time);
  item.append("flaggems_time", pair.flaggems ? Json(pair.flaggems->time) : Json(nullptr));
  item.append("speedup_vs_flaggems",
              pair.flaggems ? Json(pair.speedup_vs_flaggems()) : Json(nullptr));
  item.append("relative_to_cuda", pair.relative_to_cuda());
  return item;
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

Json filter_perf_data(std::string_view yours_text, const std::string_view* flaggems_text,
                      std::string_view options_text) {
  const Options options = read_options(options_text);
  if (options.batch == 1 && flaggems_text == nullptr) {
    fail(FGX_INVALID_ARGUMENT, "batch 1 compares with FlagGems and needs its performance data");
  }
  const PerfFile yours = read_valid(yours_text, PerfSide::kYours);
  std::optional<PerfFile> flaggems;
  if (flaggems_text != nullptr) flaggems = read_valid(*flaggems_text, PerfSide::kFlagGems);

  Json operators = Json::object();
  size_t total_configs = 0;
  for (const PerfComparison& comparison : compare(yours, flaggems ? &*flaggems : nullptr)) {
    Json configs = Json::array();
    std::vector<double> speedups;
    std::vector<double> relatives;
    for (const PerfPair& pair : comparison.pairs) {
      // In batch 1 a configuration that FlagGems has not measured proves nothing.
      if (options.batch == 1 && pair.flaggems == nullptr) continue;
      if (pair.flaggems != nullptr) speedups.push_back(pair.speedup_vs_flaggems());
      relatives.push_back(pair.relative_to_cuda());
      configs.push(config_json(pair));
    }
    const std::optional<double> speedup = arithmetic_mean(speedups);
    const std::optional<double> relative = arithmetic_mean(relatives);
    const bool selected = options.batch == 1 ? speedup && *speedup >= options.threshold
                                             : relative && *relative <= options.threshold;
    if (!selected) continue;
    total_configs += relatives.size();
    Json entry = Json::object();
    entry.append("avg_speedup_vs_flaggems", optional_json(speedup));
    entry.append("avg_relative_to_cuda", optional_json(relative));
    entry.append("configs", std::move(configs));
    operators.append(comparison.yours->name, std::move(entry));
  }

  Json result = Json::object();
  result.append("batch", options.batch);
  result.append("threshold", options.threshold);
  result.append("criterion", options.batch == 1 ? "speedup_vs_flaggems" : "relative_to_cuda");
  result.append("total_operators", operators.size());
  result.append("total_configs", total_configs);
  result.append("operators", std::move(operators));
  return result;
}

}  // namespace fgx
