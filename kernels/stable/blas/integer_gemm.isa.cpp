// SPDX-License-Identifier: Apache-2.0
// Products of integers, one row of sums at a time. Unsigned arithmetic: signed overflow would be
// undefined, and the low bits are the same.
#include "kernels/stable/blas/gemm_kernels.h"

namespace fgx::FGX_ISA {
namespace {

constexpr int64_t kColumns = 512;  // sums held at once

template <typename Element, typename Sum>
void multiply_of(const Element* a, const Element* b, const Element* bias, Element* out,
                 const int64_t* sizes, const int64_t* strides) {
  const int64_t m = sizes[0], n = sizes[1], k = sizes[2];
  const int64_t a_row = strides[0], a_shared = strides[1], b_shared = strides[2],
                b_column = strides[3], out_row = strides[4], out_column = strides[5],
                bias_stride = strides[6];
  Sum sums[kColumns];
  for (int64_t first = 0; first < n; first += kColumns) {
    const int64_t count = n - first < kColumns ? n - first : kColumns;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        sums[j] = bias != nullptr ? static_cast<Sum>(bias[(first + j) * bias_stride]) : Sum{0};
      }
      for (int64_t s = 0; s < k; ++s) {
        const Sum factor = static_cast<Sum>(a[i * a_row + s * a_shared]);
        const Element* line = b + s * b_shared + first * b_column;
        if (b_column == 1) {
          for (int64_t j = 0; j < count; ++j) sums[j] += factor * static_cast<Sum>(line[j]);
        } else {
          for (int64_t j = 0; j < count; ++j)
            sums[j] += factor * static_cast<Sum>(line[j * b_column]);
        }
      }
      Element* to = out + i * out_row + first * out_column;
      for (int64_t j = 0; j < count; ++j) to[j * out_column] = static_cast<Element>(sums[j]);
    }
  }
}

void multiply(int bytes, const void* a, const void* b, const void* bias, void* out,
              const int64_t* sizes, const int64_t* strides) {
  switch (bytes) {
    case 1:
      return multiply_of<uint8_t, uint32_t>(
          static_cast<const uint8_t*>(a), static_cast<const uint8_t*>(b),
          static_cast<const uint8_t*>(bias), static_cast<uint8_t*>(out), sizes, strides);
    case 2:
      return multiply_of<uint16_t, uint32_t>(
          static_cast<const uint16_t*>(a), static_cast<const uint16_t*>(b),
          static_cast<const uint16_t*>(bias), static_cast<uint16_t*>(out), sizes, strides);
    case 4:
      return multiply_of<uint32_t, uint32_t>(
          static_cast<const uint32_t*>(a), static_cast<const uint32_t*>(b),
          static_cast<const uint32_t*>(bias), static_cast<uint32_t*>(out), sizes, strides);
    default:
      return multiply_of<uint64_t, uint64_t>(
          static_cast<const uint64_t*>(a), static_cast<const uint64_t*>(b),
          static_cast<const uint64_t*>(bias), static_cast<uint64_t*>(out), sizes, strides);
  }
}

}  // namespace

extern const IntegerGemmKernels integer_gemm_kernels = {multiply};

}  // namespace fgx::FGX_ISA
