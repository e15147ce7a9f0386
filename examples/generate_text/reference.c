/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the arrays of reference.json by their keys. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

/* Reads the numbers of the array after `key`, starting the search at `*at`, which moves behind it. */
static int numbers_after(const char** at, const char* key, double* out, int capacity) {
  const char* found = strstr(*at, key);
  if (found == NULL || (found = strchr(found, '[')) == NULL) return -1;
  int count = 0;
  for (++found; *found != ']' && *found != '\0';) {
    char* next = NULL;
    const double value = strtod(found, &next);
    if (next == found) {
      ++found;
      continue;
    }
    if (count < capacity) out[count++] = value;
    found = next;
  }
  *at = found;
  return count;
}

int reference_next(const char** at, reference* r) {
  double values[REFERENCE_MOST_TOKENS];
  r->prompt_count = numbers_after(at, "\"prompt_ids\":", values, REFERENCE_MOST_TOKENS);
  if (r->prompt_count < 0) return 0;
  for (int i = 0; i < r->prompt_count; ++i) r->prompt[i] = (int64_t)values[i];
  r->expected_count = numbers_after(at, "\"greedy_ids\":", values, REFERENCE_MOST_TOKENS);
  for (int i = 0; i < r->expected_count; ++i) r->expected[i] = (int64_t)values[i];
  r->logits_count = numbers_after(at, "\"logits_after_prompt\":", r->logits, 256);
  return r->expected_count > 0 && r->logits_count > 0;
}
