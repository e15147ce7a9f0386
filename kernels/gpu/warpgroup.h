// SPDX-License-Identifier: Apache-2.0
// Products of 16-bit types by a warpgroup (four warps) of Hopper, with sums in float32, and the barriers in shared
// memory by which groups of threads hand tiles over. For sm_90a alone.
//
// A tile in shared memory is made of panels: rows of 128 bytes (64 elements), one after another, whose eight
// 16-byte chunks change places: chunk c of row r lies at c ^ (r % 8). Panels begin at multiples of 1024 bytes.
// Sums are spread over the group as matrix_units.h says of a warp's: warp w has rows 16w to 16w + 15, and
// sums[4j + i] is number i of the columns from 8j.
#pragma once

#include "kernels/gpu/matrix_units.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr int kPanelBytes = 128;    // of a row
constexpr int kPanelElements = 64;  // of 16 bits, of a row
constexpr int kWarpgroup = 128;     // threads

// Where chunk `chunk` of row `row` lies in a tile whose panels take panel_bytes.
FGX_DEVICE_INLINE uint32_t chunk_offset(int row, int chunk, int panel_bytes) {
  return chunk / 8 * panel_bytes + row * kPanelBytes + ((chunk ^ row) % 8) * 16;
}

// ---- barriers: a phase ends when `count` arrivals were seen ----------------------------------------

FGX_DEVICE_INLINE void barrier_init(uint32_t barrier, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count) : "memory");
}
FGX_DEVICE_INLINE void barrier_arrive(uint32_t barrier) {
  asm volatile("mbarrier.arrive.release.cta.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
// Whether a phase has ended.
FGX_DEVICE_INLINE bool barrier_ended(uint32_t barrier, uint32_t parity) {
  uint32_t ended;
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "mbarrier.test_wait.parity.acquire.cta.shared::cta.b64 done, [%1], %2;\n"
      "selp.b32 %0, 1, 0, done;\n"
      "}"
      : "=r"(ended)
      : "r"(barrier), "r"(parity)
      : "memory");
  return ended != 0;
}
FGX_DEVICE_INLINE void barrier_wait(uint32_t barrier, uint32_t parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 done, [%0], %1;\n"
      "@!done bra again;\n"
      "}" ::"r"(barrier),
      "r"(parity)
      : "memory");
}
// What this thread's copies left in shared memory may be read by the matrix units of whoever learns of it.
FGX_DEVICE_INLINE void copies_to_matrix_units() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// Barriers by number, of warps that take turns.
FGX_DEVICE_INLINE void turn_wait(int number, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(number), "r"(threads) : "memory");
}
FGX_DEVICE_INLINE void turn_give(int number, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(number), "r"(threads) : "memory");
}

template <int kRegisters>
FGX_DEVICE_INLINE void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
FGX_DEVICE_INLINE void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

FGX_DEVICE_INLINE void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
FGX_DEVICE_INLINE void products_end() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
// All but the last kLeft groups of products are done.
template <int kLeft>
FGX_DEVICE_INLINE void products_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kLeft) : "memory");
}
// Keeps the compiler from moving what it does with these across a wait.
template <int kCount>
FGX_DEVICE_INLINE void touch(float (&values)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) asm volatile("" : "+f"(values[i])::"memory");
}

// Of panels at this address; panel_bytes from one to the next, where the product takes several at once.
FGX_DEVICE_INLINE uint64_t panel_descriptor(uint32_t address, int panel_bytes) {
  constexpr uint64_t kSwizzle128 = 1ull << 62;
  constexpr uint64_t kEightRows = static_cast<uint64_t>(8 * kPanelBytes / 16) << 32;
  return kSwizzle128 | kEightRows | static_cast<uint64_t>(panel_bytes / 16) << 16 |
         (address & 0x3ffffu) / 16;
}

// clang-format off
// The operands of 32 and 64 sums, and their places in the text.
#define FGX_SUMS_32(s) \
  "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3]), "+f"(s[4]), "+f"(s[5]), "+f"(s[6]), "+f"(s[7]), \
  "+f"(s[8]), "+f"(s[9]), "+f"(s[10]), "+f"(s[11]), "+f"(s[12]), "+f"(s[13]), "+f"(s[14]), "+f"(s[15]), \
  "+f"(s[16]), "+f"(s[17]), "+f"(s[18]), "+f"(s[19]), "+f"(s[20]), "+f"(s[21]), "+f"(s[22]), "+f"(s[23]), \
  "+f"(s[24]), "+f"(s[25]), "+f"(s[26]), "+f"(s[27]), "+f"(s[28]), "+f"(s[29]), "+f"(s[30]), "+f"(s[31])
#define FGX_PLACES_32 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define FGX_SUMS_64(s) \
  "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3]), "+f"(s[4]), "+f"(s[5]), "+f"(s[6]), "+f"(s[7]), \
  "+f"(s[8]), "+f"(s[9]), "+f"(s[10]), "+f"(s[11]), "+f"(s[12]), "+f"(s[13]), "+f"(s[14]), "+f"(s[15]), \
  "+f"(s[16]), "+f"(s[17]), "+f"(s[18]), "+f"(s[19]), "+f"(s[20]), "+f"(s[21]), "+f"(s[22]), "+f"(s[23]), \
  "+f"(s[24]), "+f"(s[25]), "+f"(s[26]), "+f"(s[27]), "+f"(s[28]), "+f"(s[29]), "+f"(s[30]), "+f"(s[31]), \
  "+f"(s[32]), "+f"(s[33]), "+f"(s[34]), "+f"(s[35]), "+f"(s[36]), "+f"(s[37]), "+f"(s[38]), "+f"(s[39]), \
  "+f"(s[40]), "+f"(s[41]), "+f"(s[42]), "+f"(s[43]), "+f"(s[44]), "+f"(s[45]), "+f"(s[46]), "+f"(s[47]), \
  "+f"(s[48]), "+f"(s[49]), "+f"(s[50]), "+f"(s[51]), "+f"(s[52]), "+f"(s[53]), "+f"(s[54]), "+f"(s[55]), \
  "+f"(s[56]), "+f"(s[57]), "+f"(s[58]), "+f"(s[59]), "+f"(s[60]), "+f"(s[61]), "+f"(s[62]), "+f"(s[63])
#define FGX_PLACES_64 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
// clang-format on

// sums = a b^T (kFirst) or += it, 64 x kColumns x 16; both operands in shared memory, rows along the 16.
#define FGX_PRODUCT_OF_ROWS(columns, count, a_place, b_place, add_place, type)           \
  asm volatile("{.reg .pred add; setp.ne.b32 add, " add_place                            \
               ", 0; wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type \
               " {" FGX_PLACES_##count "}, " a_place ", " b_place ", add, 1, 1, 0, 0;}"  \
               : FGX_SUMS_##count(sums)                                                  \
               : "l"(a), "l"(b), "n"(kFirst ? 0 : 1))
template <typename Half, bool kFirst, int kCount>
FGX_DEVICE_INLINE void product_of_rows(float (&sums)[kCount], uint64_t a, uint64_t b) {
  static_assert(kCount == 32 || kCount == 64);
  constexpr bool kFloat16 = __is_same(Half, Float16);
  if constexpr (kCount == 32 && kFloat16) {
    FGX_PRODUCT_OF_ROWS("64", 32, "%32", "%33", "%34", "f16");
  } else if constexpr (kCount == 32) {
    FGX_PRODUCT_OF_ROWS("64", 32, "%32", "%33", "%34", "bf16");
  } else if constexpr (kFloat16) {
    FGX_PRODUCT_OF_ROWS("128", 64, "%64", "%65", "%66", "f16");
  } else {
    FGX_PRODUCT_OF_ROWS("128", 64, "%64", "%65", "%66", "bf16");
  }
}

// sums += a b, 64 x kColumns x 16; a in registers, b's 16 rows in shared memory.
#define FGX_PRODUCT_WITH_COLUMNS(columns, count, a_places, b_place, type)            \
  asm volatile("wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type  \
               " {" FGX_PLACES_##count "}, {" a_places "}, " b_place ", 1, 1, 1, 1;" \
               : FGX_SUMS_##count(sums)                                              \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b))
template <typename Half, int kCount>
FGX_DEVICE_INLINE void product_with_columns(float (&sums)[kCount], const uint32_t* a, uint64_t b) {
  static_assert(kCount == 32 || kCount == 64);
  constexpr bool kFloat16 = __is_same(Half, Float16);
  if constexpr (kCount == 32 && kFloat16) {
    FGX_PRODUCT_WITH_COLUMNS("64", 32, "%32, %33, %34, %35", "%36", "f16");
  } else if constexpr (kCount == 32) {
    FGX_PRODUCT_WITH_COLUMNS("64", 32, "%32, %33, %34, %35", "%36", "bf16");
  } else if constexpr (kFloat16) {
    FGX_PRODUCT_WITH_COLUMNS("128", 64, "%64, %65, %66, %67", "%68", "f16");
  } else {
    FGX_PRODUCT_WITH_COLUMNS("128", 64, "%64, %65, %66, %67", "%68", "bf16");
  }
}
#undef FGX_SUMS_32
#undef FGX_SUMS_64
#undef FGX_PLACES_32
#undef FGX_PLACES_64
#undef FGX_PRODUCT_OF_ROWS
#undef FGX_PRODUCT_WITH_COLUMNS

}  // namespace fgx::device
#endif
