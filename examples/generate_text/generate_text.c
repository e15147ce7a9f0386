/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generates text with a real language model on nothing but libflaggems_exp: every operator of the
 * forward pass is dispatched, with experimental operators enabled, for the prompt and then token by
 * token with a key/value cache. With --check the tokens are held against PyTorch's.
 *
 *   generate_text MODEL_FOLDER [--check] [--tokens N] [--stable] [--trace FILE]
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "reference.h"
#include "tensor_file.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int64_t argmax(const float* logits, int count) {
  int best = 0;
  for (int i = 1; i < count; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

static int usage(void) {
  fputs("usage: generate_text MODEL_FOLDER [--check] [--tokens N] [--stable] [--trace FILE]\n",
        stderr);
  return 2;
}

int main(int argc, char** argv) {
  const char* folder = NULL;
  const char* trace_path = NULL;
  int check = 0, stable_only = 0, wanted = 200;
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--check") == 0) {
      check = 1;
    } else if (strcmp(argv[i], "--stable") == 0) {
      stable_only = 1;
    } else if (strcmp(argv[i], "--tokens") == 0 && i + 1 < argc) {
      wanted = atoi(argv[++i]);
    } else if (strcmp(argv[i], "--trace") == 0 && i + 1 < argc) {
      trace_path = argv[++i];
    } else if (folder == NULL && argv[i][0] != '-') {
      folder = argv[i];
    } else {
      return usage();
    }
  }
  if (folder == NULL || wanted < 1 || wanted > REFERENCE_MOST_TOKENS) return usage();

  fgx_context* context = NULL;
  if (fgx_context_create(NULL, &context) != FGX_OK ||
      (!stable_only && fgx_context_enable(context, NULL) != FGX_OK) ||
      (trace_path != NULL && fgx_context_trace(context, 65536) != FGX_OK)) {
    fprintf(stderr, "%s\n", fgx_error_message(fgx_last_error()));
    return 70;
  }
  model* m = model_load(context, folder);
  char path[4096];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/reference.json", folder);
  char* json = read_whole_file(path, &size);
  if (m == NULL || json == NULL) {
    fprintf(stderr, "cannot read %s\n", folder);
    return 3;
  }

  int prompts = 0, tokens = 0, wrong = 0;
  double worst_logit = 0.0, decode_seconds = 0.0;
  const char* at = json;
  static reference r;
  while (reference_next(&at, &r)) {
    model_reset(m);
    const float* logits = model_forward(m, r.prompt, r.prompt_count);
    if (logits == NULL) return 70;
    for (int i = 0; i < r.logits_count && i < model_vocabulary(m); ++i) {
      worst_logit = fmax(worst_logit, fabs(logits[i] - r.logits[i]));
    }
    for (int i = 0; i < r.prompt_count; ++i) putchar(model_character(m, r.prompt[i]));
    const int limit = wanted < r.expected_count ? wanted : r.expected_count;
    const double start = seconds();
    for (int i = 0; i < limit; ++i) {
      const int64_t token = argmax(logits, model_vocabulary(m));
      if (token != r.expected[i]) ++wrong;
      putchar(model_character(m, token));
      ++tokens;
      if (i + 1 == limit) break;
      logits = model_forward(m, &token, 1);
      if (logits == NULL) return 70;
    }
    decode_seconds += seconds() - start;
    ++prompts;
    puts("\n--------");
  }
  printf(
      "%d prompts, %d tokens, %d differ from PyTorch's; largest logit error %.2g; %.0f tokens/s\n",
      prompts, tokens, wrong, worst_logit, tokens / decode_seconds);

  fgx_string* text = NULL;
  if (fgx_context_counters(context, &text) == FGX_OK)
    printf("dispatch: %s\n", fgx_string_data(text));
  fgx_string_destroy(text);
  if (trace_path != NULL && fgx_context_trace_export(context, &text) == FGX_OK) {
    FILE* stream = fopen(trace_path, "w");
    if (stream != NULL) {
      fputs(fgx_string_data(text), stream);
      fclose(stream);
    }
    fgx_string_destroy(text);
  }
  free(json);
  model_free(m);
  fgx_context_destroy(context);
  return check && (prompts == 0 || wrong > 0 || worst_logit > 1e-4) ? 1 : 0;
}
