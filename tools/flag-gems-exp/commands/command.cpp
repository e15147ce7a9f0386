// SPDX-License-Identifier: Apache-2.0
// What every command shares: registration, and the environment it runs in.
#include "commands/command.h"

#include <sys/time.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstring>

namespace cli {
namespace {

// Only async-signal-safe calls: the library may hold any lock. What it has acknowledged is durable.
void on_timeout(int) {
  constexpr char kMessage[] = "error: timed out\n";
  const ssize_t ignored = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  (void)ignored;
  ::_exit(kTimedOut);
}

}  // namespace

void add_context_options(CLI::App* command, ContextFlags* flags) {
  command
      ->add_option_function<std::string>(
          "--enable",
          [flags](const std::string& groups) {
            flags->enable = true;
            flags->groups = groups == "all" ? "" : groups;
          },
          "Enable experimental groups: all, generated, custom or generated,custom")
      ->type_name("GROUPS");
  command->add_option("--config", flags->config_file, "JSON file of configuration keys")
      ->type_name("FILE");
  command->add_option("--set", flags->settings, "Set a configuration key (may be repeated)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_timeout_option(CLI::App* command, double* seconds) {
  command->add_option("--timeout", *seconds, "Give up after this many seconds (exit code 6)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 1e7));
}

void start_timeout(double seconds) {
  if (!(seconds > 0)) return;
  struct sigaction action {};
  action.sa_handler = &on_timeout;
  ::sigaction(SIGALRM, &action, nullptr);
  itimerval timer{};
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  timer.it_value.tv_sec = static_cast<time_t>(whole);
  timer.it_value.tv_usec = static_cast<suseconds_t>(fraction * 1e6);
  if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0) timer.it_value.tv_usec = 1;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace cli
