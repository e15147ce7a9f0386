// SPDX-License-Identifier: Apache-2.0
// validate-data: every fault of performance data files, and what the two say together.
#include "commands/command.h"
#include "commands/perf_files.h"
#include "support/document.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  PerfFiles files;
  bool all = false;
};

constexpr size_t kShownPairs = 20;

void print_findings(const Value& file, const std::string& path, Output& out) {
  Table table{path, {"kind", "code", "place", "message"}, {}};
  for (const char* kind : {"faults", "warnings"}) {
    const bool is_fault = std::string_view(kind) == "faults";
    for (const Value& finding : file[kind].items()) {
      std::string place = finding["pointer"].text();
      if (finding["line"].present()) {
        place = format("line %lld, column %lld", finding["line"].integer(),
                       finding["column"].integer());
      }
      table.rows.push_back(
          {Cell(is_fault ? "fault" : "warning").with(is_fault ? Tone::kBad : Tone::kWarning),
           finding["code"].text(), place.empty() ? "document" : place, finding["message"].text()});
    }
  }
  if (!table.rows.empty()) out.table(table);
}

void print_statistics(const Value& report, Output& out) {
  Table table{"Ratios per operator and dtype",
              {"operator", "dtype", "configs", "matched", "vs CUDA mean", "min", "median", "max",
               "geomean", "vs FlagGems mean", "min", "median", "max", "geomean"},
              {}};
  const auto add = [&](const std::string& op, const std::string& dtype, const Value& item) {
    std::vector<Cell> row{op, dtype, Cell::integer(item["configs"].integer()),
                          Cell::integer(item["matched"].integer())};
    for (const char* ratio : {"relative_to_cuda", "speedup_vs_flaggems"}) {
      for (const char* figure : {"mean", "min", "median", "max", "geomean"}) {
        row.push_back(Cell::number(item[ratio][figure].number()));
      }
    }
    table.rows.push_back(std::move(row));
  };
  for (const Value& op : report["statistics"].items()) {
    for (const Value& dtype : op["dtypes"].items()) {
      add(op["operator"].text(), dtype["dtype"].text(), dtype);
    }
    add(op["operator"].text(), "all", op);
  }
  if (!table.rows.empty()) out.table(table);
}

std::string show_shape(const Value& shape) {
  return "[" + join(texts_of(shape.items(), [](const Value& dim) { return dim.show(); }), ",") +
         "]";
}

void print_pairs(const Value& report, bool all, Output& out) {
  Table table{"Configurations without a partner", {"only in", "operator", "shape", "dtype"}, {}};
  for (const char* side : {"yours", "flaggems"}) {
    for (const Value& op : report["operators"][std::string(side) + "_only"].items()) {
      table.rows.push_back({side, op.text(), "all", "all"});
    }
    for (const Value& item : report["unmatched"][std::string(side) + "_only"].items()) {
      table.rows.push_back(
          {side, item["operator"].text(), show_shape(item["shape"]), item["dtype"].text()});
    }
  }
  const size_t total = table.rows.size();
  if (!all && total > kShownPairs) {
    table.rows.erase(table.rows.begin() + kShownPairs, table.rows.end());
  }
  if (total > 0) out.table(table);
  if (total > table.rows.size()) {
    out.line(format("%zu more; --all lists them.", total - table.rows.size()));
  }
  if (all) {
    Table matched{"Matched configurations", {"operator", "shape", "dtype"}, {}};
    for (const Value& item : report["matched"].items()) {
      matched.rows.push_back(
          {item["operator"].text(), show_shape(item["shape"]), item["dtype"].text()});
    }
    if (!matched.rows.empty()) out.table(matched);
  }
  Table differences{"The files disagree about CUDA by more than 5 %",
                    {"operator", "shape", "dtype", "yours ms", "flaggems ms", "percent"},
                    {}};
  for (const Value& item : report["cuda_time_differences"].items()) {
    differences.rows.push_back({item["operator"].text(), show_shape(item["shape"]),
                                item["dtype"].text(), Cell::number(item["yours"].number()),
                                Cell::number(item["flaggems"].number()),
                                Cell::number(item["percent"].number()).with(Tone::kWarning)});
  }
  if (!differences.rows.empty()) out.table(differences);
}

std::string one_line(const Value& report) {
  const auto side = [](const Value& file) {
    return format("%lld operators, %lld configurations, %zu faults, %zu warnings",
                  file["operators"].integer(), file["configs"].integer(), file["faults"].size(),
                  file["warnings"].size());
  };
  std::string text = "Yours: " + side(report["files"]["yours"]) + ".";
  if (report["files"]["flaggems"].present()) {
    text += " FlagGems: " + side(report["files"]["flaggems"]) + ".";
    text += format(" Matched: %zu configurations; only yours: %zu, only FlagGems: %zu;",
                   report["matched"].size(), report["unmatched"]["yours_only"].size(),
                   report["unmatched"]["flaggems_only"].size());
    text += format(" cuda_time differs by more than 5 %% in %zu.",
                   report["cuda_time_differences"].size());
  }
  return text;
}

int run(const Flags& flags, Environment& env) {
  const PerfTexts texts = read_perf_files(flags.files);
  const std::string json = fetch([&](fgx_string** out) {
    return fgx_data_validate(texts.yours.data(), texts.yours.size(), texts.flaggems_data(),
                             texts.flaggems_size(), out);
  });
  const Document report(json);
  const bool valid = report["valid"].truth();
  if (env.out.wants_json()) {
    env.out.json(json);
  } else {
    if (valid) print_statistics(report.root(), env.out);
    print_findings(report["files"]["yours"], flags.files.yours, env.out);
    print_findings(report["files"]["flaggems"], flags.files.flaggems, env.out);
    if (valid) print_pairs(report.root(), flags.all, env.out);
  }
  env.out.line(one_line(report.root()));
  env.out.line(valid ? "valid" : "NOT valid", valid ? Tone::kGood : Tone::kBad);
  return valid ? kDone : kCheckFailed;
}

}  // namespace

void add_validate_data(CLI::App& root, Action& action) {
  CLI::App* command = root.add_subcommand(
      "validate-data", "Check performance data: every fault, statistics, matched configurations");
  auto flags = std::make_shared<Flags>();
  add_perf_file_options(command, &flags->files);
  command->add_flag("--all", flags->all, "List every matched and unmatched configuration");
  on_run(command, action, flags, &run);
}

}  // namespace cli
