// SPDX-License-Identifier: Apache-2.0
// Products of 16-bit types on CUDA's matrix units (mma.sync, m16n8k16, sums in float32), for one warp.
//
// With group = lane / 4 and quad = lane % 4, a lane holds
//   of a (16 x 16): a[0] row group, columns 2 quad and + 1; a[1] row group + 8; a[2], a[3] the same, columns + 8
//   of b (16 x 8):  b0 column group, rows 2 quad and + 1; b1 rows + 8
//   of the sums:    [0], [1] row group, columns 2 quad and + 1; [2], [3] row group + 8
// The order of the 16 that are summed over does not matter as long as a and b have the same one.
#pragma once

#include "kernels/gpu/device.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr unsigned kAllLanes = 0xffffffffu;

template <typename Half>
FGX_DEVICE_INLINE void multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  if constexpr (__is_same(Half, Float16)) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, {%0,%1,%2,%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}

// Eight elements of 16 bits, or zeros.
struct Eight {
  uint32_t word[4];
};
template <typename Half>
FGX_DEVICE_INLINE Eight load_eight(const Half* from, bool there) {
  Eight loaded = {{0, 0, 0, 0}};
  if (there) {
    const uint4 vector = *reinterpret_cast<const uint4*>(from);
    loaded = {{vector.x, vector.y, vector.z, vector.w}};
  }
  return loaded;
}

// Number j % 2 of the pair x, and of the pair y, side by side.
FGX_DEVICE_INLINE uint32_t pick(uint32_t x, uint32_t y, int j) {
  return __byte_perm(x, y, (j & 1) == 0 ? 0x5410u : 0x7632u);
}

// ---- by way of shared memory -----------------------------------------------------------------------

FGX_DEVICE_INLINE uint32_t shared_address(const void* at) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}
// 16 bytes to shared memory while the thread goes on; zeros unless `there`.
FGX_DEVICE_INLINE void copy_chunk(uint32_t to, const void* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
               "r"(there ? 16 : 0)
               : "memory");
}
FGX_DEVICE_INLINE void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// All but the last kLeft groups of this thread's copies have landed.
template <int kLeft>
FGX_DEVICE_INLINE void copies_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kLeft) : "memory");
}
// Four matrices of 8 x 8: lane 8 i + r gives the address of row r of matrix i. A lane gets columns 2 quad and + 1 of
// row `group` of each; transposed, rows 2 quad and + 1 of column `group`.
FGX_DEVICE_INLINE void load_matrices(uint32_t (&to)[4], uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(address)
               : "memory");
}
FGX_DEVICE_INLINE void load_transposed(uint32_t (&to)[4], uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(address)
               : "memory");
}

}  // namespace fgx::device
#endif
