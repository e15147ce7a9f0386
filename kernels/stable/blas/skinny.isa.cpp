// SPDX-License-Identifier: Apache-2.0
// Products with few rows: the weights are read once, straight from memory, without packing.
#include "kernels/stable/blas/skinny.h"
#include "kernels/common/transpose.h"

namespace fgx::FGX_ISA {
namespace {

#if defined(__AVX512F__)
#define FGX_PAIRS __attribute__((target("avx512bf16")))
// Lines of w taken together with 1, 2, ... rows of x: about as many sums as there are registers.
constexpr int kLinesFor[kSkinnyRows + 1] = {0, 8, 8, 8, 6, 5, 4, 3, 3};
constexpr int kSharedSteps = 8;  // of the spread form
#else
constexpr int kLinesFor[kSkinnyRows + 1] = {0, 8, 5, 3, 2};
constexpr int kSharedSteps = 4;
#endif

// Bytes by which lines of w are fetched ahead: the hardware's own prefetching stops at page ends.
constexpr int64_t kAheadBytes = 1024;

template <typename T>
FGX_INLINE void prefetch(const T* at) {
  __builtin_prefetch(reinterpret_cast<const char*>(at) + kAheadBytes);
}

template <typename T, int kRows, int kLines>
void dots_block(const typename Compute<T>::Scalar* x, int64_t x_stride, const T* w,
                int64_t w_stride, int64_t length, typename Compute<T>::Scalar* sums,
                int64_t pitch) {
  using Vector = typename Compute<T>::Vector;
  using Scalar = typename Compute<T>::Scalar;
  constexpr int64_t kLanes = Compute<T>::kLanes;
  Vector total[kRows][kLines] = {};
  int64_t k = 0;
  for (; k + kLanes <= length; k += kLanes) {
    Vector line[kLines];
#pragma GCC unroll 8
    for (int n = 0; n < kLines; ++n) {
      line[n] = load(w + n * w_stride + k);
      if constexpr (kRows <= 2) prefetch(w + n * w_stride + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vector row = load(x + r * x_stride + k);
#pragma GCC unroll 8
      for (int n = 0; n < kLines; ++n) total[r][n] += row * line[n];
    }
  }
  Scalar rest[kRows][kLines] = {};
  for (; k < length; ++k) {
    for (int n = 0; n < kLines; ++n) {
      const Scalar weight = widen(w[n * w_stride + k]);
      for (int r = 0; r < kRows; ++r) rest[r][n] += x[r * x_stride + k] * weight;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int n = 0; n < kLines; ++n) sums[r * pitch + n] = sum_lanes(total[r][n]) + rest[r][n];
  }
}

template <typename T, int kRows>
void dots_lines(const typename Compute<T>::Scalar* x, int64_t x_stride, const T* w,
                int64_t w_stride, int64_t lines, int64_t length, typename Compute<T>::Scalar* sums,
                int64_t pitch) {
  constexpr int kLines = kLinesFor[kRows];
  int64_t n = 0;
  for (; n + kLines <= lines; n += kLines) {
    dots_block<T, kRows, kLines>(x, x_stride, w + n * w_stride, w_stride, length, sums + n, pitch);
  }
  for (; n < lines; ++n) {
    dots_block<T, kRows, 1>(x, x_stride, w + n * w_stride, w_stride, length, sums + n, pitch);
  }
}

template <typename T, int kRows>
void dots_of(const void* x, int64_t x_stride, int rows, const void* w, int64_t w_stride,
             int64_t lines, int64_t length, void* sums, int64_t pitch) {
  using Scalar = typename Compute<T>::Scalar;
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return dots_of<T, kRows - 1>(x, x_stride, rows, w, w_stride, lines, length, sums, pitch);
    }
  }
  dots_lines<T, kRows>(static_cast<const Scalar*>(x), x_stride, static_cast<const T*>(w), w_stride,
                       lines, length, static_cast<Scalar*>(sums), pitch);
}

// Adds kSteps lines of w, two vectors of columns at a time.
template <typename T, int kSteps>
void spread_steps(const typename Compute<T>::Scalar* x, int64_t x_stride, int rows, const T* w,
                  int64_t w_stride, int64_t columns, typename Compute<T>::Scalar* sums,
                  int64_t pitch) {
  using Vector = typename Compute<T>::Vector;
  using Scalar = typename Compute<T>::Scalar;
  constexpr int64_t kLanes = Compute<T>::kLanes;
  int64_t j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) {
    Vector line[kSteps][2];
#pragma GCC unroll 8
    for (int s = 0; s < kSteps; ++s) {
      line[s][0] = load(w + s * w_stride + j);
      line[s][1] = load(w + s * w_stride + j + kLanes);
    }
    for (int r = 0; r < rows; ++r) {
      Scalar* to = sums + r * pitch + j;
      const Scalar* from = x + r * x_stride;
      Vector left = load(to);
      Vector right = load(to + kLanes);
#pragma GCC unroll 8
      for (int s = 0; s < kSteps; ++s) {
        const Vector factor = splat(from[s]);
        left += factor * line[s][0];
        right += factor * line[s][1];
      }
      store(to, left);
      store(to + kLanes, right);
    }
  }
  for (; j < columns; ++j) {
    for (int r = 0; r < rows; ++r) {
      Scalar total = sums[r * pitch + j];
      for (int s = 0; s < kSteps; ++s) total += x[r * x_stride + s] * widen(w[s * w_stride + j]);
      sums[r * pitch + j] = total;
    }
  }
}

template <typename T>
void spread_of(const void* x, int64_t x_stride, int rows, const void* w, int64_t w_stride,
               int64_t columns, int64_t length, void* sums, int64_t pitch) {
  using Scalar = typename Compute<T>::Scalar;
  const Scalar* from = static_cast<const Scalar*>(x);
  const T* weights = static_cast<const T*>(w);
  Scalar* to = static_cast<Scalar*>(sums);
  int64_t k = 0;
  for (; k + kSharedSteps <= length; k += kSharedSteps) {
    spread_steps<T, kSharedSteps>(from + k, x_stride, rows, weights + k * w_stride, w_stride,
                                  columns, to, pitch);
  }
  for (; k < length; ++k) {
    spread_steps<T, 1>(from + k, x_stride, rows, weights + k * w_stride, w_stride, columns, to,
                       pitch);
  }
}

#if defined(__AVX512F__)
template <int kRows, int kLines>
FGX_PAIRS void pair_dots_block(const Brain* x, int64_t x_stride, const Brain* w, int64_t w_stride,
                               int64_t length, float* sums, int64_t pitch) {
  __m512 total[kRows][kLines];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int n = 0; n < kLines; ++n) total[r][n] = _mm512_setzero_ps();
  }
  int64_t k = 0;
  for (; k + 32 <= length; k += 32) {
    __m512bh line[kLines];
#pragma GCC unroll 8
    for (int n = 0; n < kLines; ++n) {
      line[n] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + n * w_stride + k));
      if constexpr (kRows <= 4) prefetch(w + n * w_stride + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m512bh row = reinterpret_cast<__m512bh>(_mm512_loadu_si512(x + r * x_stride + k));
#pragma GCC unroll 8
      for (int n = 0; n < kLines; ++n) total[r][n] = _mm512_dpbf16_ps(total[r][n], row, line[n]);
    }
  }
  if (k < length) {
    const __mmask32 mask = static_cast<__mmask32>((uint64_t{1} << (length - k)) - 1);
    __m512bh line[kLines];
#pragma GCC unroll 8
    for (int n = 0; n < kLines; ++n) {
      line[n] = reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(mask, w + n * w_stride + k));
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m512bh row =
          reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(mask, x + r * x_stride + k));
#pragma GCC unroll 8
      for (int n = 0; n < kLines; ++n) total[r][n] = _mm512_dpbf16_ps(total[r][n], row, line[n]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int n = 0; n < kLines; ++n) sums[r * pitch + n] = _mm512_reduce_add_ps(total[r][n]);
  }
}

template <int kRows>
void pair_dots(const Brain* x, int64_t x_stride, int rows, const Brain* w, int64_t w_stride,
               int64_t lines, int64_t length, float* sums, int64_t pitch) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return pair_dots<kRows - 1>(x, x_stride, rows, w, w_stride, lines, length, sums, pitch);
    }
  }
  constexpr int kLines = kLinesFor[kRows];
  int64_t n = 0;
  for (; n + kLines <= lines; n += kLines) {
    pair_dots_block<kRows, kLines>(x, x_stride, w + n * w_stride, w_stride, length, sums + n,
                                   pitch);
  }
  for (; n < lines; ++n) {
    pair_dots_block<kRows, 1>(x, x_stride, w + n * w_stride, w_stride, length, sums + n, pitch);
  }
}

// Adds kPairs pairs of lines of w; with half_pair the second line of the only pair counts as zero.
template <int kPairs>
FGX_PAIRS void pair_spread_steps(const Brain* x, int64_t x_stride, int rows, const Brain* w,
                                 int64_t w_stride, bool half_pair, int64_t columns, float* sums,
                                 int64_t pitch) {
  for (int64_t j = 0; j < columns; j += 32) {
    const int64_t width = columns - j < 32 ? columns - j : 32;
    const __mmask32 mask = static_cast<__mmask32>((uint64_t{1} << width) - 1);
    const __mmask16 left_mask = static_cast<__mmask16>(mask);
    const __mmask16 right_mask = static_cast<__mmask16>(mask >> 16);
    __m512bh line[kPairs][2];
#pragma GCC unroll 8
    for (int s = 0; s < kPairs; ++s) {
      const __m512i a = _mm512_maskz_loadu_epi16(mask, w + 2 * s * w_stride + j);
      const __m512i b = half_pair ? _mm512_setzero_si512()
                                  : _mm512_maskz_loadu_epi16(mask, w + (2 * s + 1) * w_stride + j);
      __m512i left;
      __m512i right;
      interleave(a, b, left, right);
      line[s][0] = reinterpret_cast<__m512bh>(left);
      line[s][1] = reinterpret_cast<__m512bh>(right);
    }
    for (int r = 0; r < rows; ++r) {
      float* to = sums + r * pitch + j;
      const Brain* from = x + r * x_stride;
      __m512 left = _mm512_maskz_loadu_ps(left_mask, to);
      __m512 right = _mm512_maskz_loadu_ps(right_mask, to + 16);
#pragma GCC unroll 8
      for (int s = 0; s < kPairs; ++s) {
        uint32_t pair;
        if (half_pair) {
          pair = from[2 * s].bits;
        } else {
          __builtin_memcpy(&pair, from + 2 * s, 4);
        }
        const __m512bh factor =
            reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair)));
        left = _mm512_dpbf16_ps(left, factor, line[s][0]);
        right = _mm512_dpbf16_ps(right, factor, line[s][1]);
      }
      _mm512_mask_storeu_ps(to, left_mask, left);
      _mm512_mask_storeu_ps(to + 16, right_mask, right);
    }
  }
}

void pair_spread(const Brain* x, int64_t x_stride, int rows, const Brain* w, int64_t w_stride,
                 int64_t columns, int64_t length, float* sums, int64_t pitch) {
  constexpr int kPairs = 8;
  int64_t k = 0;
  for (; k + 2 * kPairs <= length; k += 2 * kPairs) {
    pair_spread_steps<kPairs>(x + k, x_stride, rows, w + k * w_stride, w_stride, false, columns,
                              sums, pitch);
  }
  for (; k < length; k += 2) {
    pair_spread_steps<1>(x + k, x_stride, rows, w + k * w_stride, w_stride, k + 1 == length,
                         columns, sums, pitch);
  }
}
#endif

}  // namespace

void skinny_dots(GemmMode mode, GemmType type, const void* x, int64_t x_stride, int rows,
                 const void* w, int64_t w_stride, int64_t lines, int64_t length, void* sums,
                 int64_t pitch) {
#if defined(__AVX512F__)
  if (mode == GemmMode::kPairs) {
    pair_dots<kSkinnyRows>(static_cast<const Brain*>(x), x_stride, rows,
                           static_cast<const Brain*>(w), w_stride, lines, length,
                           static_cast<float*>(sums), pitch);
    return;
  }
#else
  (void)mode;
#endif
  switch (type) {
    case GemmType::kFloat32:
      return dots_of<float, kSkinnyRows>(x, x_stride, rows, w, w_stride, lines, length, sums,
                                         pitch);
    case GemmType::kFloat64:
      return dots_of<double, kSkinnyRows>(x, x_stride, rows, w, w_stride, lines, length, sums,
                                          pitch);
    case GemmType::kFloat16:
      return dots_of<Half, kSkinnyRows>(x, x_stride, rows, w, w_stride, lines, length, sums, pitch);
    case GemmType::kBFloat16:
      return dots_of<Brain, kSkinnyRows>(x, x_stride, rows, w, w_stride, lines, length, sums,
                                         pitch);
  }
}

void skinny_spread(GemmMode mode, GemmType type, const void* x, int64_t x_stride, int rows,
                   const void* w, int64_t w_stride, int64_t columns, int64_t length, void* sums,
                   int64_t pitch) {
#if defined(__AVX512F__)
  if (mode == GemmMode::kPairs) {
    pair_spread(static_cast<const Brain*>(x), x_stride, rows, static_cast<const Brain*>(w),
                w_stride, columns, length, static_cast<float*>(sums), pitch);
    return;
  }
#else
  (void)mode;
#endif
  switch (type) {
    case GemmType::kFloat32:
      return spread_of<float>(x, x_stride, rows, w, w_stride, columns, length, sums, pitch);
    case GemmType::kFloat64:
      return spread_of<double>(x, x_stride, rows, w, w_stride, columns, length, sums, pitch);
    case GemmType::kFloat16:
      return spread_of<Half>(x, x_stride, rows, w, w_stride, columns, length, sums, pitch);
    case GemmType::kBFloat16:
      return spread_of<Brain>(x, x_stride, rows, w, w_stride, columns, length, sums, pitch);
  }
}

}  // namespace fgx::FGX_ISA
