/* SPDX-License-Identifier: Apache-2.0 */
/* Just enough JSON for a flat object of numbers and lists. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor_file.h"

/* The number after "key": in a flat JSON object. */
static double number(const char* json, const char* key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char* at = strstr(json, quoted);
  if (at == NULL) {
    fprintf(stderr, "config.json has no %s\n", key);
    exit(1);
  }
  return strtod(at + strlen(quoted), NULL);
}

/* Whether `value` is in the array after "key":. */
static int listed(const char* json, const char* key, long value) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char* at = strstr(json, quoted);
  if (at == NULL || (at = strchr(at, '[')) == NULL) return 0;
  for (++at; *at != ']' && *at != '\0';) {
    char* next = NULL;
    const long entry = strtol(at, &next, 10);
    if (next == at) {
      ++at;
      continue;
    }
    if (entry == value) return 1;
    at = next;
  }
  return 0;
}

static void read_vocabulary(model_config* config, const char* json) {
  const char* at = strstr(json, "\"vocabulary\":");
  at = at == NULL ? NULL : strchr(at, '[');
  for (int i = 0; at != NULL && i < config->vocabulary && i < 256; ++i) {
    at = strchr(at + 1, '"');
    if (at == NULL) break;
    ++at;
    if (*at == '\\') ++at;
    config->characters[i] = at[-1] == '\\' && *at == 'n' ? '\n' : *at;
    ++at; /* the closing quote */
  }
}

int model_config_read(const char* folder, model_config* config) {
  char path[4096];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/config.json", folder);
  char* json = read_whole_file(path, &size);
  if (json == NULL) {
    fprintf(stderr, "cannot read %s\n", path);
    return 0;
  }
  memset(config, 0, sizeof *config);
  config->vocabulary = (int)number(json, "vocab_size");
  config->hidden = (int)number(json, "hidden_size");
  config->layers = (int)number(json, "num_layers");
  config->heads = (int)number(json, "num_heads");
  config->kv_heads = (int)number(json, "num_kv_heads");
  config->head_dim = (int)number(json, "head_dim");
  config->intermediate = (int)number(json, "intermediate_size");
  config->experts = (int)number(json, "num_experts");
  config->experts_per_token = (int)number(json, "num_experts_per_tok");
  config->expert_width = (int)number(json, "moe_intermediate_size");
  config->max_position = (int)number(json, "max_position");
  config->eps = number(json, "rms_norm_eps");
  config->rope_theta = number(json, "rope_theta");
  const int fits = config->layers >= 1 && config->layers <= MODEL_MOST_LAYERS;
  for (int i = 0; fits && i < config->layers; ++i)
    config->is_moe[i] = listed(json, "moe_layers", i);
  read_vocabulary(config, json);
  free(json);
  if (!fits) fprintf(stderr, "%s: at most %d layers\n", path, MODEL_MOST_LAYERS);
  return fits;
}

char model_config_character(const model_config* config, long token) {
  return token >= 0 && token < config->vocabulary && token < 256 ? config->characters[token] : '?';
}
