// SPDX-License-Identifier: Apache-2.0
// Moves by index.
#include <cstddef>

#include "kernels/stable/select/index_kernels.h"

namespace fgx::FGX_ISA {
namespace {

template <typename Word, typename Index>
void gather_run(const IndexRun& run) {
  Word* dense = static_cast<Word*>(run.dense);
  const Word* table = static_cast<const Word*>(run.table);
  const Index* index = static_cast<const Index*>(run.index);
  if (run.index_step == 0) {
    const Word* from = table + static_cast<int64_t>(index[0]) * run.table_unit;
    if (run.dense_step == 1 && run.table_step == 1) {
      __builtin_memcpy(dense, from, static_cast<size_t>(run.count) * sizeof(Word));
      return;
    }
    for (int64_t i = 0; i < run.count; ++i) dense[i * run.dense_step] = from[i * run.table_step];
    return;
  }
  if (run.dense_step == 1 && run.index_step == 1 && run.table_step == 0 && run.table_unit == 1) {
    for (int64_t i = 0; i < run.count; ++i) dense[i] = table[index[i]];
    return;
  }
  if (run.dense_step == 1 && run.index_step == 1 && run.table_step == 0) {
    for (int64_t i = 0; i < run.count; ++i) {
      dense[i] = table[static_cast<int64_t>(index[i]) * run.table_unit];
    }
    return;
  }
  for (int64_t i = 0; i < run.count; ++i) {
    dense[i * run.dense_step] =
        table[i * run.table_step +
              static_cast<int64_t>(index[i * run.index_step]) * run.table_unit];
  }
}

template <typename Word, typename Index>
void scatter_run(const IndexRun& run) {
  const Word* dense = static_cast<const Word*>(run.dense);
  Word* table = static_cast<Word*>(run.table);
  const Index* index = static_cast<const Index*>(run.index);
  if (run.dense_step == 1 && run.index_step == 1 && run.table_step == 0 && run.table_unit == 1) {
    for (int64_t i = 0; i < run.count; ++i) table[index[i]] = dense[i];
    return;
  }
  for (int64_t i = 0; i < run.count; ++i) {
    table[i * run.table_step + static_cast<int64_t>(index[i * run.index_step]) * run.table_unit] =
        dense[i * run.dense_step];
  }
}

template <typename Index>
int64_t check_run(const void* data, int64_t step, int64_t count, int64_t limit) {
  constexpr int64_t kBlock = 256;  // looked at as one before an element is looked for
  const Index* index = static_cast<const Index*>(data);
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t end = count - first < kBlock ? count : first + kBlock;
    bool bad = false;
    for (int64_t i = first; i < end; ++i) {
      const int64_t value = static_cast<int64_t>(index[i * step]);
      bad |= (value < 0) | (value >= limit);
    }
    if (!bad) continue;
    for (int64_t i = first; i < end; ++i) {
      const int64_t value = static_cast<int64_t>(index[i * step]);
      if (value < 0 || value >= limit) return i;
    }
  }
  return -1;
}

}  // namespace

#define FGX_INDEX_ROWS(run)                                 \
  {                                                         \
    {run<uint8_t, int32_t>, run<uint8_t, int64_t>},         \
        {run<uint16_t, int32_t>, run<uint16_t, int64_t>},   \
        {run<uint32_t, int32_t>, run<uint32_t, int64_t>}, { \
      run<uint64_t, int32_t>, run<uint64_t, int64_t>        \
    }                                                       \
  }

extern const IndexKernels index_kernels = {FGX_INDEX_ROWS(gather_run),
                                           FGX_INDEX_ROWS(scatter_run),
                                           {check_run<int32_t>, check_run<int64_t>}};

}  // namespace fgx::FGX_ISA
