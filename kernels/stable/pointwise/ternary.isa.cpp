// SPDX-License-Identifier: Apache-2.0
// Formulas of three operands, and the moves between memory and tiles.
#include "kernels/common/tile.h"
#include "kernels/stable/pointwise/pointwise_loops.h"

namespace fgx::FGX_ISA {
namespace {

template <typename T>
void load(void* tile, const void* source, DType dtype, int64_t stride, int64_t count) {
  load_tile(static_cast<T*>(tile), source, dtype, stride, count);
}
template <typename T>
void store(void* destination, DType dtype, int64_t stride, const void* tile, int64_t count) {
  store_tile(destination, dtype, stride, static_cast<const T*>(tile), count);
}

// Sixteen running sums keep the additions independent; they are combined as a tree.
template <typename T>
double sum(const void* tile, int64_t count) {
  constexpr int64_t kLanes = 16;
  const T* values = static_cast<const T*>(tile);
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane];
  }
  double rest = 0.0;
  for (; i < count; ++i) rest += static_cast<double>(values[i]);
  double total[kLanes];
  for (int64_t lane = 0; lane < kLanes; ++lane) total[lane] = static_cast<double>(lanes[lane]);
  for (int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (int64_t lane = 0; lane < width; ++lane) total[lane] += total[lane + width];
  }
  return total[0] + rest;
}

}  // namespace

extern const FormulaTable ternary_formulas = {{
#define FGX_TERNARY(name, ...) FGX_FORMULA_ROW(name)
#define FGX_UNARY(...) FGX_NO_FORMULA_ROW
#define FGX_BINARY(...) FGX_NO_FORMULA_ROW
#define FGX_LOSS(...) FGX_NO_FORMULA_ROW
#define FGX_CHOICE_UNARY(...) FGX_NO_FORMULA_ROW
#define FGX_CHOICE_BINARY(...) FGX_NO_FORMULA_ROW
#define FGX_FORMULA_BINARY(...) FGX_NO_FORMULA_ROW
#include "kernels/stable/pointwise/pointwise_formulas.inc"
}};

extern const TileTable pointwise_tiles = {{&load<float>, &load<double>, &load<int64_t>},
                                          {&store<float>, &store<double>, &store<int64_t>},
                                          {&sum<float>, &sum<double>, nullptr}};

}  // namespace fgx::FGX_ISA
