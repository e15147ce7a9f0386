// SPDX-License-Identifier: Apache-2.0
// info: one operator with its implementations, or one metadata record.
#include "commands/command.h"
#include "support/document.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  std::string name;
};

void print_fields(const Value& object, const std::string& title, const std::string& leave_out,
                  Output& out) {
  Table table{title, {"field", "value"}, {}};
  for (const std::string& name : object.names()) {
    if (name != leave_out) table.rows.push_back({name, object[name].show()});
  }
  out.table(table);
}

int run(const Flags& flags, Environment& env) {
  fgx_string* text = nullptr;
  const fgx_status status =
      fgx_context_get_op_info(env.session.context(), flags.name.c_str(), &text);
  if (status != FGX_METADATA_NOT_FOUND) {
    const std::string json = fetch([&](fgx_string** out) {
      *out = text;
      return status;
    });
    if (env.out.wants_json()) {
      env.out.json("{\"schema_version\":\"1.0\",\"operator\":" + json + "}");
      return kDone;
    }
    const Document info(json);
    print_fields(info.root(), flags.name, "implementations", env.out);
    Table table{"Implementations, best first",
                {"implementation", "tier", "group", "status", "constraints"},
                {}};
    for (const Value& item : info["implementations"].items()) {
      table.rows.push_back({item["name"].text(), item["tier"].text(), item["group"].text(),
                            item["status"].show(), item["constraints"].show()});
    }
    env.out.table(table);
    return kDone;
  }
  // No operator of that name: the registry names it, or fails with the nearest names of both.
  const std::string nearest = fgx_error_message(fgx_last_error());
  fgx_registry* registry = env.session.registry();
  const fgx_status found = fgx_registry_get(registry, flags.name.c_str(), &text);
  if (found == FGX_METADATA_NOT_FOUND) {
    throw Failure(kNotFound, nearest + "; " + fgx_error_message(fgx_last_error()));
  }
  const std::string json = fetch([&](fgx_string** out) {
    *out = text;
    return found;
  });
  if (env.out.wants_json()) {
    env.out.json("{\"schema_version\":\"1.0\",\"record\":" + json + "}");
    return kDone;
  }
  print_fields(Document(json).root(), flags.name, "", env.out);
  return kDone;
}

}  // namespace

void add_info(CLI::App& root, Action& action) {
  CLI::App* command =
      root.add_subcommand("info", "Describe an operator with its implementations, or a record");
  auto flags = std::make_shared<Flags>();
  command->add_option("NAME", flags->name, "Operator, implementation, record name or op_id")
      ->type_name("")
      ->required();
  on_run(command, action, flags, &run);
}

}  // namespace cli
