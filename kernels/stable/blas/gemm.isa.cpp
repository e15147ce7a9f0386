// SPDX-License-Identifier: Apache-2.0
// Packing, register tile and stores of the blocked matrix product. The tile holds tile_rows x two
// vectors of sums in registers; each step broadcasts one unit of every row (the scheme of Goto and van
// de Geijn, "Anatomy of High-Performance Matrix Multiplication").
#include "kernels/common/transpose.h"
#include "kernels/stable/blas/gemm_kernels.h"
#include "kernels/stable/blas/skinny.h"

namespace fgx::FGX_ISA {
namespace {

#if defined(__AVX512F__)
#define FGX_PAIRS __attribute__((target("avx512bf16")))
constexpr int kTileRows = 14;
#else
constexpr int kTileRows = 6;
#endif

// A unit as the panel stores it: 4 bytes (float, or a pair) or 8 (double).
template <typename Unit>
void zero_lines(Unit* panel, int64_t first, int64_t height, int64_t steps) {
  if (first == height) return;
  for (int64_t k = 0; k < steps; ++k) {
    for (int64_t p = first; p < height; ++p) panel[k * height + p] = Unit{};
  }
}

#if defined(__AVX512F__)
FGX_INLINE __m512i load_words(const float* p) { return _mm512_loadu_si512(p); }
FGX_INLINE __m512i load_words(const uint32_t* p) { return _mm512_loadu_si512(p); }
template <typename T>
FGX_INLINE __m512i load_words(const T* p) {
  return reinterpret_cast<__m512i>(load(p));
}

// Up to 16 lines, each contiguous along the shared dimension, into lanes [0, count) of the panel.
template <typename T>
FGX_INLINE int64_t pack_transposed(const T* source, int64_t line_stride, int64_t count,
                                   int64_t steps, int64_t height, uint32_t* panel) {
  const __mmask16 mask = static_cast<__mmask16>((1u << count) - 1);
  int64_t k = 0;
  for (; k + 16 <= steps; k += 16) {
    __m512i rows[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      rows[i] = i < count ? load_words(source + i * line_stride + k) : _mm512_setzero_si512();
    }
    transpose(rows);
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) _mm512_mask_storeu_epi32(panel + (k + i) * height, mask, rows[i]);
  }
  return k;
}
constexpr int64_t kTransposeLines = 16;
#elif defined(__AVX2__)
template <typename T>
FGX_INLINE int64_t pack_transposed(const T* source, int64_t line_stride, int64_t count,
                                   int64_t steps, int64_t height, float* panel) {
  if (count != 8) return 0;
  int64_t k = 0;
  for (; k + 8 <= steps; k += 8) {
    __m256 rows[8];
    for (int i = 0; i < 8; ++i) {
      rows[i] = reinterpret_cast<__m256>(load(source + i * line_stride + k));
    }
    transpose(rows);
    for (int i = 0; i < 8; ++i) _mm256_storeu_ps(panel + (k + i) * height, rows[i]);
  }
  return k;
}
constexpr int64_t kTransposeLines = 8;
#endif

template <typename T>
void pack_units(const T* source, int64_t line_stride, int64_t shared_stride, int64_t count,
                int64_t length, int64_t height, typename Compute<T>::Scalar* panel) {
  constexpr int64_t kLanes = Compute<T>::kLanes;
  zero_lines(panel, count, height, length);
  if (line_stride == 1 && count >= kLanes) {
    for (int64_t k = 0; k < length; ++k) {
      int64_t p = 0;
      const T* from = source + k * shared_stride;
      for (; p + kLanes <= count; p += kLanes) store(panel + k * height + p, load(from + p));
      for (; p < count; ++p) panel[k * height + p] = widen(from[p]);
    }
    return;
  }
  int64_t first = 0;
#if defined(__AVX2__)
  if constexpr (sizeof(*panel) == 4) {
    if (shared_stride == 1) {
      for (; first < count; first += kTransposeLines) {
        const int64_t lines = count - first < kTransposeLines ? count - first : kTransposeLines;
        const T* from = source + first * line_stride;
#if defined(__AVX512F__)
        int64_t k = pack_transposed(from, line_stride, lines, length, height,
                                    reinterpret_cast<uint32_t*>(panel + first));
#else
        int64_t k = pack_transposed(from, line_stride, lines, length, height, panel + first);
#endif
        for (; k < length; ++k) {
          for (int64_t p = 0; p < lines; ++p) {
            panel[k * height + first + p] = widen(from[p * line_stride + k]);
          }
        }
      }
      return;
    }
  }
#endif
  for (; first < count; ++first) {
    const T* from = source + first * line_stride;
    for (int64_t k = 0; k < length; ++k) panel[k * height + first] = widen(from[k * shared_stride]);
  }
}

#if defined(__AVX512F__)
FGX_INLINE uint32_t pair_of(Brain low, Brain high) {
  return static_cast<uint32_t>(low.bits) | static_cast<uint32_t>(high.bits) << 16;
}

void pack_pairs(const Brain* source, int64_t line_stride, int64_t shared_stride, int64_t count,
                int64_t length, int64_t height, uint32_t* panel) {
  const int64_t pairs = length / 2;
  const int64_t steps = (length + 1) / 2;
  zero_lines(panel, count, height, steps);
  const bool odd = steps != pairs;
  if (line_stride == 1 && count >= 32) {
    for (int64_t k = 0; k < steps; ++k) {
      const Brain* even_line = source + 2 * k * shared_stride;
      const bool single = odd && k == pairs;
      int64_t p = 0;
      for (; p + 32 <= count; p += 32) {
        const __m512i a = _mm512_loadu_si512(even_line + p);
        const __m512i b =
            single ? _mm512_setzero_si512() : _mm512_loadu_si512(even_line + shared_stride + p);
        uint32_t* to = panel + k * height + p;
        __m512i left;
        __m512i right;
        interleave(a, b, left, right);
        _mm512_storeu_si512(to, left);
        _mm512_storeu_si512(to + 16, right);
      }
      for (; p < count; ++p) {
        panel[k * height + p] =
            pair_of(even_line[p], single ? Brain{0} : even_line[shared_stride + p]);
      }
    }
    return;
  }
  for (int64_t first = 0; first < count; first += 16) {
    const int64_t lines = count - first < 16 ? count - first : 16;
    const Brain* from = source + first * line_stride;
    int64_t k = 0;
    if (shared_stride == 1 && (line_stride % 2 == 0 || lines == 1)) {
      k = pack_transposed(reinterpret_cast<const uint32_t*>(from), line_stride / 2, lines, pairs,
                          height, panel + first);
    }
    for (; k < steps; ++k) {
      for (int64_t p = 0; p < lines; ++p) {
        const Brain* at = from + p * line_stride + 2 * k * shared_stride;
        panel[k * height + first + p] = pair_of(at[0], k < pairs ? at[shared_stride] : Brain{0});
      }
    }
  }
}
#endif

void pack(GemmMode mode, GemmType type, const void* source, int64_t line_stride,
          int64_t shared_stride, int64_t count, int64_t length, int64_t height, void* panel) {
#if defined(__AVX512F__)
  if (mode == GemmMode::kPairs) {
    pack_pairs(static_cast<const Brain*>(source), line_stride, shared_stride, count, length, height,
               static_cast<uint32_t*>(panel));
    return;
  }
#else
  (void)mode;
#endif
  switch (type) {
    case GemmType::kFloat32:
      return pack_units(static_cast<const float*>(source), line_stride, shared_stride, count,
                        length, height, static_cast<float*>(panel));
    case GemmType::kFloat64:
      return pack_units(static_cast<const double*>(source), line_stride, shared_stride, count,
                        length, height, static_cast<double*>(panel));
    case GemmType::kFloat16:
      return pack_units(static_cast<const Half*>(source), line_stride, shared_stride, count, length,
                        height, static_cast<float*>(panel));
    case GemmType::kBFloat16:
      return pack_units(static_cast<const Brain*>(source), line_stride, shared_stride, count,
                        length, height, static_cast<float*>(panel));
  }
}

template <typename Scalar, int kRows>
void tile_units(int64_t steps, const Scalar* a, const Scalar* b, Scalar* c, bool accumulate) {
  using Vector = typename Compute<Scalar>::Vector;
  constexpr int kLanes = Compute<Scalar>::kLanes;
  Vector sums[kRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = accumulate ? load(c + r * 2 * kLanes) : Vector{};
    sums[r][1] = accumulate ? load(c + (r * 2 + 1) * kLanes) : Vector{};
  }
  for (int64_t k = 0; k < steps; ++k) {
    const Vector left = load(b);
    const Vector right = load(b + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vector x = splat(a[r]);
      sums[r][0] += x * left;
      sums[r][1] += x * right;
    }
    a += kRows;
    b += 2 * kLanes;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    store(c + r * 2 * kLanes, sums[r][0]);
    store(c + (r * 2 + 1) * kLanes, sums[r][1]);
  }
}

#if defined(__AVX512F__)
template <int kRows>
FGX_PAIRS void tile_pairs(int64_t steps, const uint32_t* a, const uint32_t* b, float* c,
                          bool accumulate) {
  __m512 sums[kRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = accumulate ? _mm512_loadu_ps(c + r * 32) : _mm512_setzero_ps();
    sums[r][1] = accumulate ? _mm512_loadu_ps(c + r * 32 + 16) : _mm512_setzero_ps();
  }
  for (int64_t k = 0; k < steps; ++k) {
    const __m512bh left = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b));
    const __m512bh right = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 16));
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const __m512bh x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[r])));
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, left);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, right);
    }
    a += kRows;
    b += 32;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(c + r * 32, sums[r][0]);
    _mm512_storeu_ps(c + r * 32 + 16, sums[r][1]);
  }
}
#endif

// Calls the tile of exactly `rows` rows.
template <int kRows>
void tile_of(GemmMode mode, int rows, int64_t steps, const void* a, const void* b, void* c,
             bool accumulate) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return tile_of<kRows - 1>(mode, rows, steps, a, b, c, accumulate);
  }
  switch (mode) {
    case GemmMode::kFloat:
      return tile_units<float, kRows>(steps, static_cast<const float*>(a),
                                      static_cast<const float*>(b), static_cast<float*>(c),
                                      accumulate);
    case GemmMode::kDouble:
      return tile_units<double, kRows>(steps, static_cast<const double*>(a),
                                       static_cast<const double*>(b), static_cast<double*>(c),
                                       accumulate);
    case GemmMode::kPairs:
#if defined(__AVX512F__)
      return tile_pairs<kRows>(steps, static_cast<const uint32_t*>(a),
                               static_cast<const uint32_t*>(b), static_cast<float*>(c), accumulate);
#else
      return;
#endif
  }
}

void tile(GemmMode mode, int rows, int64_t steps, const void* a, const void* b, void* c,
          bool accumulate) {
  tile_of<kTileRows>(mode, rows, steps, a, b, c, accumulate);
}

template <typename T, typename Sum>
void store_rows(const Sum* sums, int64_t pitch, int64_t rows, int64_t columns, const Sum* bias,
                T* out, int64_t row_stride, int64_t column_stride) {
  constexpr int64_t kLanes = Compute<T>::kLanes;
  for (int64_t r = 0; r < rows; ++r) {
    const Sum* from = sums + r * pitch;
    T* to = out + r * row_stride;
    int64_t j = 0;
    if (column_stride == 1) {
      if (bias != nullptr) {
        for (; j + kLanes <= columns; j += kLanes) store(to + j, load(from + j) + load(bias + j));
      } else {
        for (; j + kLanes <= columns; j += kLanes) store(to + j, load(from + j));
      }
    }
    for (; j < columns; ++j) {
      narrow(bias != nullptr ? from[j] + bias[j] : from[j], to + j * column_stride);
    }
  }
}

void store_sums(GemmType type, const void* sums, int64_t pitch, int64_t rows, int64_t columns,
                const void* bias, void* out, int64_t row_stride, int64_t column_stride) {
  switch (type) {
    case GemmType::kFloat32:
      return store_rows(static_cast<const float*>(sums), pitch, rows, columns,
                        static_cast<const float*>(bias), static_cast<float*>(out), row_stride,
                        column_stride);
    case GemmType::kFloat64:
      return store_rows(static_cast<const double*>(sums), pitch, rows, columns,
                        static_cast<const double*>(bias), static_cast<double*>(out), row_stride,
                        column_stride);
    case GemmType::kFloat16:
      return store_rows(static_cast<const float*>(sums), pitch, rows, columns,
                        static_cast<const float*>(bias), static_cast<Half*>(out), row_stride,
                        column_stride);
    case GemmType::kBFloat16:
      return store_rows(static_cast<const float*>(sums), pitch, rows, columns,
                        static_cast<const float*>(bias), static_cast<Brain*>(out), row_stride,
                        column_stride);
  }
}

template <typename T>
void widen_all(const T* from, int64_t stride, int64_t count, typename Compute<T>::Scalar* sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] = widen(from[i * stride]);
}

void widen_line(GemmType type, const void* from, int64_t stride, int64_t count, void* sums) {
  switch (type) {
    case GemmType::kFloat32:
      return widen_all(static_cast<const float*>(from), stride, count, static_cast<float*>(sums));
    case GemmType::kFloat64:
      return widen_all(static_cast<const double*>(from), stride, count, static_cast<double*>(sums));
    case GemmType::kFloat16:
      return widen_all(static_cast<const Half*>(from), stride, count, static_cast<float*>(sums));
    case GemmType::kBFloat16:
      return widen_all(static_cast<const Brain*>(from), stride, count, static_cast<float*>(sums));
  }
}

}  // namespace

extern const GemmKernels gemm_kernels = {
    kTileRows, 2 * kFloatLanes, 2 * kDoubleLanes, kSkinnyRows, pack,
    tile,      store_sums,      widen_line,       skinny_dots, skinny_spread,
};

}  // namespace fgx::FGX_ISA
