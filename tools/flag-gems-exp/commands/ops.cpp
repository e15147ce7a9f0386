// SPDX-License-Identifier: Apache-2.0
// ops: the operators that the library knows, with their implementations.
#include "commands/command.h"
#include "support/document.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  std::string name;
  std::string family;
  bool implementations = false;
};

std::string filter_json(const Flags& flags) {
  std::string filter = "{\"implementations\":true";
  if (!flags.name.empty()) filter += ",\"name\":" + json_quote(flags.name);
  if (!flags.family.empty()) filter += ",\"family\":" + json_quote(flags.family);
  return filter + "}";
}

int run(const Flags& flags, Environment& env) {
  const std::string filter = filter_json(flags);
  const std::string json = fetch([&](fgx_string** out) {
    return fgx_context_list_ops(env.session.context(), filter.c_str(), out);
  });
  if (env.out.wants_json()) {
    env.out.json("{\"schema_version\":\"1.0\",\"operators\":" + json + "}");
    return kDone;
  }
  const Document list(json);
  if (flags.implementations) {
    Table table{"", {"operator", "implementation", "tier", "group", "status"}, {}};
    for (const Value& op : list.root().items()) {
      for (const Value& item : op["implementations"].items()) {
        table.rows.push_back({op["name"].text(), item["name"].text(), item["tier"].text(),
                              item["group"].text(), item["status"].show()});
      }
    }
    env.out.table(table);
    return kDone;
  }
  Table table{"", {"operator", "family", "category", "implementations", "schema"}, {}};
  for (const Value& op : list.root().items()) {
    table.rows.push_back({op["name"].text(), op["family"].text(), op["category"].text(),
                          Cell::integer(static_cast<long long>(op["implementations"].size())),
                          op["schema"].text()});
  }
  env.out.table(table);
  return kDone;
}

}  // namespace

void add_ops(CLI::App& root, Action& action) {
  CLI::App* command = root.add_subcommand("ops", "List the operators that the library knows");
  auto flags = std::make_shared<Flags>();
  command->add_option("--name", flags->name, "Only names that contain this")->type_name("TEXT");
  command->add_option("--family", flags->family, "Only this family")->type_name("FAMILY");
  command->add_flag("--implementations", flags->implementations, "One line per implementation");
  on_run(command, action, flags, &run);
}

}  // namespace cli
