// SPDX-License-Identifier: Apache-2.0
// Conversion of elements between any two types, and transposition in blocks.
#include "kernels/common/transpose.h"
#include "kernels/stable/select/convert_kernels.h"

namespace fgx::FGX_ISA {
namespace {

// Elements that take the detour over float32 at a time.
constexpr int64_t kChunk = 512;

// size_of() reads a table that is shared with the rest of the library; a file per instruction set has
// nothing in common with others.
FGX_INLINE int64_t bytes_of(DType type) {
  switch (type) {
    case DType::kBool:
    case DType::kUInt8:
    case DType::kInt8:
      return 1;
    case DType::kInt16:
    case DType::kFloat16:
    case DType::kBFloat16:
      return 2;
    case DType::kInt32:
    case DType::kFloat32:
      return 4;
    case DType::kInt64:
    case DType::kFloat64:
      break;
  }
  return 8;
}

template <typename To, typename From>
FGX_INLINE To converted(From value) {
  if constexpr (__is_same(To, Bool)) {
    return {static_cast<uint8_t>(value != From(0))};
  } else if constexpr ((__is_same(From, float) || __is_same(From, double)) && sizeof(To) < 4 &&
                       !__is_same(To, float) && !__is_same(To, double)) {
    // Out of a narrow type's range the low bits are kept, as for integers.
    return static_cast<To>(static_cast<int32_t>(value));
  } else {
    return static_cast<To>(value);
  }
}
template <typename From>
FGX_INLINE auto plain(From value) {
  if constexpr (__is_same(From, Bool)) {
    return static_cast<uint8_t>(value.byte != 0);
  } else {
    return value;
  }
}

template <typename To, typename From>
void convert_loop(To* to, int64_t to_stride, const From* from, int64_t from_stride, int64_t count) {
  if (to_stride == 1 && from_stride == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = converted<To>(plain(from[i]));
  } else if (to_stride == 1 && from_stride == 0) {
    const To value = converted<To>(plain(from[0]));
    for (int64_t i = 0; i < count; ++i) to[i] = value;
  } else {
    for (int64_t i = 0; i < count; ++i) {
      to[i * to_stride] = converted<To>(plain(from[i * from_stride]));
    }
  }
}

template <typename T>
void move_loop(T* to, int64_t to_stride, const T* from, int64_t from_stride, int64_t count) {
  if (to_stride == 1 && from_stride == 0) {
    const T value = from[0];
    for (int64_t i = 0; i < count; ++i) to[i] = value;
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
  }
}
void move_elements(int64_t bytes, void* to, int64_t to_stride, const void* from,
                   int64_t from_stride, int64_t count) {
  if (to_stride == 1 && from_stride == 1) {
    __builtin_memcpy(to, from, static_cast<size_t>(bytes * count));
    return;
  }
  switch (bytes) {
    case 1:
      return move_loop(static_cast<uint8_t*>(to), to_stride, static_cast<const uint8_t*>(from),
                       from_stride, count);
    case 2:
      return move_loop(static_cast<uint16_t*>(to), to_stride, static_cast<const uint16_t*>(from),
                       from_stride, count);
    case 4:
      return move_loop(static_cast<uint32_t*>(to), to_stride, static_cast<const uint32_t*>(from),
                       from_stride, count);
    default:
      return move_loop(static_cast<uint64_t*>(to), to_stride, static_cast<const uint64_t*>(from),
                       from_stride, count);
  }
}

// From a type with arithmetic of its own to any but the half types.
template <typename From>
void convert_plain(DType type, void* to, int64_t to_stride, const From* from, int64_t from_stride,
                   int64_t count) {
  switch (type) {
    case DType::kBool:
      return convert_loop(static_cast<Bool*>(to), to_stride, from, from_stride, count);
    case DType::kUInt8:
      return convert_loop(static_cast<uint8_t*>(to), to_stride, from, from_stride, count);
    case DType::kInt8:
      return convert_loop(static_cast<int8_t*>(to), to_stride, from, from_stride, count);
    case DType::kInt16:
      return convert_loop(static_cast<int16_t*>(to), to_stride, from, from_stride, count);
    case DType::kInt32:
      return convert_loop(static_cast<int32_t*>(to), to_stride, from, from_stride, count);
    case DType::kInt64:
      return convert_loop(static_cast<int64_t*>(to), to_stride, from, from_stride, count);
    case DType::kFloat32:
      return convert_loop(static_cast<float*>(to), to_stride, from, from_stride, count);
    case DType::kFloat64:
      return convert_loop(static_cast<double*>(to), to_stride, from, from_stride, count);
    case DType::kFloat16:
    case DType::kBFloat16:
      return;
  }
}

template <typename To>
void narrow_loop(To* to, int64_t to_stride, const float* from, int64_t count) {
  int64_t i = 0;
  if (to_stride == 1) {
    for (; i + kFloatLanes <= count; i += kFloatLanes) store(to + i, load(from + i));
  }
  for (; i < count; ++i) narrow(from[i], to + i * to_stride);
}
template <typename From>
void widen_loop(float* to, const From* from, int64_t from_stride, int64_t count) {
  int64_t i = 0;
  if (from_stride == 1) {
    for (; i + kFloatLanes <= count; i += kFloatLanes) store(to + i, load(from + i));
  }
  for (; i < count; ++i) to[i] = widen(from[i * from_stride]);
}

bool is_half(DType type) { return type == DType::kFloat16 || type == DType::kBFloat16; }

void convert_direct(DType to_type, DType from_type, void* to, int64_t to_stride, const void* from,
                    int64_t from_stride, int64_t count) {
  switch (from_type) {
    case DType::kBool:
      return convert_plain(to_type, to, to_stride, static_cast<const Bool*>(from), from_stride,
                           count);
    case DType::kUInt8:
      return convert_plain(to_type, to, to_stride, static_cast<const uint8_t*>(from), from_stride,
                           count);
    case DType::kInt8:
      return convert_plain(to_type, to, to_stride, static_cast<const int8_t*>(from), from_stride,
                           count);
    case DType::kInt16:
      return convert_plain(to_type, to, to_stride, static_cast<const int16_t*>(from), from_stride,
                           count);
    case DType::kInt32:
      return convert_plain(to_type, to, to_stride, static_cast<const int32_t*>(from), from_stride,
                           count);
    case DType::kInt64:
      return convert_plain(to_type, to, to_stride, static_cast<const int64_t*>(from), from_stride,
                           count);
    case DType::kFloat32:
      return convert_plain(to_type, to, to_stride, static_cast<const float*>(from), from_stride,
                           count);
    case DType::kFloat64:
      return convert_plain(to_type, to, to_stride, static_cast<const double*>(from), from_stride,
                           count);
    case DType::kFloat16:
      return widen_loop(static_cast<float*>(to), static_cast<const Half*>(from), from_stride,
                        count);
    case DType::kBFloat16:
      return widen_loop(static_cast<float*>(to), static_cast<const Brain*>(from), from_stride,
                        count);
  }
}

void convert(DType to_type, DType from_type, void* to, int64_t to_stride, const void* from,
             int64_t from_stride, int64_t count) {
  const int64_t from_bytes = bytes_of(from_type);
  if (to_type == from_type) {
    move_elements(from_bytes, to, to_stride, from, from_stride, count);
    return;
  }
  const bool widening = is_half(from_type) && to_type == DType::kFloat32 && to_stride == 1;
  if (widening || (!is_half(from_type) && !is_half(to_type))) {
    convert_direct(to_type, from_type, to, to_stride, from, from_stride, count);
    return;
  }
  float wide[kChunk];
  for (int64_t first = 0; first < count; first += kChunk) {
    const int64_t length = count - first < kChunk ? count - first : kChunk;
    const char* source = static_cast<const char*>(from) + first * from_stride * from_bytes;
    char* target = static_cast<char*>(to) + first * to_stride * bytes_of(to_type);
    const float* floats = wide;
    if (from_type == DType::kFloat32 && from_stride == 1) {
      floats = reinterpret_cast<const float*>(source);
    } else if (from_type == DType::kFloat32) {
      move_loop(wide, 1, reinterpret_cast<const float*>(source), from_stride, length);
    } else {
      convert_direct(DType::kFloat32, from_type, wide, 1, source, from_stride, length);
    }
    if (to_type == DType::kFloat16) {
      narrow_loop(reinterpret_cast<Half*>(target), to_stride, floats, length);
    } else if (to_type == DType::kBFloat16) {
      narrow_loop(reinterpret_cast<Brain*>(target), to_stride, floats, length);
    } else if (to_type == DType::kFloat32) {
      move_loop(reinterpret_cast<float*>(target), to_stride, floats, 1, length);
    } else {
      convert_plain(to_type, target, to_stride, floats, 1, length);
    }
  }
}

// Block by block, so that a line of either side is touched once.
template <typename T>
void transpose_block(T* to, int64_t to_stride, const T* from, int64_t from_stride, int64_t rows,
                     int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) to[r * to_stride + c] = from[r + c * from_stride];
  }
}

#if defined(__AVX512F__)
FGX_INLINE void full_block(uint32_t* to, int64_t to_stride, const uint32_t* from,
                           int64_t from_stride) {
  __m512i lines[16];
#pragma GCC unroll 16
  for (int c = 0; c < 16; ++c) lines[c] = _mm512_loadu_si512(from + c * from_stride);
  transpose(lines);
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) _mm512_storeu_si512(to + r * to_stride, lines[r]);
}
// 32 x 32 halves: neighbouring lines make pairs, which are transposed as words.
FGX_INLINE void full_block(uint16_t* to, int64_t to_stride, const uint16_t* from,
                           int64_t from_stride) {
  __m512i left[16];
  __m512i right[16];
#pragma GCC unroll 16
  for (int c = 0; c < 16; ++c) {
    interleave(_mm512_loadu_si512(from + 2 * c * from_stride),
               _mm512_loadu_si512(from + (2 * c + 1) * from_stride), left[c], right[c]);
  }
  transpose(left);
  transpose(right);
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) {
    _mm512_storeu_si512(to + r * to_stride, left[r]);
    _mm512_storeu_si512(to + (r + 16) * to_stride, right[r]);
  }
}
#elif defined(__AVX2__)
FGX_INLINE void full_block(uint32_t* to, int64_t to_stride, const uint32_t* from,
                           int64_t from_stride) {
  __m256 lines[8];
  for (int c = 0; c < 8; ++c) {
    lines[c] = _mm256_loadu_ps(reinterpret_cast<const float*>(from + c * from_stride));
  }
  transpose(lines);
  for (int r = 0; r < 8; ++r) {
    _mm256_storeu_ps(reinterpret_cast<float*>(to + r * to_stride), lines[r]);
  }
}
#endif

template <typename T>
void transpose_of(T* to, int64_t to_stride, const T* from, int64_t from_stride, int64_t rows,
                  int64_t columns) {
#if defined(__AVX512F__)
  constexpr int64_t kBlock = sizeof(T) == 4 ? 16 : sizeof(T) == 2 ? 32 : 16;
  constexpr bool kInRegisters = sizeof(T) == 4 || sizeof(T) == 2;
#elif defined(__AVX2__)
  constexpr int64_t kBlock = sizeof(T) == 4 ? 8 : 16;
  constexpr bool kInRegisters = sizeof(T) == 4;
#else
  constexpr int64_t kBlock = 16;
  constexpr bool kInRegisters = false;
#endif
  // The source's lines are far apart: each is finished before the next.
  for (int64_t c = 0; c < columns; c += kBlock) {
    for (int64_t r = 0; r < rows; r += kBlock) {
      T* target = to + r * to_stride + c;
      const T* source = from + r + c * from_stride;
      if constexpr (kInRegisters) {
        if (rows - r >= kBlock && columns - c >= kBlock) {
          full_block(target, to_stride, source, from_stride);
          continue;
        }
      }
      transpose_block(target, to_stride, source, from_stride, rows - r < kBlock ? rows - r : kBlock,
                      columns - c < kBlock ? columns - c : kBlock);
    }
  }
}

void transpose(int bytes, void* to, int64_t to_stride, const void* from, int64_t from_stride,
               int64_t rows, int64_t columns) {
  switch (bytes) {
    case 1:
      return transpose_of(static_cast<uint8_t*>(to), to_stride, static_cast<const uint8_t*>(from),
                          from_stride, rows, columns);
    case 2:
      return transpose_of(static_cast<uint16_t*>(to), to_stride, static_cast<const uint16_t*>(from),
                          from_stride, rows, columns);
    case 4:
      return transpose_of(static_cast<uint32_t*>(to), to_stride, static_cast<const uint32_t*>(from),
                          from_stride, rows, columns);
    default:
      return transpose_of(static_cast<uint64_t*>(to), to_stride, static_cast<const uint64_t*>(from),
                          from_stride, rows, columns);
  }
}

}  // namespace

extern const ConvertKernels convert_kernels = {convert, transpose};

}  // namespace fgx::FGX_ISA
