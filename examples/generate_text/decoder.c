/* SPDX-License-Identifier: Apache-2.0 */
/* A decode step as a list of plans, and its graph. */
#include "decoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_driver.h"
#include "tensor_file.h"
#include "tensors.h"

#define MOST_PLANS 512
#define MOST_POSITIONS 4096
#define MOST_ARGUMENTS 8
#define MOST_OUTPUTS 2
#define ARENA_BYTES ((size_t)4 << 30) /* the vendor's library wants 32 MiB for each product */

/* A plan with its arguments, and the workspace that it needs under capture. */
typedef struct {
  fgx_plan* plan;
  fgx_invocation invocation;
  fgx_value args[MOST_ARGUMENTS];
  fgx_tensor* outs[MOST_OUTPUTS];
  tensor tensors[MOST_ARGUMENTS + MOST_OUTPUTS];
  int64_t width; /* of a list of one integer */
} step;

struct decoder {
  fgx_context* context;
  model_config config;
  char* arena; /* of the device: weights, caches, activations */
  size_t used;
  size_t caches_at, caches_size;
  tensor ids, position, history, logits; /* what a step reads and writes besides the caches */
  step steps[MOST_PLANS];
  int count;
  cuda_graph* graph;
  int failed;
};

/* ------------------------------------------------------------------------------------ memory */

static tensor reserve(decoder* d, fgx_dtype dtype, int ndim, int64_t a, int64_t b, int64_t c,
                      int64_t e) {
  const fgx_device gpu = {FGX_DEVICE_CUDA, 0};
  const int64_t shape[4] = {a, b, c, e};
  size_t bytes = dtype.bits / 8;
  for (int i = 0; i < ndim; ++i) bytes *= (size_t)shape[i];
  const size_t at = d->used;
  d->used += (bytes + 255) / 256 * 256;
  if (d->used > ARENA_BYTES) {
    fprintf(stderr, "the model is larger than its memory\n");
    exit(70);
  }
  return make_on(gpu, d->arena + at, dtype, ndim, shape);
}

static const fgx_dtype kBool = {FGX_DTYPE_BOOL, 8, 1};
static const fgx_dtype kBytes = {FGX_DTYPE_UINT, 8, 1};

/* ------------------------------------------------------------------------------------- plans */

/* A copy that lives as long as the step. */
static fgx_tensor* keep(step* s, const fgx_tensor* given, int* kept) {
  tensor* copy = &s->tensors[(*kept)++];
  copy->t = *given;
  memcpy(copy->shape, given->shape, (size_t)given->ndim * sizeof *given->shape);
  memcpy(copy->strides, given->strides, (size_t)given->ndim * sizeof *given->strides);
  return raw(copy);
}

/* Appends a plan of this call to the step. */
static void plan(decoder* d, const char* name, const fgx_value* args, int32_t nargs,
                 fgx_tensor* const* outs, int32_t nouts) {
  if (d->failed) return;
  fgx_op* op = NULL;
  step* s = &d->steps[d->count];
  int kept = 0;
  for (int32_t i = 0; i < nargs; ++i) {
    s->args[i] = args[i];
    if (args[i].tag == FGX_TAG_TENSOR) {
      s->args[i] = fgx_value_tensor(keep(s, args[i].as.tensor, &kept));
    } else if (args[i].tag == FGX_TAG_INT_LIST) {
      s->width = args[i].as.ints[0];
      s->args[i] = fgx_value_ints(&s->width, 1);
    }
  }
  for (int32_t i = 0; i < nouts; ++i) s->outs[i] = keep(s, outs[i], &kept);
  size_t workspace = 0;
  if (d->count + 1 == MOST_PLANS || fgx_context_get_op(d->context, name, &op) != FGX_OK ||
      fgx_plan_create(op, s->args, nargs, s->outs, nouts, &s->plan) != FGX_OK ||
      fgx_plan_workspace(s->plan, &workspace) != FGX_OK) {
    fprintf(stderr, "%s: %s\n", name, fgx_error_message(fgx_last_error()));
    d->failed = 1;
    return;
  }
  ++d->count;
  s->invocation.struct_size = sizeof s->invocation;
  s->invocation.stream = cuda_stream();
  s->invocation.args = s->args;
  s->invocation.nargs = nargs;
  s->invocation.outs = s->outs;
  s->invocation.nouts = nouts;
  if (workspace > 0) {
    s->invocation.workspace = reserve(d, kBytes, 1, (int64_t)workspace, 0, 0, 0).t.data;
    s->invocation.workspace_size = workspace;
  }
}

static void run_steps(decoder* d) {
  for (int i = 0; i < d->count && !d->failed; ++i) {
    const step* s = &d->steps[i];
    if (fgx_plan_invoke(s->plan, &s->invocation) != FGX_OK) {
      fprintf(stderr, "step %d: %s\n", i, fgx_error_message(fgx_last_error()));
      d->failed = 1;
    }
  }
}

static void unary(decoder* d, const char* name, tensor* x, tensor* out) {
  const fgx_value args[1] = {fgx_value_tensor(raw(x))};
  fgx_tensor* outs[1] = {raw(out)};
  plan(d, name, args, 1, outs, 1);
}

static void binary(decoder* d, const char* name, tensor* x, tensor* y, tensor* out) {
  const fgx_value args[2] = {fgx_value_tensor(raw(x)), fgx_value_tensor(raw(y))};
  fgx_tensor* outs[1] = {raw(out)};
  plan(d, name, args, 2, outs, 1);
}

static void with_number(decoder* d, const char* name, tensor* x, int64_t number, tensor* out) {
  const fgx_value args[2] = {fgx_value_tensor(raw(x)), fgx_value_int(number)};
  fgx_tensor* outs[1] = {raw(out)};
  plan(d, name, args, 2, outs, 1);
}

/* x [rows, in], weight [out, in] */
static tensor linear(decoder* d, tensor* x, tensor* weight) {
  tensor out = reserve(d, kFloat32, 2, x->shape[0], weight->shape[0], 0, 0);
  binary(d, "linear", x, weight, &out);
  return out;
}

static tensor rms_norm(decoder* d, tensor* x, tensor* weight) {
  tensor out = reserve(d, kFloat32, 2, x->shape[0], x->shape[1], 0, 0);
  const int64_t width[1] = {x->shape[1]};
  const fgx_value args[4] = {fgx_value_tensor(raw(x)), fgx_value_ints(width, 1),
                             fgx_value_tensor(raw(weight)), fgx_value_float(d->config.eps)};
  fgx_tensor* outs[1] = {raw(&out)};
  plan(d, "rms_norm", args, 4, outs, 1);
  return out;
}

/* Rows of a table. */
static tensor look_up(decoder* d, tensor* table, tensor* ids) {
  tensor out = reserve(d, kFloat32, 2, ids->shape[0], table->shape[1], 0, 0);
  binary(d, "embedding", table, ids, &out);
  return out;
}

static tensor gated_mlp(decoder* d, tensor* x, tensor* gate_up, tensor* down) {
  tensor both = linear(d, x, gate_up);
  tensor out = reserve(d, kFloat32, 2, 1, both.shape[1] / 2, 0, 0);
  unary(d, "silu_and_mul", &both, &out);
  return linear(d, &out, down);
}

/* --------------------------------------------------------------------------------- the model */

/* What all layers of a step share. */
typedef struct {
  tensor here; /* bool [max_position]: which position this token has */
  tensor seen; /* bool [1, 1, 1, max_position]: what attention may look at */
  tensor cos, sin;
} shared;

/* cache [1, heads, max_position, width] += x [1, 1, heads, width] at this position, which is zero so far. */
static void store(decoder* d, const shared* s, tensor* x, tensor* cache) {
  tensor here = reshape(&s->here, 4, 1, 1, s->here.shape[0], 1);
  tensor heads = swap_middle(x);
  tensor spread = reserve(d, kFloat32, 4, 1, cache->shape[1], cache->shape[2], cache->shape[3]);
  binary(d, "mul", &here, &heads, &spread);
  binary(d, "add", cache, &spread, cache);
}

static void attention(decoder* d, const shared* s, tensor* x, tensor* norm, tensor* weights,
                      tensor* keys, tensor* values) {
  const model_config* c = &d->config;
  tensor y = rms_norm(d, x, norm);
  tensor q = linear(d, &y, &weights[0]);
  tensor k = linear(d, &y, &weights[1]);
  tensor v = linear(d, &y, &weights[2]);
  q = reshape(&q, 4, 1, 1, c->heads, c->head_dim);
  k = reshape(&k, 4, 1, 1, c->kv_heads, c->head_dim);
  v = reshape(&v, 4, 1, 1, c->kv_heads, c->head_dim);
  tensor q_turned = reserve(d, kFloat32, 4, 1, 1, c->heads, c->head_dim);
  tensor k_turned = reserve(d, kFloat32, 4, 1, 1, c->kv_heads, c->head_dim);
  tensor position = reshape(&d->position, 2, 1, 1, 0, 0);
  tensor cos = s->cos, sin = s->sin;
  const fgx_value turn[5] = {fgx_value_tensor(raw(&q)), fgx_value_tensor(raw(&k)),
                             fgx_value_tensor(raw(&cos)), fgx_value_tensor(raw(&sin)),
                             fgx_value_tensor(raw(&position))};
  fgx_tensor* turned[2] = {raw(&q_turned), raw(&k_turned)};
  plan(d, "apply_rotary_pos_emb", turn, 5, turned, 2);
  store(d, s, &k_turned, keys);
  store(d, s, &v, values);

  tensor mixed = reserve(d, kFloat32, 4, 1, 1, c->heads, c->head_dim);
  tensor q_heads = swap_middle(&q_turned), mixed_heads = swap_middle(&mixed), seen = s->seen;
  const fgx_value attend[8] = {fgx_value_tensor(raw(&q_heads)),
                               fgx_value_tensor(raw(keys)),
                               fgx_value_tensor(raw(values)),
                               fgx_value_tensor(raw(&seen)),
                               fgx_value_float(0.0),
                               fgx_value_bool(0),
                               fgx_value_float(1.0 / sqrt((double)c->head_dim)),
                               fgx_value_bool(1)};
  fgx_tensor* attended[1] = {raw(&mixed_heads)};
  plan(d, "scaled_dot_product_attention", attend, 8, attended, 1);
  mixed = reshape(&mixed, 2, 1, (int64_t)c->heads * c->head_dim, 0, 0);
  tensor projected = linear(d, &mixed, &weights[3]);
  binary(d, "add", x, &projected, x);
}

/* The weights of the chosen experts are gathered as rows of a table: their choice stays on the device. */
static void experts(decoder* d, tensor* x, tensor* y, tensor* gate, tensor* gate_up, tensor* down) {
  const model_config* c = &d->config;
  tensor scores = linear(d, y, gate);
  tensor weights = reserve(d, kFloat32, 2, 1, c->experts_per_token, 0, 0);
  tensor chosen = reserve(d, kInt32, 2, 1, c->experts_per_token, 0, 0);
  const fgx_value args[3] = {fgx_value_tensor(raw(&scores)), fgx_value_int(c->experts_per_token),
                             fgx_value_bool(1)};
  fgx_tensor* outs[2] = {raw(&weights), raw(&chosen)};
  plan(d, "topk_softmax", args, 3, outs, 2);

  tensor ids = reshape(&chosen, 1, c->experts_per_token, 0, 0, 0);
  tensor gate_up_table =
      reshape(gate_up, 2, c->experts, gate_up->shape[1] * gate_up->shape[2], 0, 0);
  tensor down_table = reshape(down, 2, c->experts, down->shape[1] * down->shape[2], 0, 0);
  tensor gate_up_rows = look_up(d, &gate_up_table, &ids);
  tensor down_rows = look_up(d, &down_table, &ids);
  tensor weight_row = row(&weights, 0);
  for (int i = 0; i < c->experts_per_token; ++i) {
    tensor gate_up_row = row(&gate_up_rows, i), down_row = row(&down_rows, i);
    gate_up_row = reshape(&gate_up_row, 2, gate_up->shape[1], gate_up->shape[2], 0, 0);
    down_row = reshape(&down_row, 2, down->shape[1], down->shape[2], 0, 0);
    tensor out = gated_mlp(d, y, &gate_up_row, &down_row);
    tensor weight = row(&weight_row, i); /* 0-d */
    binary(d, "mul", &out, &weight, &out);
    binary(d, "add", x, &out, x);
  }
}

/* --------------------------------------------------------------------------------- loading */

/* A weight of the file as float32. */
static tensor weight(decoder* d, tensor_file* file, const char* format, int index) {
  char name[64];
  snprintf(name, sizeof name, format, index);
  tensor stored;
  memset(&stored, 0, sizeof stored);
  if (!tensor_file_find(file, name, &stored.t)) {
    d->failed = 1;
    return reserve(d, kFloat32, 1, 1, 0, 0, 0);
  }
  int64_t shape[4] = {1, 1, 1, 1};
  size_t bytes = stored.t.dtype.bits / 8;
  for (int i = 0; i < stored.t.ndim; ++i) {
    shape[i] = stored.t.shape[i];
    bytes *= (size_t)shape[i];
  }
  tensor raw_bits =
      reserve(d, stored.t.dtype, stored.t.ndim, shape[0], shape[1], shape[2], shape[3]);
  tensor result = reserve(d, kFloat32, stored.t.ndim, shape[0], shape[1], shape[2], shape[3]);
  cuda_upload(raw_bits.t.data, stored.t.data, bytes);
  fgx_op* copy = NULL;
  const fgx_value args[2] = {fgx_value_tensor(raw(&result)), fgx_value_tensor(raw(&raw_bits))};
  fgx_tensor* outs[1] = {raw(&result)};
  if (fgx_context_get_op(d->context, "copy", &copy) != FGX_OK ||
      fgx_op_call(copy, args, 2, outs, 1, cuda_stream()) != FGX_OK) {
    fprintf(stderr, "%s: %s\n", name, fgx_error_message(fgx_last_error()));
    d->failed = 1;
  }
  return result;
}

static void make_rotation(decoder* d, shared* s) {
  const int half = d->config.head_dim / 2;
  const size_t count = (size_t)(d->config.max_position * half);
  s->cos = reserve(d, kFloat32, 2, d->config.max_position, half, 0, 0);
  s->sin = reserve(d, kFloat32, 2, d->config.max_position, half, 0, 0);
  float* table = malloc(2 * count * sizeof(float));
  if (table == NULL) exit(70);
  for (int p = 0; p < d->config.max_position; ++p) {
    for (int i = 0; i < half; ++i) {
      const double angle = p * pow(d->config.rope_theta, -2.0 * i / d->config.head_dim);
      table[p * half + i] = (float)cos(angle);
      table[count + (size_t)(p * half + i)] = (float)sin(angle);
    }
  }
  cuda_upload(s->cos.t.data, table, count * sizeof(float));
  cuda_upload(s->sin.t.data, table + count, count * sizeof(float));
  cuda_wait();
  free(table);
}

/* Which position this step has, and what it may see. */
static void make_masks(decoder* d, shared* s) {
  const int64_t positions = d->config.max_position;
  int64_t numbers[MOST_POSITIONS];
  for (int64_t i = 0; i < positions; ++i) numbers[i] = i;
  tensor all = reserve(d, kInt64, 1, positions, 0, 0, 0);
  cuda_upload(all.t.data, numbers, (size_t)positions * sizeof *numbers);
  cuda_wait();
  s->here = reserve(d, kBool, 1, positions, 0, 0, 0);
  tensor seen = reserve(d, kBool, 1, positions, 0, 0, 0);
  tensor next = reserve(d, kInt64, 1, 1, 0, 0, 0);
  with_number(d, "add", &d->position, 1, &next);
  binary(d, "eq", &all, &d->position, &s->here);
  binary(d, "lt", &all, &next, &seen);
  s->seen = reshape(&seen, 4, 1, 1, 1, positions);
}

static void make_steps(decoder* d, tensor_file* file) {
  const model_config* c = &d->config;
  shared s;
  make_rotation(d, &s);
  tensor embed = weight(d, file, "embed.weight", 0);
  tensor norm = weight(d, file, "norm.weight", 0);
  make_masks(d, &s);
  tensor x = look_up(d, &embed, &d->ids);
  for (int i = 0; i < c->layers && !d->failed; ++i) {
    tensor input_norm = weight(d, file, "layers.%d.input_norm.weight", i);
    tensor weights[4] = {
        weight(d, file, "layers.%d.q.weight", i), weight(d, file, "layers.%d.k.weight", i),
        weight(d, file, "layers.%d.v.weight", i), weight(d, file, "layers.%d.o.weight", i)};
    tensor keys = make_on(d->ids.t.device, d->arena + d->caches_at, kFloat32, 4,
                          (int64_t[4]){1, c->kv_heads, c->max_position, c->head_dim});
    keys.t.byte_offset = (uint64_t)(2 * i) * d->caches_size;
    tensor values = keys;
    values.t.byte_offset += d->caches_size;
    attention(d, &s, &x, &input_norm, weights, &keys, &values);
    tensor post_norm = weight(d, file, "layers.%d.post_norm.weight", i);
    tensor y = rms_norm(d, &x, &post_norm);
    if (c->is_moe[i]) {
      tensor gate = weight(d, file, "layers.%d.gate.weight", i);
      tensor gate_up = weight(d, file, "layers.%d.w_gate_up", i);
      tensor down = weight(d, file, "layers.%d.w_down", i);
      experts(d, &x, &y, &gate, &gate_up, &down);
    } else {
      tensor gate_up = weight(d, file, "layers.%d.gate_up.weight", i);
      tensor down = weight(d, file, "layers.%d.down.weight", i);
      tensor out = gated_mlp(d, &y, &gate_up, &down);
      binary(d, "add", &x, &out, &x);
    }
  }
  tensor y = rms_norm(d, &x, &norm);
  d->logits = linear(d, &y, &embed);
  /* The most probable token becomes the next step's input and goes into the history. */
  const fgx_value best[2] = {fgx_value_tensor(raw(&d->logits)), fgx_value_int(-1)};
  fgx_tensor* outs[1] = {raw(&d->ids)};
  plan(d, "argmax", best, 2, outs, 1);
  tensor spread = reserve(d, kInt64, 1, c->max_position, 0, 0, 0);
  binary(d, "mul", &s.here, &d->ids, &spread);
  binary(d, "add", &d->history, &spread, &d->history);
  with_number(d, "add", &d->position, 1, &d->position);
}

decoder* decoder_create(fgx_context* context, const char* folder) {
  decoder* d = calloc(1, sizeof *d);
  char path[4096];
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  if (d == NULL || !model_config_read(folder, &d->config) ||
      d->config.max_position > MOST_POSITIONS) {
    free(d);
    return NULL;
  }
  tensor_file* file = tensor_file_open(path);
  if (file == NULL) {
    free(d);
    return NULL;
  }
  const model_config* c = &d->config;
  d->context = context;
  d->arena = cuda_allocate(ARENA_BYTES);
  d->ids = reserve(d, kInt64, 1, 1, 0, 0, 0);
  d->position = reserve(d, kInt64, 1, 1, 0, 0, 0);
  d->history = reserve(d, kInt64, 1, c->max_position, 0, 0, 0);
  d->caches_at = d->used;
  d->caches_size = (size_t)(c->kv_heads * c->max_position * c->head_dim) * sizeof(float);
  d->used += 2 * (size_t)c->layers * d->caches_size;
  make_steps(d, file);
  if (!d->failed) {
    run_steps(d); /* once, so that whatever is cold happens before the capture */
    cuda_wait();
    cuda_capture_begin();
    run_steps(d);
    d->graph = cuda_capture_end();
    decoder_reset(d);
  }
  tensor_file_close(file);
  if (!d->failed) return d;
  decoder_free(d);
  return NULL;
}

void decoder_free(decoder* d) {
  if (d == NULL) return;
  for (int i = 0; i < d->count; ++i) fgx_plan_destroy(d->steps[i].plan);
  free(d);
}

const model_config* decoder_config(const decoder* d) { return &d->config; }
int decoder_plans(const decoder* d) { return d->count; }

void decoder_reset(decoder* d) {
  const int64_t zero = 0;
  cuda_clear(d->arena + d->caches_at, 2 * (size_t)d->config.layers * d->caches_size);
  cuda_clear(d->history.t.data, (size_t)d->config.max_position * sizeof(int64_t));
  cuda_upload(d->position.t.data, &zero, sizeof zero);
  cuda_wait();
}

void decoder_feed(decoder* d, int64_t token) {
  cuda_upload(d->ids.t.data, &token, sizeof token);
  cuda_wait(); /* `token` is on this function's stack */
  cuda_graph_replay(d->graph);
}

void decoder_continue(decoder* d) { cuda_graph_replay(d->graph); }

void decoder_logits(decoder* d, float* logits) {
  cuda_download(logits, d->logits.t.data, (size_t)d->config.vocabulary * sizeof(float));
}

void decoder_history(decoder* d, int64_t* tokens, int count) {
  cuda_download(tokens, d->history.t.data, (size_t)count * sizeof(int64_t));
}
