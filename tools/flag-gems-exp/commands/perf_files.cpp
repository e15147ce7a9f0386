// SPDX-License-Identifier: Apache-2.0
// The two performance data files that validate-data and filter-ops read.
#include "commands/perf_files.h"

#include "support/files.h"

namespace cli {

void add_perf_file_options(CLI::App* command, PerfFiles* files) {
  command->add_option("--your-data", files->yours, "Your operators' times")
      ->type_name("FILE")
      ->required();
  command->add_option("--flaggems-data", files->flaggems, "FlagGems' times")->type_name("FILE");
}

PerfTexts read_perf_files(const PerfFiles& files) {
  PerfTexts texts;
  texts.yours = read_file(files.yours);
  texts.has_flaggems = !files.flaggems.empty();
  if (texts.has_flaggems) texts.flaggems = read_file(files.flaggems);
  return texts;
}

}  // namespace cli
