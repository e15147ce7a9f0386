// SPDX-License-Identifier: Apache-2.0
// apply_rotary_pos_emb: pairs of values are rotated by the angles of their token's position.
//
//   fgx_rotary_<half|pairs>_<dtype>_<table>(arguments, q, k, cosine, sine, positions, q_out, k_out)
//       q, k of one type, contiguous heads; one 16-byte vector of both members (half: the halves of a head), or of
//       neighbours (pairs); rotary_many: several heads per thread
//   fgx_rotary_strided(the same)      any types and strides, one pair per thread
//
// The tables are read at no position that they do not have: results of others are NaN. Outputs may be the inputs.
#include "kernels/gpu/real_element.h"
#include "kernels/gpu/rotary_arguments.h"

namespace fgx::device {

struct RotaryData {
  const void* in[2];
  void* out[2];
  const void* table[2];
  const void* positions;
};

// Where a token lies in both sides, and its position: -1 when the tables have no such row.
struct Token {
  int64_t in[2], out[2];
  int64_t position;

  FGX_DEVICE_INLINE Token(const gpu::RotaryArguments& a, const void* positions, int64_t index) {
    in[0] = in[1] = out[0] = out[1] = 0;
    int64_t where = 0;
    for (int d = a.token_dims - 1; d >= 0; --d) {
      const int64_t next =
          d == 0 ? 0 : split(index, a.token_divide[d], a.token_sizes[d], a.narrow != 0);
      if (d == a.token_dims - 1) position = index;
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        in[side] += index * a.sides[side].in_token[d];
        out[side] += index * a.sides[side].out_token[d];
      }
      where += index * a.position_strides[d];
      index = next;
    }
    if (a.has_positions != 0) {
      position = a.wide_positions != 0
                     ? static_cast<const int64_t*>(positions)[where]
                     : static_cast<int64_t>(static_cast<const int32_t*>(positions)[where]);
    }
    if (static_cast<uint64_t>(position) >= static_cast<uint64_t>(a.table_rows)) position = -1;
  }
};

template <typename Table, int kCount>
FGX_DEVICE_INLINE void load_angles(const Table* row, float (&to)[kCount]) {
  constexpr int kVector =
      static_cast<int>(16 / sizeof(Table)) < kCount ? static_cast<int>(16 / sizeof(Table)) : kCount;
#pragma unroll
  for (int i = 0; i < kCount; i += kVector) {
    const auto pack = *reinterpret_cast<const Pack<Table, kVector>*>(row + i);
#pragma unroll
    for (int j = 0; j < kVector; ++j) to[i + j] = load_as<float>(pack.at[j]);
  }
}

template <typename Storage>
FGX_DEVICE_INLINE void store_vector(Storage* to, const float (&values)[Vector<Storage>::kSize]) {
  constexpr int kSize = Vector<Storage>::kSize;
  Vector<Storage> made;
  if constexpr (sizeof(Storage) == 2) {
#pragma unroll
    for (int i = 0; i < kSize; i += 2) to_halves(values[i], values[i + 1], &made.at[i]);
  } else {
#pragma unroll
    for (int i = 0; i < kSize; ++i) made.at[i] = values[i];
  }
  *reinterpret_cast<Vector<Storage>*>(to) = made;
}

template <typename Storage, typename Table, bool kPairs, int kHeads>
FGX_DEVICE_INLINE void rotate_vectors(const gpu::RotaryArguments& a, const RotaryData& data) {
  constexpr int kSize = Vector<Storage>::kSize;
  constexpr int kAngles = kPairs ? kSize / 2 : kSize;
  int64_t piece = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (piece >= a.count) return;
  int64_t group = split(piece, a.pieces_divide, a.pieces, a.narrow != 0);
  const int64_t number = split(group, a.groups_divide, a.groups, a.narrow != 0);
  const Token token(a, data.positions, number);

  const Storage* from[kHeads];
  Storage* to[kHeads];
  Vector<Storage> low[kHeads], high[kHeads];
#pragma unroll
  for (int u = 0; u < kHeads; ++u) {
    int64_t head = group + u * a.groups;
    const int side = head < a.sides[0].heads ? 0 : 1;
    if (side == 1) head -= a.sides[0].heads;
    from[u] = nullptr;
    if (head >= a.sides[side].heads) continue;
    const int64_t at = piece * kSize;
    from[u] = static_cast<const Storage*>(data.in[side]) + token.in[side] +
              head * a.sides[side].in_head + at;
    to[u] = static_cast<Storage*>(data.out[side]) + token.out[side] +
            head * a.sides[side].out_head + at;
    low[u] = *reinterpret_cast<const Vector<Storage>*>(from[u]);
    if constexpr (!kPairs) {
      high[u] = *reinterpret_cast<const Vector<Storage>*>(from[u] + a.partner);
    }
  }
  float cosine[kAngles], sine[kAngles];
  if (token.position < 0) {
#pragma unroll
    for (int i = 0; i < kAngles; ++i) cosine[i] = sine[i] = __builtin_nanf("");
  } else {
    load_angles(static_cast<const Table*>(data.table[0]) + token.position * a.tables[0].row +
                    piece * kAngles,
                cosine);
    load_angles(static_cast<const Table*>(data.table[1]) + token.position * a.tables[1].row +
                    piece * kAngles,
                sine);
  }
#pragma unroll
  for (int u = 0; u < kHeads; ++u) {
    if (from[u] == nullptr) continue;
    float first[kSize], second[kSize];
    if constexpr (kPairs) {
#pragma unroll
      for (int i = 0; i < kAngles; ++i) {
        const float x = load_as<float>(low[u].at[2 * i]);
        const float y = load_as<float>(low[u].at[2 * i + 1]);
        first[2 * i] = x * cosine[i] - y * sine[i];
        first[2 * i + 1] = y * cosine[i] + x * sine[i];
      }
      store_vector(to[u], first);
    } else {
#pragma unroll
      for (int i = 0; i < kSize; ++i) {
        const float x = load_as<float>(low[u].at[i]);
        const float y = load_as<float>(high[u].at[i]);
        first[i] = x * cosine[i] - y * sine[i];
        second[i] = y * cosine[i] + x * sine[i];
      }
      store_vector(to[u], first);
      store_vector(to[u] + a.partner, second);
    }
  }
}

template <typename Compute>
FGX_DEVICE_INLINE void rotate_pair(const gpu::RotaryArguments& a, const RotaryData& data,
                                   const Token& token, int side, int64_t head, int64_t pair) {
  const gpu::RotaryArguments::Side& s = a.sides[side];
  Compute angle[2] = {static_cast<Compute>(__builtin_nan("")),
                      static_cast<Compute>(__builtin_nan(""))};
  if (token.position >= 0) {
#pragma unroll
    for (int t = 0; t < 2; ++t) {
      angle[t] = load_real<Compute>(data.table[t], static_cast<int>(a.tables[t].type),
                                    token.position * a.tables[t].row + pair * a.tables[t].element);
    }
  }
  const int64_t in = token.in[side] + head * s.in_head + pair * a.step * s.in_element;
  const int64_t out = token.out[side] + head * s.out_head + pair * a.step * s.out_element;
  const Compute x = load_real<Compute>(data.in[side], s.type, in);
  const Compute y = load_real<Compute>(data.in[side], s.type, in + a.partner * s.in_element);
  store_real(data.out[side], s.type, out, x * angle[0] - y * angle[1]);
  store_real(data.out[side], s.type, out + a.partner * s.out_element, y * angle[0] + x * angle[1]);
}

FGX_DEVICE_INLINE void rotate_strided(const gpu::RotaryArguments& a, const RotaryData& data) {
  int64_t pair = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (pair >= a.count) return;
  int64_t head = split(pair, a.pieces_divide, a.pieces, a.narrow != 0);
  const int64_t number = split(head, a.groups_divide, a.groups, a.narrow != 0);
  const Token token(a, data.positions, number);
  const int side = head < a.sides[0].heads ? 0 : 1;
  if (side == 1) head -= a.sides[0].heads;
  if (a.sides[side].type == 9) {
    rotate_pair<double>(a, data, token, side, head, pair);
  } else {
    rotate_pair<float>(a, data, token, side, head, pair);
  }
}

}  // namespace fgx::device

#define FGX_ROTARY(name, ...)                                                                      \
  extern "C" __global__ void fgx_rotary_##name(                                                    \
      const fgx::gpu::RotaryArguments arguments, const void* q, const void* k, const void* cosine, \
      const void* sine, const void* positions, void* q_out, void* k_out) {                         \
    fgx::device::__VA_ARGS__(arguments, {{q, k}, {q_out, k_out}, {cosine, sine}, positions});      \
  }
#define FGX_ROTARY_TYPES(type, Storage, table, Table)                                          \
  FGX_ROTARY(half_##type##_##table,                                                            \
             rotate_vectors<fgx::device::Storage, fgx::device::Table, false, 1>)               \
  FGX_ROTARY(pairs_##type##_##table,                                                           \
             rotate_vectors<fgx::device::Storage, fgx::device::Table, true, 1>)                \
  FGX_ROTARY(                                                                                  \
      many_half_##type##_##table,                                                              \
      rotate_vectors<fgx::device::Storage, fgx::device::Table, false, fgx::gpu::kRotaryHeads>) \
  FGX_ROTARY(                                                                                  \
      many_pairs_##type##_##table,                                                             \
      rotate_vectors<fgx::device::Storage, fgx::device::Table, true, fgx::gpu::kRotaryHeads>)
FGX_ROTARY_TYPES(float32, Float32, float32, Float32)
FGX_ROTARY_TYPES(float16, Float16, float32, Float32)
FGX_ROTARY_TYPES(float16, Float16, float16, Float16)
FGX_ROTARY_TYPES(bfloat16, BFloat16, float32, Float32)
FGX_ROTARY_TYPES(bfloat16, BFloat16, bfloat16, BFloat16)
FGX_ROTARY(strided, rotate_strided)
