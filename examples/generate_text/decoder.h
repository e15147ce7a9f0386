/* SPDX-License-Identifier: Apache-2.0 */
/* The model of model.h on a GPU, one token at a time: every operator is a plan, and a step is one replay of
 * the CUDA graph that the plans were captured into. Nothing of a step happens on the host: the position, the
 * mask, the chosen experts and the next token all stay on the device. */
#ifndef EXAMPLES_GENERATE_TEXT_DECODER_H_
#define EXAMPLES_GENERATE_TEXT_DECODER_H_

#include "config.h"
#include "flaggems_exp.h"

typedef struct decoder decoder;

/* Loads the weights, makes the plans, captures the graph. cuda_start() comes first. NULL on failure, with a
 * message on stderr. The context is borrowed. */
decoder* decoder_create(fgx_context* context, const char* folder);
void decoder_free(decoder* d);
const model_config* decoder_config(const decoder* d);
/* Operators in a step. */
int decoder_plans(const decoder* d);

/* Forgets the sequence. */
void decoder_reset(decoder* d);
/* Appends a token of the caller's. */
void decoder_feed(decoder* d, int64_t token);
/* Appends the most probable token, which stays on the device. */
void decoder_continue(decoder* d);
/* The logits after the last token (vocabulary floats). Waits. */
void decoder_logits(decoder* d, float* logits);
/* The tokens that were most probable after each position so far. Waits. */
void decoder_history(decoder* d, int64_t* tokens, int count);

#endif /* EXAMPLES_GENERATE_TEXT_DECODER_H_ */
