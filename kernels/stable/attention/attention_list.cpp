// SPDX-License-Identifier: Apache-2.0
// Attention and the position embedding that goes before it.
#include "base/error.h"
#include "kernels/families.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/stable/attention/attention.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

void require_query_dtype(const Call& call, int argument, DType dtype) {
  if (call.tensor(argument).dtype == dtype) return;
  fail_argument(FGX_INVALID_ARGUMENT, argument, "has dtype %s, query has %s",
                std::string(info(call.tensor(argument).dtype).name).c_str(),
                std::string(info(dtype).name).c_str());
}

// Leading dimensions of a tensor, all but the last two, with `heads` for its own number unless -1.
Dims leading(const TensorView& tensor, int64_t heads) {
  Dims dims(tensor.dims().first(static_cast<size_t>(tensor.ndim - 2)));
  if (heads >= 0) dims.back() = heads;
  return dims;
}

void infer_attention(const Call& call, std::vector<OutputSpec>& outputs) {
  if (call.scalar(kDropout).as_double() != 0) {
    fail_argument(FGX_UNSUPPORTED, kDropout, "dropout is not supported: dropout_p must be 0");
  }
  require_dtype(call, kQuery, kFloatTypes);
  for (const int argument : {kQuery, kKey, kValue}) {
    require_rank(call, argument, 2);
    require_query_dtype(call, argument, call.tensor(kQuery).dtype);
  }
  const TensorView& query = call.tensor(kQuery);
  const TensorView& key = call.tensor(kKey);
  const TensorView& value = call.tensor(kValue);
  if (query.dim(-1) != key.dim(-1)) {
    fail_argument(FGX_INVALID_ARGUMENT, kKey, "heads of query %s and key %s differ in size",
                  shape_text(query.dims()).c_str(), shape_text(key.dims()).c_str());
  }
  if (key.dim(-2) != value.dim(-2)) {
    fail_argument(FGX_INVALID_ARGUMENT, kValue, "key %s and value %s differ in length",
                  shape_text(key.dims()).c_str(), shape_text(value.dims()).c_str());
  }
  int64_t heads = -1;
  if (call.flag(kGrouped)) {
    for (const int argument : {kQuery, kKey, kValue}) require_rank(call, argument, 3);
    heads = query.dim(-3);
    for (const int argument : {kKey, kValue}) {
      const int64_t own = call.tensor(argument).dim(-3);
      if (own == 0 ? heads != 0 : heads % own != 0) {
        fail_argument(FGX_INVALID_ARGUMENT, argument,
                      "%lld heads do not divide the %lld heads of query",
                      static_cast<long long>(own), static_cast<long long>(heads));
      }
    }
  }
  Dims shape = leading(query, heads);
  broadcast_with(shape, leading(key, heads), kKey);
  broadcast_with(shape, leading(value, heads), kValue);
  shape.push_back(query.dim(-2));
  if (const TensorView* mask = call.tensor_or_null(kMask)) {
    if (mask->dtype != DType::kBool && mask->dtype != DType::kFloat32) {
      require_query_dtype(call, kMask, query.dtype);
    }
    require_rank(call, kMask, 2);
    Dims scores = shape;
    scores.push_back(key.dim(-2));
    bool fits = mask->ndim <= scores.ndim();
    for (int d = 1; fits && d <= mask->ndim; ++d) {
      fits = mask->dim(-d) == 1 || mask->dim(-d) == scores[scores.size() - static_cast<size_t>(d)];
    }
    if (!fits) {
      fail_argument(FGX_INVALID_ARGUMENT, kMask,
                    "mask of shape %s does not broadcast to scores of %s",
                    shape_text(mask->dims()).c_str(), shape_text(scores).c_str());
    }
  }
  shape.push_back(value.dim(-1));
  add_output(outputs, query.dtype, shape);
}

int64_t attention_work(const Call& call) {
  return call.tensor(kQuery).dim(-1) + call.tensor(kKey).dim(-2);
}

void infer_rotary(const Call& call, std::vector<OutputSpec>& outputs) {
  for (const int argument : {kRotaryQuery, kRotaryKey, kCosine, kSine}) {
    require_dtype(call, argument, kFloatTypes);
  }
  require_rank(call, kRotaryQuery, 2);
  require_rank(call, kRotaryKey, 2);
  require_rank(call, kCosine, 2, 2);
  require_rank(call, kSine, 2, 2);
  const TensorView& query = call.tensor(kRotaryQuery);
  const TensorView& key = call.tensor(kRotaryKey);
  const TensorView& cosine = call.tensor(kCosine);
  const TensorView& sine = call.tensor(kSine);
  bool fits = key.ndim == query.ndim && key.dim(-1) == query.dim(-1);
  for (int d = 0; fits && d < query.ndim - 2; ++d) fits = key.dim(d) == query.dim(d);
  if (!fits) {
    fail_argument(FGX_INVALID_ARGUMENT, kRotaryKey, "q of shape %s and k of shape %s do not fit",
                  shape_text(query.dims()).c_str(), shape_text(key.dims()).c_str());
  }
  if (cosine.dim(1) * 2 != query.dim(-1)) {
    fail_argument(FGX_INVALID_ARGUMENT, kCosine, "cos of shape %s has not half the head size %lld",
                  shape_text(cosine.dims()).c_str(), static_cast<long long>(query.dim(-1)));
  }
  if (sine.dim(0) != cosine.dim(0) || sine.dim(1) != cosine.dim(1)) {
    fail_argument(FGX_INVALID_ARGUMENT, kSine, "sin of shape %s differs from cos of shape %s",
                  shape_text(sine.dims()).c_str(), shape_text(cosine.dims()).c_str());
  }
  if (const TensorView* positions = call.tensor_or_null(kPositions)) {
    require_dtype(call, kPositions, {DType::kInt32, DType::kInt64});
    bool same = positions->ndim == query.ndim - 2;
    for (int d = 0; same && d < positions->ndim; ++d) same = positions->dim(d) == query.dim(d);
    if (!same) {
      fail_argument(FGX_INVALID_ARGUMENT, kPositions,
                    "position_ids of shape %s do not name the tokens of q %s",
                    shape_text(positions->dims()).c_str(), shape_text(query.dims()).c_str());
    }
  } else {
    // Without positions the tokens of each sequence count from 0.
    require_rank(call, kRotaryQuery, 3);
    if (query.dim(-3) > cosine.dim(0)) {
      fail_argument(FGX_INVALID_ARGUMENT, kCosine, "cos has %lld rows for %lld tokens",
                    static_cast<long long>(cosine.dim(0)), static_cast<long long>(query.dim(-3)));
    }
  }
  add_output(outputs, query.dtype, query.dims());
  add_output(outputs, key.dtype, key.dims());
}

}  // namespace

void add_attention_operators(Catalogue& catalogue) {
  catalogue.add(with_gpu_implementations(
      {
          .schema_text = "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, "
                         "Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, *, "
                         "float? scale=None, bool enable_gqa=False) -> Tensor",
          .family = Family::kAttention,
          .infer = infer_attention,
          .oracle = attention_oracle,
          .reduce_length = attention_work,
          .speed_attributes = {"is_causal"},
          .aliases = {"sdpa"},
          .examples =
              {"scaled_dot_product_attention(f32[1,28,98,128],f32[1,4,98,128],f32[1,4,98,128],"
               "is_causal=True,enable_gqa=True)",
               "scaled_dot_product_attention(bf16[2,8,1,64],bf16[2,8,256,64],bf16[2,8,256,64])"},
          .implementations = {{.name = "stable.cpu.scaled_dot_product_attention",
                               .prepare = prepare_attention,
                               .workspace = attention_workspace}},
      },
      prepare_attention_gpu, attention_workspace_gpu));
  catalogue.add(with_gpu_implementations(
      {
          .schema_text =
              "fgx::apply_rotary_pos_emb(Tensor q, Tensor k, Tensor cos, Tensor sin, "
              "Tensor? position_ids=None, bool rotary_interleaved=False) -> (Tensor, Tensor)",
          .family = Family::kAttention,
          .infer = infer_rotary,
          .oracle = rotary_oracle,
          .in_place_arguments = {"q"},
          .examples =
              {"apply_rotary_pos_emb(f32[1,98,28,128],f32[1,98,4,128],f32[1024,64],f32[1024,64])"},
          .implementations = {{.name = "stable.cpu.apply_rotary_pos_emb",
                               .batch_invariant = true,
                               .prepare = prepare_rotary}},
      },
      prepare_rotary_gpu));
}

}  // namespace fgx
