// SPDX-License-Identifier: Apache-2.0
// info: one operator with its implementations, or one metadata record.
#include <algorithm>

#include "commands/command.h"
#include "support/document.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  std::string name;
};

void print_fields(const Value& object, const std::string& title,
                  const std::vector<std::string>& leave_out, Output& out) {
  Table table{title, {"field", "value"}, {}};
  for (const std::string& name : object.names()) {
    const bool shown = std::find(leave_out.begin(), leave_out.end(), name) == leave_out.end();
    if (shown) table.rows.push_back({name, object[name].show()});
  }
  out.table(table);
}

// {"code": "dim_range", "argument": "input", "dim": -1, "low": 32, "high": 64} -> "dim_range input[-1]
// 32..64".
std::string constraint_text(const Value& constraint) {
  std::string text = constraint["code"].text();
  const std::string argument = constraint["argument"].text();
  if (!argument.empty() && argument != "*") text += " " + argument;
  if (constraint["dim"].present()) text += "[" + constraint["dim"].show() + "]";
  const Value low = constraint["low"];
  const Value high = constraint["high"];
  if (low.present() || high.present()) {
    text += " " + (low.present() ? low.show() : "") + ".." + (high.present() ? high.show() : "");
  }
  if (constraint["dtypes"].present()) text += " " + constraint["dtypes"].show();
  return text;
}

void print_arguments(const Value& arguments, Output& out) {
  Table table{"Arguments", {"argument", "type", "by keyword", "may vary in a plan", "choices"}, {}};
  for (const Value& item : arguments.items()) {
    const std::string type = item["type"].text() + (item["list"].truth() ? "[]" : "") +
                             (item["optional"].truth() ? "?" : "");
    table.rows.push_back({item["name"].text(), type, item["keyword_only"].show(),
                          item["dynamic"].show(), item["choices"].show()});
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
    print_fields(info.root(), flags.name, {"arguments", "implementations"}, env.out);
    print_arguments(info["arguments"], env.out);
    Table table{"Implementations, best first",
                {"implementation", "tier", "group", "status", "constraints"},
                {}};
    for (const Value& item : info["implementations"].items()) {
      const std::vector<std::string> constraints =
          texts_of(item["constraints"].items(), constraint_text);
      table.rows.push_back({item["name"].text(), item["tier"].text(), item["group"].text(),
                            item["status"].show(),
                            constraints.empty() ? "-" : join(constraints, "; ")});
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
  print_fields(Document(json).root(), flags.name, {}, env.out);
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
