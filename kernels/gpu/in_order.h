// SPDX-License-Identifier: Apache-2.0
// What blocks of one launch leave for later ones: words in global memory that are 0 until they are written, once.
#pragma once

#include "kernels/gpu/device.h"

namespace fgx::device {

template <typename Word>
FGX_DEVICE_INLINE void leave_word(Word* word, Word value) {
#if defined(__HIP__)
  __hip_atomic_store(word, value, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
#else
  *static_cast<volatile Word*>(word) = value;
#endif
}
// 0 where it has not been written.
template <typename Word>
FGX_DEVICE_INLINE Word look_at_word(const Word* word) {
#if defined(__HIP__)
  return __hip_atomic_load(word, __ATOMIC_RELAXED, __HIP_MEMORY_SCOPE_AGENT);
#else
  return *static_cast<const volatile Word*>(word);
#endif
}
template <typename Word>
FGX_DEVICE_INLINE Word await_word(const Word* word) {
  Word value = 0;
  do {
    value = look_at_word(word);
  } while (value == 0);
  return value;
}

// The number of this block in the order that blocks start in: all before it have started, so that it may wait for them.
// CUDA starts blocks in the order of their indices; elsewhere they draw numbers from `next`.
FGX_DEVICE_INLINE int64_t block_in_order(uint32_t* next) {
#if defined(__HIP__)
  __shared__ uint32_t drawn;
  if (threadIdx.x == 0) drawn = atomicAdd(next, 1u);
  __syncthreads();
  return drawn;
#else
  (void)next;
  return blockIdx.x;
#endif
}

}  // namespace fgx::device
