// SPDX-License-Identifier: Apache-2.0
// Writes to a registry until it is killed, and tells on standard output what was acknowledged.
//
// Usage: registry_writer DIRECTORY NAME SEED. Lines: "R op_id" after a registration, "U op_id version"
// after an update. The first record registered is the one that updates go to.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "registry/registry.h"

namespace {

// One write per line: what the reader sees was acknowledged before.
bool tell(const std::string& line) {
  const std::string text = line + "\n";
  return ::write(STDOUT_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const std::string name = arguments[2];
  std::mt19937 random(static_cast<unsigned>(std::strtoul(arguments[3], nullptr, 10)));
  try {
    fgx::RegistryOptions options;
    options.no_builtin = true;
    fgx::Registry registry(arguments[1], options);
    const std::string padding(200 + random() % 3000, 'x');
    const std::string first = name + "-0";
    for (unsigned i = 0;; ++i) {
      const unsigned choice = random() % 100;
      if (i == 0 || choice < 10) {
        const std::string id = name + "-" + std::to_string(i);
        registry.register_record("{\"op_name\":\"op\",\"op_id\":\"" + id + "\",\"padding\":\"" +
                                 padding + "\"}");
        if (!tell("R " + id)) return 1;
      } else if (choice < 98) {
        const fgx::Json stored = fgx::Json::parse(
            *registry.update(first, "{\"generation_info\":{\"n\":" + std::to_string(i) + "}}"));
        if (!tell("U " + first + " " + std::to_string(stored.get_int64("record_version"))))
          return 1;
      } else {
        registry.compact();
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
    return 1;
  }
}
