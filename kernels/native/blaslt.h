// SPDX-License-Identifier: Apache-2.0
// cuBLASLt and hipBLASLt: one interface in two dialects, loaded at run time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/native/vendor_library.h"

namespace fgx {

// What the two call things. Their results of the heuristics are read as bytes.
struct BlasLtDialect {
  const char* library;  // as reasons name it
  int no_transpose, transpose;
  int compute_float, compute_double;
  int attribute_transpose_a, attribute_transpose_b, attribute_epilogue, attribute_bias;
  int preference_workspace;
  int preference_reduction;  // how parts of a sum may be joined; -1: none
  int preference_alignment;  // of a; b, c and d follow; -1: none
  int layout_batches, layout_batch_step;
  size_t algorithm_bytes;  // at the beginning of a result
  size_t result_bytes;     // workspace and status follow the algorithm
};

// Functions answer a status, 0 for success; handles are the vendor's, as plain pointers.
struct BlasLt {
  BlasLt(const BlasLtDialect& words, const char* prefix, const char* variable,
         std::initializer_list<const char*> names);

  const BlasLtDialect& dialect;
  VendorLibrary library;
  int (*create)(void** handle);
  int (*operation_create)(void** operation, int compute_type, int scale_type);
  int (*operation_set)(void* operation, int attribute, const void* value, size_t bytes);
  int (*operation_destroy)(void* operation);
  int (*layout_create)(void** layout, int type, uint64_t rows, uint64_t columns, int64_t leading);
  int (*layout_set)(void* layout, int attribute, const void* value, size_t bytes);
  int (*layout_destroy)(void* layout);
  int (*preference_create)(void** preference);
  int (*preference_set)(void* preference, int attribute, const void* value, size_t bytes);
  int (*preference_destroy)(void* preference);
  int (*heuristics)(void* handle, void* operation, void* a, void* b, void* c, void* d,
                    void* preference, int wanted, void* results, int* found);
  int (*matmul)(void* handle, void* operation, const void* alpha, const void* a, void* a_layout,
                const void* b, void* b_layout, const void* beta, const void* c, void* c_layout,
                void* d, void* d_layout, const void* algorithm, void* workspace,
                size_t workspace_bytes, void* stream);

  // Of this kind of device; lives as long as the process.
  static BlasLt& of(int32_t device_type);
};

}  // namespace fgx
