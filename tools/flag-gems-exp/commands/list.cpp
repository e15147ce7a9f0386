// SPDX-License-Identifier: Apache-2.0
// list: the metadata records of experimental implementations.
#include "commands/command.h"
#include "support/document.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  std::string category;
  std::string status;
  bool audit = false;
};

// What each record's claims are worth.
int audit(Environment& env) {
  const std::string json =
      fetch([&](fgx_string** out) { return fgx_registry_audit(env.session.registry(), out); });
  if (env.out.wants_json()) {
    env.out.json(json);
    return kDone;
  }
  const Document report(json);
  Table table{"", {"name", "status", "claims", "evidence", "proven", "what is missing"}, {}};
  for (const Value& record : report["records"].items()) {
    const bool proven = record["proven"].truth();
    const std::vector<std::string> missing =
        texts_of(record["missing"].items(), [](const Value& item) { return item["code"].text(); });
    table.rows.push_back(
        {record["op_name"].text(), record["status"].text(),
         record["claimed"]["accuracy_passed"].truth()
             ? format("passed in %lld cases", record["claimed"]["test_cases"].integer())
             : std::string("-"),
         Cell::integer(static_cast<long long>(record["evidence"].size())),
         Cell(proven ? "yes" : "no").with(proven ? Tone::kGood : Tone::kWarning),
         join(missing, ", ")});
  }
  env.out.table(table);
  const Value summary = report["summary"];
  env.out.line(format("%lld records; %lld claim that they passed, %lld are proven",
                      summary["records"].integer(), summary["claim_passed"].integer(),
                      summary["proven"].integer()));
  return kDone;
}

int run(const Flags& flags, Environment& env) {
  if (flags.audit) {
    if (!flags.category.empty() || !flags.status.empty()) {
      throw Failure(kUsage, "--audit looks at all records: no --category or --status beside it");
    }
    return audit(env);
  }
  std::vector<std::string> parts{"\"fields\":\"full\""};
  if (!flags.category.empty()) parts.push_back("\"category\":" + json_quote(flags.category));
  if (!flags.status.empty()) parts.push_back("\"status\":" + json_quote(flags.status));
  const std::string filter = "{" + join(parts, ",") + "}";
  const std::string json = fetch([&](fgx_string** out) {
    return fgx_registry_query(env.session.registry(), filter.c_str(), out);
  });
  if (env.out.wants_json()) {
    env.out.json("{\"schema_version\":\"1.0\",\"records\":" + json + "}");
    return kDone;
  }
  const Document list(json);
  Table table{"", {"name", "category", "status", "implements", "language", "op_id"}, {}};
  for (const Value& record : list.root().items()) {
    table.rows.push_back({record["op_name"].text(), record["category"].text(),
                          record["status"].text(), record["implements"].show(),
                          record["language"].show(), record["op_id"].text()});
  }
  env.out.table(table);
  env.out.line(format("%zu records", table.rows.size()));
  return kDone;
}

}  // namespace

void add_list(CLI::App& root, Action& action) {
  CLI::App* command =
      root.add_subcommand("list", "List the metadata records of experimental implementations");
  auto flags = std::make_shared<Flags>();
  command->add_option("--category", flags->category, "pointwise, reduction, blas or custom")
      ->type_name("CATEGORY");
  command->add_option("--status", flags->status, "EXPERIMENTAL, VALIDATED, ... (case is ignored)")
      ->type_name("STATUS");
  command->add_flag("--audit", flags->audit, "Say what the records' claims are worth");
  on_run(command, action, flags, &run);
}

}  // namespace cli
