// SPDX-License-Identifier: Apache-2.0
// The per-thread arena behind ScratchLease.
#include "dispatch/scratch.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace fgx {
namespace {

constexpr size_t kAlignment = 64;

void* allocate(size_t size) {
  if (size > SIZE_MAX - kAlignment) throw std::bad_alloc();
  void* memory = std::aligned_alloc(kAlignment, (size + kAlignment - 1) / kAlignment * kAlignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

struct Arena {
  void* memory = nullptr;
  size_t size = 0;
  bool leased = false;
  ~Arena() {
    std::free(memory);
    // A call made by a later thread-local destructor finds it leased and allocates on its own.
    memory = nullptr;
    size = 0;
    leased = true;
  }
};
thread_local Arena t_arena;

}  // namespace

ScratchLease::ScratchLease(size_t size) {
  if (size == 0) return;
  Arena& arena = t_arena;
  if (arena.leased || size > kKeepBytes) {
    data_ = allocate(size);
    return;
  }
  if (arena.size < size) {
    const size_t grown = std::min(std::max(size, 2 * arena.size), kKeepBytes);
    void* memory = allocate(grown);
    std::free(arena.memory);
    arena.memory = memory;
    arena.size = grown;
  }
  arena.leased = true;
  from_arena_ = true;
  data_ = arena.memory;
}

ScratchLease::~ScratchLease() {
  if (from_arena_) {
    t_arena.leased = false;
  } else {
    std::free(data_);
  }
}

}  // namespace fgx
