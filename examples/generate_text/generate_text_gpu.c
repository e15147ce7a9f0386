/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generates the text of generate_text.c on a GPU, each token one replay of a CUDA graph of plans, and holds
 * the tokens against PyTorch's.
 *
 *   generate_text_gpu MODEL_FOLDER [--json]
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cuda_driver.h"
#include "decoder.h"
#include "reference.h"
#include "tensor_file.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char** argv) {
  const int json = argc == 3 && strcmp(argv[2], "--json") == 0;
  if (argc < 2 || argc > 3 || (argc == 3 && !json)) {
    fputs("usage: generate_text_gpu MODEL_FOLDER [--json]\n", stderr);
    return 2;
  }
  fgx_context* context = NULL;
  if (!cuda_start()) return 4;
  if (fgx_context_create(NULL, &context) != FGX_OK) {
    fprintf(stderr, "%s\n", fgx_error_message(fgx_last_error()));
    return 70;
  }
  decoder* d = decoder_create(context, argv[1]);
  char path[4096];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/reference.json", argv[1]);
  char* text = read_whole_file(path, &size);
  if (d == NULL || text == NULL) {
    fprintf(stderr, "cannot run the model in %s\n", argv[1]);
    return 3;
  }
  const model_config* c = decoder_config(d);
  int prompts = 0, tokens = 0, wrong = 0;
  double worst_logit = 0.0, decode_seconds = 0.0;
  const char* at = text;
  static reference r;
  static float logits[256];
  static int64_t history[2 * REFERENCE_MOST_TOKENS];
  while (reference_next(&at, &r)) {
    if (r.prompt_count + r.expected_count > c->max_position || c->vocabulary > 256) return 3;
    decoder_reset(d);
    for (int i = 0; i < r.prompt_count; ++i) decoder_feed(d, r.prompt[i]);
    decoder_logits(d, logits);
    for (int i = 0; i < r.logits_count && i < c->vocabulary; ++i) {
      worst_logit = fmax(worst_logit, fabs(logits[i] - r.logits[i]));
    }
    /* The first token is known with the logits of the prompt; each further one takes a step. */
    const double start = seconds();
    for (int i = 1; i < r.expected_count; ++i) decoder_continue(d);
    cuda_wait();
    decode_seconds += seconds() - start;
    decoder_history(d, history, r.prompt_count + r.expected_count - 1);
    const int64_t* const made = history + r.prompt_count - 1;
    if (!json) {
      for (int i = 0; i < r.prompt_count; ++i)
        putchar(model_config_character(c, (long)r.prompt[i]));
      for (int i = 0; i < r.expected_count; ++i) putchar(model_config_character(c, (long)made[i]));
      puts("\n--------");
    }
    for (int i = 0; i < r.expected_count; ++i) wrong += made[i] != r.expected[i];
    tokens += r.expected_count - 1;
    ++prompts;
  }
  if (json) {
    printf(
        "{\"prompts\": %d, \"tokens\": %d, \"wrong\": %d, \"largest_logit_error\": %.3g, "
        "\"plans_per_step\": %d, \"us_per_token\": %.2f, \"tokens_per_s\": %.0f}\n",
        prompts, tokens, wrong, worst_logit, decoder_plans(d), 1e6 * decode_seconds / tokens,
        tokens / decode_seconds);
  } else {
    printf(
        "%d prompts, %d steps of %d plans, %d tokens differ from PyTorch's; largest logit error "
        "%.2g; %.0f tokens/s\n",
        prompts, tokens, decoder_plans(d), wrong, worst_logit, tokens / decode_seconds);
  }
  free(text);
  decoder_free(d);
  fgx_context_destroy(context);
  return prompts == 0 || wrong > 0 || worst_logit > 1e-4;
}
