// SPDX-License-Identifier: Apache-2.0
// explain: which implementation a call would get, and why each other one would not.
#include "commands/command.h"
#include "support/document.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  std::string call;
  std::string device = "cpu";
  ContextFlags context;
};

Tone tone_of(const std::string& verdict) {
  if (verdict == "chosen") return Tone::kGood;
  return verdict == "rejected" ? Tone::kDim : Tone::kPlain;
}

int run(const Flags& flags, Environment& env) {
  const Call call(env.session.context(flags.context), flags.call, 0);
  const std::string json = call.explain(find_device(flags.device));
  const Document report(json);
  const bool chosen = report["chosen"].present();
  if (env.out.wants_json()) {
    env.out.json(json);
    return chosen ? kDone : kCheckFailed;
  }
  Table table{"", {"implementation", "tier", "status", "verdict", "code", "reason", "mean us"}, {}};
  for (const Value& item : report["candidates"].items()) {
    const std::string verdict = item["verdict"].text();
    table.rows.push_back({Cell(item["name"].text()).with(tone_of(verdict)), item["tier"].text(),
                          item["status"].show(), Cell(verdict).with(tone_of(verdict)),
                          item["reason_code"].show(), item["reason"].show(),
                          Cell::number(item["statistics"]["mean_us"].number())});
  }
  env.out.table(table);
  env.out.line(report["call"].text(flags.call) + " -> " + report["chosen"].text("nobody") + ": " +
                   report["reason"].text(),
               chosen ? Tone::kPlain : Tone::kBad);
  return chosen ? kDone : kCheckFailed;
}

}  // namespace

void add_explain(CLI::App& root, Action& action) {
  CLI::App* command =
      root.add_subcommand("explain", "Say which implementation a call would get, and why no other");
  auto flags = std::make_shared<Flags>();
  command->add_option("CALL", flags->call, "Call expression, e.g. \"gelu(f16[4096,4096])\"")
      ->type_name("")
      ->required();
  add_device_option(command, &flags->device);
  add_context_options(command, &flags->context);
  on_run(command, action, flags, &run);
}

}  // namespace cli
