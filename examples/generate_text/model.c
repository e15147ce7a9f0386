/* SPDX-License-Identifier: Apache-2.0 */
/* The forward pass: one function per step, one library call per operator. */
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "tensor_file.h"
#include "tensors.h"

typedef struct {
  tensor input_norm, q, k, v, o, post_norm;
  tensor gate_up, down;           /* dense layers */
  tensor gate, w_gate_up, w_down; /* layers with experts */
  int is_moe;
  tensor key_cache, value_cache; /* [1, key heads, max_position, head_dim] */
} layer;

struct model {
  fgx_context* context;
  struct {
    fgx_op *copy, *embedding, *rms_norm, *linear, *rope, *attention, *add, *mul, *silu_and_mul,
        *topk_softmax;
  } ops;
  model_config config;
  tensor embed, norm, cos, sin;
  layer layer[MODEL_MOST_LAYERS];
  int length;  /* tokens in the cache */
  float* pool; /* weights and caches, allocated once */
  size_t pool_used, pool_size;
  float* scratch; /* activations of one forward pass */
  size_t scratch_used, scratch_size;
  int failed;
};

/* ---------------------------------------------------------------------------------- tensors */

static tensor make(void* data, fgx_dtype dtype, int ndim, const int64_t* shape) {
  const fgx_device cpu = {FGX_DEVICE_CPU, 0};
  return make_on(cpu, data, dtype, ndim, shape);
}

static float* take(float* base, size_t* used, size_t size, size_t count) {
  const size_t start = *used;
  *used += (count + 15) / 16 * 16; /* 64-byte steps */
  if (*used > size) {
    fprintf(stderr, "the model is larger than its buffers\n");
    exit(1);
  }
  return base + start;
}

static tensor activation(model* m, fgx_dtype dtype, int ndim, int64_t a, int64_t b, int64_t c,
                         int64_t d) {
  const int64_t shape[4] = {a, b, c, d};
  int64_t count = 1;
  for (int i = 0; i < ndim; ++i) count *= shape[i];
  const size_t floats = (size_t)(count * dtype.bits / 32);
  return make(take(m->scratch, &m->scratch_used, m->scratch_size, floats), dtype, ndim, shape);
}

/* -------------------------------------------------------------------------------- operators */

static void call(model* m, fgx_op* op, const fgx_value* args, int32_t nargs,
                 fgx_tensor* const* outs, int32_t nouts) {
  if (m->failed) return;
  if (fgx_op_call(op, args, nargs, outs, nouts, NULL) != FGX_OK) {
    fprintf(stderr, "%s: %s\n", fgx_op_name(op), fgx_error_message(fgx_last_error()));
    m->failed = 1;
  }
}

static void copy(model* m, tensor* out, tensor* in) {
  const fgx_value args[2] = {fgx_value_tensor(raw(out)), fgx_value_tensor(raw(in))};
  fgx_tensor* outs[1] = {raw(out)};
  call(m, m->ops.copy, args, 2, outs, 1);
}

static tensor rms_norm(model* m, tensor* x, tensor* weight) {
  tensor out =
      activation(m, kFloat32, x->t.ndim, x->shape[0], x->shape[1], x->shape[2], x->shape[3]);
  const int64_t width[1] = {m->config.hidden};
  const fgx_value args[4] = {fgx_value_tensor(raw(x)), fgx_value_ints(width, 1),
                             fgx_value_tensor(raw(weight)), fgx_value_float(m->config.eps)};
  fgx_tensor* outs[1] = {raw(&out)};
  call(m, m->ops.rms_norm, args, 4, outs, 1);
  return out;
}

/* x [rows, in], weight [out, in] -> [rows, out] */
static tensor linear(model* m, tensor* x, tensor* weight) {
  tensor out = activation(m, kFloat32, 2, x->shape[0], weight->shape[0], 0, 0);
  const fgx_value args[2] = {fgx_value_tensor(raw(x)), fgx_value_tensor(raw(weight))};
  fgx_tensor* outs[1] = {raw(&out)};
  call(m, m->ops.linear, args, 2, outs, 1);
  return out;
}

/* x += y, in place */
static void add_to(model* m, tensor* x, tensor* y) {
  const fgx_value args[2] = {fgx_value_tensor(raw(x)), fgx_value_tensor(raw(y))};
  fgx_tensor* outs[1] = {raw(x)};
  call(m, m->ops.add, args, 2, outs, 1);
}

/* silu(first half) * second half of each row, then the projection back. */
static tensor gated_mlp(model* m, tensor* x, tensor* gate_up, tensor* down) {
  tensor both = linear(m, x, gate_up);
  tensor out = activation(m, kFloat32, 2, both.shape[0], both.shape[1] / 2, 0, 0);
  const fgx_value args[1] = {fgx_value_tensor(raw(&both))};
  fgx_tensor* outs[1] = {raw(&out)};
  call(m, m->ops.silu_and_mul, args, 1, outs, 1);
  return linear(m, &out, down);
}

static void attention(model* m, layer* l, tensor* x, tensor* positions) {
  const int64_t count = x->shape[0];
  tensor y = rms_norm(m, x, &l->input_norm);
  tensor q = linear(m, &y, &l->q);
  tensor k = linear(m, &y, &l->k);
  tensor v = linear(m, &y, &l->v);
  q = reshape(&q, 4, 1, count, m->config.heads, m->config.head_dim);
  k = reshape(&k, 4, 1, count, m->config.kv_heads, m->config.head_dim);
  v = reshape(&v, 4, 1, count, m->config.kv_heads, m->config.head_dim);

  tensor q_turned = activation(m, kFloat32, 4, 1, count, m->config.heads, m->config.head_dim);
  tensor k_turned = activation(m, kFloat32, 4, 1, count, m->config.kv_heads, m->config.head_dim);
  {
    const fgx_value args[5] = {fgx_value_tensor(raw(&q)), fgx_value_tensor(raw(&k)),
                               fgx_value_tensor(raw(&m->cos)), fgx_value_tensor(raw(&m->sin)),
                               fgx_value_tensor(raw(positions))};
    fgx_tensor* outs[2] = {raw(&q_turned), raw(&k_turned)};
    call(m, m->ops.rope, args, 5, outs, 2);
  }
  /* Heads before positions, and the new keys and values behind the cached ones. */
  tensor q_heads = swap_middle(&q_turned);
  tensor k_heads = swap_middle(&k_turned);
  tensor v_heads = swap_middle(&v);
  tensor key_slot = slice_positions(&l->key_cache, m->length, count);
  tensor value_slot = slice_positions(&l->value_cache, m->length, count);
  copy(m, &key_slot, &k_heads);
  copy(m, &value_slot, &v_heads);
  tensor keys = slice_positions(&l->key_cache, 0, m->length + count);
  tensor values = slice_positions(&l->value_cache, 0, m->length + count);

  tensor mixed = activation(m, kFloat32, 4, 1, count, m->config.heads, m->config.head_dim);
  tensor mixed_heads = swap_middle(&mixed);
  {
    /* A prompt attends causally from an empty cache; a single new token sees everything. */
    const fgx_value args[8] = {fgx_value_tensor(raw(&q_heads)),
                               fgx_value_tensor(raw(&keys)),
                               fgx_value_tensor(raw(&values)),
                               fgx_value_none(),
                               fgx_value_float(0.0),
                               fgx_value_bool(count > 1),
                               fgx_value_float(1.0 / sqrt((double)m->config.head_dim)),
                               fgx_value_bool(1)};
    fgx_tensor* outs[1] = {raw(&mixed_heads)};
    call(m, m->ops.attention, args, 8, outs, 1);
  }
  mixed = reshape(&mixed, 2, count, (int64_t)m->config.heads * m->config.head_dim, 0, 0);
  tensor projected = linear(m, &mixed, &l->o);
  add_to(m, x, &projected);
}

static void experts(model* m, layer* l, tensor* x, tensor* y) {
  tensor scores = linear(m, y, &l->gate);
  const int64_t count = x->shape[0];
  tensor weights = activation(m, kFloat32, 2, count, m->config.experts_per_token, 0, 0);
  tensor chosen = activation(m, kInt32, 2, count, m->config.experts_per_token, 0, 0);
  {
    const fgx_value args[3] = {fgx_value_tensor(raw(&scores)),
                               fgx_value_int(m->config.experts_per_token), fgx_value_bool(1)};
    fgx_tensor* outs[2] = {raw(&weights), raw(&chosen)};
    call(m, m->ops.topk_softmax, args, 3, outs, 2);
  }
  for (int64_t token = 0; token < count && !m->failed; ++token) {
    tensor x_row = row(x, token);
    tensor y_row = row(y, token);
    y_row = reshape(&y_row, 2, 1, m->config.hidden, 0, 0);
    tensor weight_row = row(&weights, token);
    const int32_t* ids = (const int32_t*)chosen.t.data + token * m->config.experts_per_token;
    for (int i = 0; i < m->config.experts_per_token; ++i) {
      tensor gate_up = row(&l->w_gate_up, ids[i]);
      tensor down = row(&l->w_down, ids[i]);
      tensor out = gated_mlp(m, &y_row, &gate_up, &down);
      tensor weight = row(&weight_row, i); /* 0-d */
      tensor out_row = row(&out, 0);
      const fgx_value args[2] = {fgx_value_tensor(raw(&out_row)), fgx_value_tensor(raw(&weight))};
      fgx_tensor* outs[1] = {raw(&out_row)};
      call(m, m->ops.mul, args, 2, outs, 1);
      add_to(m, &x_row, &out_row);
    }
  }
}

const float* model_forward(model* m, const int64_t* tokens, int count) {
  if (count < 1 || m->length + count > m->config.max_position || (count > 1 && m->length > 0)) {
    fprintf(stderr, "a prompt goes into an empty sequence, and the sequence holds %d tokens\n",
            m->config.max_position);
    return NULL;
  }
  m->scratch_used = 0;
  tensor ids = activation(m, kInt64, 1, count, 0, 0, 0);
  tensor positions = activation(m, kInt64, 2, 1, count, 0, 0);
  for (int i = 0; i < count; ++i) {
    ((int64_t*)ids.t.data)[i] = tokens[i];
    ((int64_t*)positions.t.data)[i] = m->length + i;
  }
  tensor x = activation(m, kFloat32, 2, count, m->config.hidden, 0, 0);
  {
    const fgx_value args[2] = {fgx_value_tensor(raw(&m->embed)), fgx_value_tensor(raw(&ids))};
    fgx_tensor* outs[1] = {raw(&x)};
    call(m, m->ops.embedding, args, 2, outs, 1);
  }
  const size_t mark = m->scratch_used;
  for (int i = 0; i < m->config.layers && !m->failed; ++i) {
    layer* l = &m->layer[i];
    m->scratch_used = mark; /* a layer's activations are dead once x is updated */
    attention(m, l, &x, &positions);
    tensor y = rms_norm(m, &x, &l->post_norm);
    if (l->is_moe) {
      experts(m, l, &x, &y);
    } else {
      tensor out = gated_mlp(m, &y, &l->gate_up, &l->down);
      add_to(m, &x, &out);
    }
  }
  tensor last = row(&x, count - 1);
  last = reshape(&last, 2, 1, m->config.hidden, 0, 0);
  tensor y = rms_norm(m, &last, &m->norm);
  tensor logits = linear(m, &y, &m->embed);
  if (m->failed) return NULL;
  m->length += count;
  return logits.t.data;
}

/* ---------------------------------------------------------------------------------- loading */

/* A weight of the file as float32, converted by the library's own copy. */
static tensor weight(model* m, tensor_file* file, const char* format, int index) {
  char name[64];
  snprintf(name, sizeof name, format, index);
  tensor stored;
  memset(&stored, 0, sizeof stored);
  if (!tensor_file_find(file, name, &stored.t)) {
    m->failed = 1;
    return stored;
  }
  stored = make(stored.t.data, stored.t.dtype, stored.t.ndim, stored.t.shape);
  size_t count = 1;
  for (int i = 0; i < stored.t.ndim; ++i) count *= (size_t)stored.shape[i];
  tensor result = make(take(m->pool, &m->pool_used, m->pool_size, count), kFloat32, stored.t.ndim,
                       stored.shape);
  copy(m, &result, &stored);
  return result;
}

static int find_operators(model* m) {
  const struct {
    const char* name;
    fgx_op** slot;
  } wanted[] = {
      {"copy", &m->ops.copy},
      {"embedding", &m->ops.embedding},
      {"rms_norm", &m->ops.rms_norm},
      {"linear", &m->ops.linear},
      {"add", &m->ops.add},
      {"mul", &m->ops.mul},
      {"apply_rotary_pos_emb", &m->ops.rope},
      {"scaled_dot_product_attention", &m->ops.attention},
      {"silu_and_mul", &m->ops.silu_and_mul},
      {"topk_softmax", &m->ops.topk_softmax},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; ++i) {
    if (fgx_context_get_op(m->context, wanted[i].name, wanted[i].slot) != FGX_OK) {
      fprintf(stderr, "%s\n", fgx_error_message(fgx_last_error()));
      return 0;
    }
  }
  return 1;
}

static void read_layer(model* m, tensor_file* file, int i, int is_moe) {
  layer* l = &m->layer[i];
  const int64_t cache_shape[4] = {1, m->config.kv_heads, m->config.max_position,
                                  m->config.head_dim};
  const size_t cache_size =
      (size_t)(m->config.kv_heads * m->config.max_position * m->config.head_dim);
  l->is_moe = is_moe;
  l->input_norm = weight(m, file, "layers.%d.input_norm.weight", i);
  l->q = weight(m, file, "layers.%d.q.weight", i);
  l->k = weight(m, file, "layers.%d.k.weight", i);
  l->v = weight(m, file, "layers.%d.v.weight", i);
  l->o = weight(m, file, "layers.%d.o.weight", i);
  l->post_norm = weight(m, file, "layers.%d.post_norm.weight", i);
  if (is_moe) {
    l->gate = weight(m, file, "layers.%d.gate.weight", i);
    l->w_gate_up = weight(m, file, "layers.%d.w_gate_up", i);
    l->w_down = weight(m, file, "layers.%d.w_down", i);
  } else {
    l->gate_up = weight(m, file, "layers.%d.gate_up.weight", i);
    l->down = weight(m, file, "layers.%d.down.weight", i);
  }
  l->key_cache =
      make(take(m->pool, &m->pool_used, m->pool_size, cache_size), kFloat32, 4, cache_shape);
  l->value_cache =
      make(take(m->pool, &m->pool_used, m->pool_size, cache_size), kFloat32, 4, cache_shape);
}

/* cos and sin of position * theta^(-2i/d), [max_position, head_dim / 2] */
static void make_rotation(model* m) {
  const int half = m->config.head_dim / 2;
  const int64_t shape[2] = {m->config.max_position, half};
  const size_t count = (size_t)(m->config.max_position * half);
  m->cos = make(take(m->pool, &m->pool_used, m->pool_size, count), kFloat32, 2, shape);
  m->sin = make(take(m->pool, &m->pool_used, m->pool_size, count), kFloat32, 2, shape);
  for (int p = 0; p < m->config.max_position; ++p) {
    for (int i = 0; i < half; ++i) {
      const double angle = p * pow(m->config.rope_theta, -2.0 * i / m->config.head_dim);
      ((float*)m->cos.t.data)[p * half + i] = (float)cos(angle);
      ((float*)m->sin.t.data)[p * half + i] = (float)sin(angle);
    }
  }
}

model* model_load(fgx_context* context, const char* folder) {
  model_config config;
  char path[4096];
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  tensor_file* file = model_config_read(folder, &config) ? tensor_file_open(path) : NULL;
  model* m = file == NULL ? NULL : calloc(1, sizeof *m);
  if (m == NULL) {
    fprintf(stderr, "cannot read the model in %s\n", folder);
    tensor_file_close(file);
    return NULL;
  }
  m->config = config;
  m->context = context;
  const size_t cache = 2 * (size_t)m->config.layers *
                       (size_t)(m->config.kv_heads * m->config.max_position * m->config.head_dim);
  m->pool_size = (size_t)8 << 20; /* 32 MiB of floats: the weights twice over */
  m->pool_size += cache;
  m->scratch_size = (size_t)m->config.max_position * 64 * (size_t)m->config.hidden;
  m->pool = aligned_alloc(64, m->pool_size * sizeof(float));
  m->scratch = aligned_alloc(64, m->scratch_size * sizeof(float));
  if (m->pool == NULL || m->scratch == NULL || !find_operators(m)) {
    m->failed = 1;
  } else {
    m->embed = weight(m, file, "embed.weight", 0);
    m->norm = weight(m, file, "norm.weight", 0);
    for (int i = 0; i < m->config.layers && !m->failed; ++i) {
      read_layer(m, file, i, m->config.is_moe[i]);
    }
    make_rotation(m);
  }
  tensor_file_close(file);
  if (m->failed) {
    model_free(m);
    return NULL;
  }
  return m;
}

void model_free(model* m) {
  if (m == NULL) return;
  free(m->pool);
  free(m->scratch);
  free(m);
}

int model_vocabulary(const model* m) { return m->config.vocabulary; }
int model_max_position(const model* m) { return m->config.max_position; }
char model_character(const model* m, int64_t token) {
  return model_config_character(&m->config, (long)token);
}
void model_reset(model* m) { m->length = 0; }
