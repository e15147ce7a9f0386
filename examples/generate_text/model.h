/* SPDX-License-Identifier: Apache-2.0 */
/* A LLaMA-style model with a mixture of experts, every operator of which goes through libflaggems_exp. */
#ifndef EXAMPLES_GENERATE_TEXT_MODEL_H_
#define EXAMPLES_GENERATE_TEXT_MODEL_H_

#include "flaggems_exp.h"

typedef struct model model;

/* Loads config.json and model.safetensors from `folder`; weights become float32. NULL on failure, with
 * a message on stderr. The context is borrowed. */
model* model_load(fgx_context* context, const char* folder);
void model_free(model* m);

int model_vocabulary(const model* m);
int model_max_position(const model* m);
/* The character of a token, or '?' */
char model_character(const model* m, int64_t token);

/* Forgets the key/value cache. */
void model_reset(model* m);
/* Appends `count` tokens to the sequence and computes the logits after the last one (vocabulary floats,
 * owned by the model). NULL when an operator fails or the sequence is full; the message is on stderr. */
const float* model_forward(model* m, const int64_t* tokens, int count);

#endif /* EXAMPLES_GENERATE_TEXT_MODEL_H_ */
