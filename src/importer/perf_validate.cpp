// SPDX-License-Identifier: Apache-2.0
// The validation report of performance data: faults, statistics, pairs, disagreements about CUDA.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "importer/perf_report.h"
#include "importer/perf_statistics.h"

namespace fgx {
namespace {

Json findings_json(const std::vector<PerfFinding>& findings) {
  Json list = Json::array();
  for (const PerfFinding& finding : findings) {
    Json item = Json::object();
    item.append("code", finding.code);
    item.append("pointer", finding.pointer);
    item.append("message", finding.message);
    if (finding.line > 0) {
      item.append("line", finding.line);
      item.append("column", finding.column);
    }
    list.push(std::move(item));
  }
  return list;
}

Json file_json(const PerfFile& file) {
  Json item = Json::object();
  item.append("valid", file.valid());
  item.append("operators", file.operators.size());
  item.append("configs", file.total_configs);
  item.append("faults", findings_json(file.faults));
  item.append("warnings", findings_json(file.warnings));
  return item;
}

Json summary_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  const Summary summary = summarize(values);
  Json item = Json::object();
  item.append("count", summary.count);
  item.append("min", summary.min);
  item.append("median", summary.median);
  item.append("max", summary.max);
  item.append("mean", summary.mean);
  item.append("geomean", summary.geomean);
  return item;
}

// Ratios of one operator, all or of one dtype.
struct Ratios {
  size_t configs = 0;
  std::vector<double> your_time;
  std::vector<double> relative;
  std::vector<double> speedup;
  void add(const PerfPair& pair) {
    ++configs;
    your_time.push_back(pair.yours->time);
    relative.push_back(pair.relative_to_cuda());
    if (pair.flaggems != nullptr) speedup.push_back(pair.speedup_vs_flaggems());
  }
  void describe(Json* item) const {
    item->append("configs", configs);
    item->append("matched", speedup.size());
    item->append("your_time_ms", summary_json(your_time));
    item->append("relative_to_cuda", summary_json(relative));
    item->append("speedup_vs_flaggems", summary_json(speedup));
  }
};

Json statistics_json(const std::vector<PerfComparison>& comparisons) {
  Json list = Json::array();
  for (const PerfComparison& comparison : comparisons) {
    Ratios all;
    std::map<std::string, Ratios> by_dtype;
    for (const PerfPair& pair : comparison.pairs) {
      all.add(pair);
      by_dtype[pair.yours->dtype].add(pair);
    }
    Json item = Json::object();
    item.append("operator", comparison.yours->name);
    all.describe(&item);
    Json dtypes = Json::array();
    for (const auto& [dtype, ratios] : by_dtype) {
      Json entry = Json::object();
      entry.append("dtype", dtype);
      ratios.describe(&entry);
      dtypes.push(std::move(entry));
    }
    item.append("dtypes", std::move(dtypes));
    list.push(std::move(item));
  }
  return list;
}

Json configuration_json(const std::string& op, const PerfConfig& config) {
  Json item = Json::object();
  item.append("operator", op);
  item.append("shape", Json::array_of(config.shape));
  item.append("dtype", config.dtype);
  return item;
}

// Pairs, and what has no partner on either side; only meaningful with both files.
void append_pairs(const PerfFile& yours, const PerfFile& flaggems,
                  const std::vector<PerfComparison>& comparisons, Json* report) {
  Json matched = Json::array();
  Json yours_only = Json::array();
  Json flaggems_only = Json::array();
  Json operators_yours_only = Json::array();
  Json operators_flaggems_only = Json::array();
  Json differences = Json::array();
  for (const PerfComparison& comparison : comparisons) {
    const std::string& op = comparison.yours->name;
    if (comparison.flaggems == nullptr) operators_yours_only.push(op);
    for (const PerfPair& pair : comparison.pairs) {
      Json item = configuration_json(op, *pair.yours);
      if (pair.flaggems == nullptr) {
        yours_only.push(std::move(item));
        continue;
      }
      const double low = std::min(pair.yours->cuda_time, pair.flaggems->cuda_time);
      const double high = std::max(pair.yours->cuda_time, pair.flaggems->cuda_time);
      if (high > low * kCudaTimeTolerance) {
        Json difference = item;
        difference.append("yours", pair.yours->cuda_time);
        difference.append("flaggems", pair.flaggems->cuda_time);
        difference.append("percent", (high / low - 1) * 100);
        differences.push(std::move(difference));
      }
      matched.push(std::move(item));
    }
    for (const PerfConfig* config : comparison.flaggems_only) {
      flaggems_only.push(configuration_json(op, *config));
    }
  }
  std::map<std::string_view, bool> known;
  for (const PerfOperator& op : yours.operators) known.emplace(op.name, true);
  for (const PerfOperator& op : flaggems.operators) {
    if (known.count(op.name) == 0) operators_flaggems_only.push(op.name);
  }
  Json operators = Json::object();
  operators.append("yours_only", std::move(operators_yours_only));
  operators.append("flaggems_only", std::move(operators_flaggems_only));
  Json unmatched = Json::object();
  unmatched.append("yours_only", std::move(yours_only));
  unmatched.append("flaggems_only", std::move(flaggems_only));
  report->append("matched", std::move(matched));
  report->append("unmatched", std::move(unmatched));
  report->append("operators", std::move(operators));
  report->append("cuda_time_differences", std::move(differences));
}

}  // namespace

Json validate_perf_data(std::string_view yours_text, const std::string_view* flaggems_text) {
  const PerfFile yours = read_perf_file(yours_text, PerfSide::kYours);
  std::optional<PerfFile> flaggems;
  if (flaggems_text != nullptr) flaggems = read_perf_file(*flaggems_text, PerfSide::kFlagGems);
  const std::vector<PerfComparison> comparisons = compare(yours, flaggems ? &*flaggems : nullptr);

  Json report = Json::object();
  report.append("schema_version", "1.0");
  report.append("valid", yours.valid() && (!flaggems || flaggems->valid()));
  Json files = Json::object();
  files.append("yours", file_json(yours));
  files.append("flaggems", flaggems ? file_json(*flaggems) : Json(nullptr));
  report.append("files", std::move(files));
  report.append("statistics", statistics_json(comparisons));
  if (flaggems) append_pairs(yours, *flaggems, comparisons, &report);
  return report;
}

}  // namespace fgx
