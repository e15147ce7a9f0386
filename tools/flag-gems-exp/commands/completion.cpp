// SPDX-License-Identifier: Apache-2.0
// completion: scripts that complete commands and options in bash, zsh and fish, made from the
// parser's own description so that they cannot lag behind it.
#include "commands/command.h"
#include "support/text.h"

namespace cli {
namespace {

struct Flags {
  std::string shell;
};

struct CommandWords {
  std::string path;  // "cache show"; "" for the program itself
  std::string description;
  std::vector<std::string> commands;
  std::vector<std::string> options;
};

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

void collect(const CLI::App& app, const std::string& path, std::vector<CommandWords>* all) {
  CommandWords words{path, app.get_description(), {}, options_of(app)};
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) words.commands.push_back(child->get_name());
  all->push_back(words);
  for (const CLI::App* child : children) {
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), all);
  }
}

// Words after which a value follows are the same everywhere.
struct Choices {
  const char* option;
  const char* values;
};
constexpr Choices kChoices[] = {{"--format", "table json markdown csv"},
                                {"--color", "auto always never"},
                                {"--cases", "quick full"},
                                {"--batch", "1 2"},
                                {"--enable", "all generated custom generated,custom"}};

std::string bash_script(const std::vector<CommandWords>& all) {
  std::string script =
      "# bash completion of flag-gems-exp. Load it with: source <(flag-gems-exp completion bash)\n"
      "_flag_gems_exp() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path= i\n"
      "  case $before in\n";
  for (const Choices& choice : kChoices) {
    script += format("    %s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return;;\n",
                     choice.option, choice.values);
  }
  script +=
      "  esac\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n";
  std::vector<std::string> paths;
  for (const CommandWords& words : all) {
    if (!words.path.empty()) paths.push_back("\" " + words.path + "\"");
  }
  script += "      " + join(paths, "|") +
            ") path=\"$path ${COMP_WORDS[i]}\";;\n"
            "    esac\n"
            "  done\n"
            "  local words=\n"
            "  case \"$path\" in\n";
  for (const CommandWords& words : all) {
    std::vector<std::string> proposals = words.commands;
    proposals.insert(proposals.end(), words.options.begin(), words.options.end());
    script +=
        format("    \"%s\") words='%s';;\n", words.path.empty() ? "" : (" " + words.path).c_str(),
               join(proposals, " ").c_str());
  }
  script +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\"))\n"
      "}\n"
      "complete -F _flag_gems_exp flag-gems-exp\n";
  return script;
}

// zsh runs the bash script through its own compatibility layer.
std::string zsh_script(const std::vector<CommandWords>& all) {
  return "#compdef flag-gems-exp\n"
         "# zsh completion of flag-gems-exp. Load it with: source <(flag-gems-exp completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(all);
}

std::string fish_script(const std::vector<CommandWords>& all) {
  std::string script =
      "# fish completion of flag-gems-exp. Load it with: flag-gems-exp completion fish | source\n";
  for (const CommandWords& words : all) {
    const std::vector<std::string> path = split(words.path, ' ');
    std::string condition = "__fish_use_subcommand";
    if (!words.path.empty()) {
      const auto seen = [](const std::string& word) {
        return "__fish_seen_subcommand_from " + word;
      };
      condition = join(texts_of(path, seen), "; and ");
    }
    for (const std::string& option : words.options) {
      std::string values;
      for (const Choices& choice : kChoices) {
        if (option == choice.option) values = format(" -x -a '%s'", choice.values);
      }
      script += format("complete -c flag-gems-exp -n '%s' -l %s%s\n", condition.c_str(),
                       option.c_str() + 2, values.c_str());
    }
    for (const CommandWords& child : all) {
      const std::string prefix = words.path.empty() ? "" : words.path + " ";
      for (const std::string& name : words.commands) {
        if (child.path != prefix + name) continue;
        script += format("complete -c flag-gems-exp -n '%s' -a %s -d %s\n", condition.c_str(),
                         name.c_str(), shell_quote(child.description).c_str());
      }
    }
  }
  return script;
}

int run(const Flags& flags, Environment& env) {
  std::vector<CommandWords> all;
  collect(env.root, "", &all);
  const std::string script = flags.shell == "bash"  ? bash_script(all)
                             : flags.shell == "zsh" ? zsh_script(all)
                                                    : fish_script(all);
  if (env.out.wants_json()) {
    env.out.json("{\"schema_version\":\"1.0\",\"shell\":" + json_quote(flags.shell) +
                 ",\"script\":" + json_quote(script) + "}");
  } else {
    env.out.raw(script);
  }
  return kDone;
}

}  // namespace

void add_completion(CLI::App& root, Action& action) {
  CLI::App* command =
      root.add_subcommand("completion", "Print a script that completes commands and options");
  auto flags = std::make_shared<Flags>();
  command->add_option("SHELL", flags->shell, "For which shell")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("")
      ->required();
  on_run(command, action, flags, &run);
}

}  // namespace cli
