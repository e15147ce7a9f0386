// SPDX-License-Identifier: Apache-2.0
// Running sums of rows and of columns, through tiles of doubles or int64.
#include "kernels/stable/reduction/cumsum_kernels.h"

#include "kernels/common/tile.h"

namespace fgx::FGX_ISA {
namespace {

constexpr int64_t kTile = kCumsumColumns;

// Doubles to a float type, by way of float for the half types (their sums differ by a rounding at most).
void store_sums(void* y, DType dtype, int64_t stride, const double* sums, int64_t count) {
  if (dtype == DType::kFloat64) return store_tile(y, dtype, stride, sums, count);
  float single[kTile];
  for (int64_t i = 0; i < count; ++i) single[i] = static_cast<float>(sums[i]);
  store_tile(y, dtype, stride, single, count);
}
void store_sums(void* y, DType dtype, int64_t stride, const int64_t* sums, int64_t count) {
  store_tile(y, dtype, stride, sums, count);
}

double& part_of(RunningSum& sum, double) { return sum.real; }
int64_t& part_of(RunningSum& sum, int64_t) { return sum.integer; }

double add(double a, double b) { return a + b; }
int64_t add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// Sums within groups of eight do not wait for those of the group before: only one addition per group
// does.
template <typename T>
void scan(T* tile, int64_t count, T& sum) {
  constexpr int64_t kGroup = 8;
  int64_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    T* x = tile + i;
    const T a1 = add(x[0], x[1]), a3 = add(x[2], x[3]);
    const T a5 = add(x[4], x[5]), a7 = add(x[6], x[7]);
    const T b2 = add(a1, x[2]), b3 = add(a1, a3);
    const T b6 = add(a5, x[6]), b7 = add(a5, a7);
    const T before = sum;
    sum = add(before, add(b3, b7));
    x[0] = add(before, x[0]);
    x[1] = add(before, a1);
    x[2] = add(before, b2);
    const T half = add(before, b3);
    x[3] = half;
    x[4] = add(half, x[4]);
    x[5] = add(half, a5);
    x[6] = add(half, b6);
    x[7] = sum;
  }
  for (; i < count; ++i) tile[i] = sum = add(sum, tile[i]);
}

const char* at(const void* base, DType dtype, int64_t element) {
  return static_cast<const char*>(base) + element * kDTypeInfo[static_cast<int>(dtype)].size;
}
char* at(void* base, DType dtype, int64_t element) {
  return static_cast<char*>(base) + element * kDTypeInfo[static_cast<int>(dtype)].size;
}

bool is_real(DType dtype) { return dtype >= DType::kFloat16; }

template <typename T>
void scan_row(const void* x, DType x_type, int64_t x_stride, void* y, DType y_type,
              int64_t y_stride, int64_t n, RunningSum* sum) {
  alignas(64) T tile[kTile];
  for (int64_t i = 0; i < n; i += kTile) {
    const int64_t count = n - i < kTile ? n - i : kTile;
    load_tile(tile, at(x, x_type, i * x_stride), x_type, x_stride, count);
    scan(tile, count, part_of(*sum, T{}));
    store_sums(at(y, y_type, i * y_stride), y_type, y_stride, tile, count);
  }
}

template <typename T>
void scan_columns(const void* x, DType x_type, int64_t x_stride, void* y, DType y_type,
                  int64_t y_stride, int64_t rows, int64_t columns) {
  alignas(64) T sums[kTile] = {};
  alignas(64) T tile[kTile];
  for (int64_t r = 0; r < rows; ++r) {
    load_tile(tile, at(x, x_type, r * x_stride), x_type, 1, columns);
    for (int64_t c = 0; c < columns; ++c) sums[c] = add(sums[c], tile[c]);
    store_sums(at(y, y_type, r * y_stride), y_type, 1, sums, columns);
  }
}

void row(const void* x, DType x_type, int64_t x_stride, void* y, DType y_type, int64_t y_stride,
         int64_t n, RunningSum* sum) {
  const auto scan_it = is_real(y_type) ? scan_row<double> : scan_row<int64_t>;
  scan_it(x, x_type, x_stride, y, y_type, y_stride, n, sum);
}

void columns_of(const void* x, DType x_type, int64_t x_stride, void* y, DType y_type,
                int64_t y_stride, int64_t rows, int64_t columns) {
  const auto scan_them = is_real(y_type) ? scan_columns<double> : scan_columns<int64_t>;
  scan_them(x, x_type, x_stride, y, y_type, y_stride, rows, columns);
}

}  // namespace

extern const CumsumKernels cumsum_kernels = {row, columns_of};

}  // namespace fgx::FGX_ISA
