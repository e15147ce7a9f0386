/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a metadata index and says what its claims are worth.
 *
 *   audit_index PATH      a folder or an index file; it is migrated in place, the old file kept as .bak
 */
#include <stdio.h>

#include "flaggems_exp.h"

static int report(void) {
  fprintf(stderr, "%s: %s\n", fgx_status_string(fgx_error_code(fgx_last_error())),
          fgx_error_message(fgx_last_error()));
  return 5;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fputs("usage: audit_index PATH\n", stderr);
    return 2;
  }
  fgx_registry_options options = {sizeof(fgx_registry_options), FGX_REGISTRY_NO_BASE, NULL};
  fgx_registry* registry = NULL;
  fgx_string* text = NULL;
  if (fgx_registry_open_with(argv[1], &options, &registry) != FGX_OK) return report();
  if (fgx_registry_audit(registry, &text) != FGX_OK) return report();
  puts(fgx_string_data(text));
  fgx_string_destroy(text);
  fgx_registry_close(registry);
  return 0;
}
