/* SPDX-License-Identifier: Apache-2.0 */
/* The sizes of a model, from its config.json. */
#ifndef EXAMPLES_GENERATE_TEXT_CONFIG_H_
#define EXAMPLES_GENERATE_TEXT_CONFIG_H_

#define MODEL_MOST_LAYERS 16

typedef struct {
  int vocabulary, hidden, layers, heads, kv_heads, head_dim, intermediate, experts,
      experts_per_token, expert_width, max_position;
  double eps, rope_theta;
  int is_moe[MODEL_MOST_LAYERS];
  char characters[256];
} model_config;

/* Returns 0, with a message on stderr, when the file cannot be read or the model is too large. */
int model_config_read(const char* folder, model_config* config);
/* The character of a token, or '?' */
char model_config_character(const model_config* config, long token);

#endif /* EXAMPLES_GENERATE_TEXT_CONFIG_H_ */
