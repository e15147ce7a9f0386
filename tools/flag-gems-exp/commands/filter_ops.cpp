// SPDX-License-Identifier: Apache-2.0
// filter-ops: selects the operators of performance data that are worth importing.
#include <cmath>
#include <optional>
#include <set>

#include "commands/command.h"
#include "commands/perf_files.h"
#include "support/document.h"
#include "support/files.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  PerfFiles files;
  int batch = 0;
  std::optional<double> threshold;  // none: the batch's own
  std::string output;
};

void print_selection(const Value& result, Output& out) {
  Table table{"Selected", {"operator", "vs FlagGems", "vs CUDA", "configs"}, {}};
  const Value operators = result["operators"];
  for (const std::string& name : operators.names()) {
    const Value entry = operators[name];
    table.rows.push_back({name, Cell::number(entry["avg_speedup_vs_flaggems"].number()),
                          Cell::number(entry["avg_relative_to_cuda"].number()),
                          Cell::integer(static_cast<long long>(entry["configs"].size()))});
  }
  out.table(table);
}

// Names what was left out and by how much, from the validation report of the same files.
void print_rejections(const Value& result, const Value& report, bool batch1, Output& out) {
  const std::vector<std::string> names = result["operators"].names();
  const std::set<std::string> selected(names.begin(), names.end());
  const char* ratio = batch1 ? "speedup_vs_flaggems" : "relative_to_cuda";
  Table table{"Not selected", {"operator", batch1 ? "vs FlagGems" : "vs CUDA", "reason"}, {}};
  const std::string threshold = exact_number(result["threshold"].number());
  for (const Value& op : report["statistics"].items()) {
    const std::string name = op["operator"].text();
    if (selected.count(name) > 0) continue;
    const double mean = op[ratio]["mean"].number();
    const std::string reason = std::isnan(mean) ? "no configuration matches FlagGems' data"
                               : batch1         ? "below " + threshold
                                                : "above " + threshold;
    table.rows.push_back({name, Cell::number(mean), reason});
  }
  if (!table.rows.empty()) out.table(table);
}

int run(const Flags& flags, Environment& env) {
  if (flags.threshold && !(*flags.threshold > 0 && std::isfinite(*flags.threshold))) {
    throw Failure(kUsage, "--threshold must be a finite number greater than 0");
  }
  const PerfTexts texts = read_perf_files(flags.files);
  std::string options = format("{\"batch\":%d", flags.batch);
  if (flags.threshold) options += ",\"threshold\":" + exact_number(*flags.threshold);
  options += "}";
  const std::string json = fetch([&](fgx_string** out) {
    return fgx_data_filter(texts.yours.data(), texts.yours.size(), texts.flaggems_data(),
                           texts.flaggems_size(), options.c_str(), out);
  });
  write_file(flags.output, json + "\n");
  const Document result(json);
  if (env.out.wants_json()) {
    env.out.json("{\"schema_version\":\"1.0\",\"output\":" + json_quote(flags.output) +
                 ",\"result\":" + json + "}");
  } else {
    const Document report(fetch([&](fgx_string** out) {
      return fgx_data_validate(texts.yours.data(), texts.yours.size(), texts.flaggems_data(),
                               texts.flaggems_size(), out);
    }));
    print_selection(result.root(), env.out);
    print_rejections(result.root(), report.root(), flags.batch == 1, env.out);
  }
  env.out.line(format("Batch %d selects %lld operators with %lld configurations (%s %s %s), in %s.",
                      flags.batch, result["total_operators"].integer(),
                      result["total_configs"].integer(), result["criterion"].text().c_str(),
                      flags.batch == 1 ? ">=" : "<=",
                      exact_number(result["threshold"].number()).c_str(), flags.output.c_str()));
  return kDone;
}

}  // namespace

void add_filter_ops(CLI::App& root, Action& action) {
  CLI::App* command =
      root.add_subcommand("filter-ops", "Select the operators that are worth importing");
  auto flags = std::make_shared<Flags>();
  command
      ->add_option("--batch", flags->batch,
                   "1: faster versions of FlagGems' operators; 2: operators that FlagGems lacks")
      ->type_name("1|2")
      ->check(CLI::IsMember({1, 2}))
      ->required();
  add_perf_file_options(command, &flags->files);
  command
      ->add_option("--threshold", flags->threshold,
                   "Instead of 1.30 (batch 1, least mean flaggems_time / your_time) or 1.25 (batch "
                   "2, largest mean your_time / cuda_time)")
      ->type_name("NUMBER");
  command->add_option("--output", flags->output, "Where the selection is written")
      ->type_name("FILE")
      ->required();
  on_run(command, action, flags, &run);
}

}  // namespace cli
