// SPDX-License-Identifier: Apache-2.0
// The row work of attention: online softmax (M. Milakov and N. Gimelshein, "Online normalizer
// calculation for softmax", 2018) and rotary embedding.
#include "kernels/stable/attention/attention_kernels.h"

#include "kernels/common/lanes.h"

namespace fgx::FGX_ISA {
namespace {

FGX_INLINE Floats larger(Floats a, Floats b) { return a > b ? a : b; }
FGX_INLINE Doubles larger(Doubles a, Doubles b) { return a > b ? a : b; }

template <typename Scalar, typename Vector>
FGX_INLINE Scalar largest_lane(Vector v) {
  constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(Scalar));
  Scalar lanes[kLanes];
  __builtin_memcpy(lanes, &v, sizeof(v));
  Scalar result = lanes[0];
  for (int i = 1; i < kLanes; ++i) result = lanes[i] > result ? lanes[i] : result;
  return result;
}

template <typename Scalar, typename Mask>
void add_mask(Scalar* scores, const Mask* mask, int64_t stride, int64_t count) {
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i) scores[i] += static_cast<Scalar>(widen(mask[i]));
  } else {
    for (int64_t i = 0; i < count; ++i) scores[i] += static_cast<Scalar>(widen(mask[i * stride]));
  }
}

template <typename Scalar>
void mask_panel(Scalar* scores, const ScoreRow& row, int64_t first, int64_t count) {
  const int64_t stride = row.mask_stride;
  const Scalar hidden = -static_cast<Scalar>(__builtin_inf());
  switch (row.mask_type) {
    case DType::kFloat32:
      return add_mask(scores, static_cast<const float*>(row.mask) + first * stride, stride, count);
    case DType::kFloat64:
      return add_mask(scores, static_cast<const double*>(row.mask) + first * stride, stride, count);
    case DType::kFloat16:
      return add_mask(scores, static_cast<const Half*>(row.mask) + first * stride, stride, count);
    case DType::kBFloat16:
      return add_mask(scores, static_cast<const Brain*>(row.mask) + first * stride, stride, count);
    default: {
      const uint8_t* mask = static_cast<const uint8_t*>(row.mask) + first * stride;
      // Added like a float mask, so that a score that is NaN stays NaN, as in PyTorch.
      for (int64_t i = 0; i < count; ++i) scores[i] += mask[i * stride] != 0 ? Scalar{0} : hidden;
    }
  }
}

template <typename Scalar>
double softmax_row_of(const ScoreRow& row, double* maximum, double* sum) {
  using Vector = typename Compute<Scalar>::Vector;
  constexpr int64_t kLanes = Compute<Scalar>::kLanes;
  const Scalar hidden = -static_cast<Scalar>(__builtin_inf());
  const Vector scale = splat(static_cast<Scalar>(row.scale));
  Scalar* const scores = static_cast<Scalar*>(row.scores);
  const int64_t visible = row.visible < row.count ? row.visible : row.count;
  const int64_t panels = (row.count + row.width - 1) / row.width;

  Vector top = splat(static_cast<Scalar>(*maximum));
  for (int64_t panel = 0; panel < panels; ++panel) {
    Scalar* const values = scores + panel * row.panel_stride;
    const int64_t first = panel * row.width;
    for (int64_t i = 0; i < row.width; i += kLanes) store(values + i, load(values + i) * scale);
    const int64_t in_panel = row.count - first < row.width ? row.count - first : row.width;
    if (row.mask != nullptr) mask_panel(values, row, first, in_panel);
    for (int64_t i = visible > first ? visible - first : 0; i < row.width; ++i) values[i] = hidden;
    for (int64_t i = 0; i < row.width; i += kLanes) top = larger(load(values + i), top);
  }
  const Scalar before = static_cast<Scalar>(*maximum);
  const Scalar now = largest_lane<Scalar>(top);
  // Nothing visible so far: any finite reference makes exp(-inf) zero, and keeps NaN.
  const Scalar reference = now == hidden ? Scalar{0} : now;
  Vector total = {};
  for (int64_t panel = 0; panel < panels; ++panel) {
    Scalar* const values = scores + panel * row.panel_stride;
    for (int64_t i = 0; i < row.width; ++i) values[i] = exp(values[i] - reference);
    for (int64_t i = 0; i < row.width; i += kLanes) total += load(values + i);
  }
  const Scalar factor = before == now ? Scalar{1} : exp(before - reference);
  *maximum = now;
  *sum = *sum * static_cast<double>(factor) + static_cast<double>(sum_lanes(total));
  return factor;
}

double softmax_row(bool wide, const ScoreRow& row, double* maximum, double* sum) {
  return wide ? softmax_row_of<double>(row, maximum, sum)
              : softmax_row_of<float>(row, maximum, sum);
}

template <typename Scalar>
void rescale_of(Scalar* values, int64_t count, Scalar factor) {
  for (int64_t i = 0; i < count; ++i) values[i] *= factor;
}
void rescale(bool wide, void* values, int64_t count, double factor) {
  if (wide) {
    rescale_of(static_cast<double*>(values), count, factor);
  } else {
    rescale_of(static_cast<float*>(values), count, static_cast<float>(factor));
  }
}

template <typename Scalar>
void accumulate_of(Scalar* sums, const Scalar* values, int64_t count, Scalar factor) {
  for (int64_t i = 0; i < count; ++i) sums[i] += factor * values[i];
}
void accumulate(bool wide, void* sums, const void* values, int64_t count, double factor) {
  if (wide) {
    accumulate_of(static_cast<double*>(sums), static_cast<const double*>(values), count, factor);
  } else {
    accumulate_of(static_cast<float*>(sums), static_cast<const float*>(values), count,
                  static_cast<float>(factor));
  }
}

void to_pairs(void* pairs, const float* values, int64_t count) {
  Brain* to = static_cast<Brain*>(pairs);
  int64_t i = 0;
  for (; i + kFloatLanes <= count; i += kFloatLanes) store(to + i, load(values + i));
  for (; i < count; ++i) narrow(values[i], to + i);
}

template <typename T>
void rotate_of(const void* from, int64_t x_stride, const void* cosines, const void* sines,
               int64_t count, int64_t step, int64_t partner, void* to, int64_t out_stride) {
  using Scalar = typename Compute<T>::Scalar;
  constexpr int64_t kLanes = Compute<T>::kLanes;
  const T* x = static_cast<const T*>(from);
  T* out = static_cast<T*>(to);
  const Scalar* cosine = static_cast<const Scalar*>(cosines);
  const Scalar* sine = static_cast<const Scalar*>(sines);
  int64_t i = 0;
  if (step == 1 && x_stride == 1 && out_stride == 1) {
    for (; i + kLanes <= count; i += kLanes) {
      const auto low = load(x + i);
      const auto high = load(x + partner + i);
      store(out + i, low * load(cosine + i) - high * load(sine + i));
      store(out + partner + i, high * load(cosine + i) + low * load(sine + i));
    }
  }
  for (; i < count; ++i) {
    const Scalar low = widen(x[i * step * x_stride]);
    const Scalar high = widen(x[(i * step + partner) * x_stride]);
    narrow(low * cosine[i] - high * sine[i], out + i * step * out_stride);
    narrow(high * cosine[i] + low * sine[i], out + (i * step + partner) * out_stride);
  }
}

void rotate(GemmType type, const void* x, int64_t x_stride, const void* cosine, const void* sine,
            int64_t count, int64_t step, int64_t partner, void* out, int64_t out_stride) {
  switch (type) {
    case GemmType::kFloat32:
      return rotate_of<float>(x, x_stride, cosine, sine, count, step, partner, out, out_stride);
    case GemmType::kFloat64:
      return rotate_of<double>(x, x_stride, cosine, sine, count, step, partner, out, out_stride);
    case GemmType::kFloat16:
      return rotate_of<Half>(x, x_stride, cosine, sine, count, step, partner, out, out_stride);
    case GemmType::kBFloat16:
      return rotate_of<Brain>(x, x_stride, cosine, sine, count, step, partner, out, out_stride);
  }
}

}  // namespace

extern const AttentionKernels attention_kernels = {softmax_row, rescale, accumulate, to_pairs,
                                                   rotate};

}  // namespace fgx::FGX_ISA
