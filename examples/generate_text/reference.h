/* SPDX-License-Identifier: Apache-2.0 */
/* What PyTorch computed with the same weights: reference.json. */
#ifndef EXAMPLES_GENERATE_TEXT_REFERENCE_H_
#define EXAMPLES_GENERATE_TEXT_REFERENCE_H_

#include <stdint.h>

#define REFERENCE_MOST_TOKENS 512

typedef struct {
  int64_t prompt[REFERENCE_MOST_TOKENS];
  int prompt_count;
  int64_t expected[REFERENCE_MOST_TOKENS];
  int expected_count;
  double logits[256];
  int logits_count;
} reference;

/* Reads the next prompt of the file's text, from `*at`, which moves behind it; 0 at the end. */
int reference_next(const char** at, reference* r);

#endif /* EXAMPLES_GENERATE_TEXT_REFERENCE_H_ */
