// SPDX-License-Identifier: Apache-2.0
// Parallel loops over ranges: the library's own threads, or the host's.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "flaggems_exp.h"

namespace fgx {

// Runs range(data, begin, end) over disjoint pieces that cover [0, count). Safe from any thread: a
// caller that finds the workers busy runs its loop alone; so does a loop inside a loop, and a child
// after fork(). Allocates nothing per loop.
class ThreadPool {
 public:
  // The library's own threads (shared by the process, started at first need): at most `num_threads`
  // of them including the caller; 0: one per core this process may use.
  explicit ThreadPool(int num_threads = 0);
  // The host's pool.
  explicit ThreadPool(const fgx_thread_pool& host);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return num_threads_; }

  void run(int64_t count, int64_t grain, fgx_range_fn range, void* data) const;

  // range(begin, end) for a callable; must not throw. One piece when count <= grain.
  template <typename Range>
  void parallel_for(int64_t count, int64_t grain, Range&& range) const {
    if (count <= grain || num_threads_ <= 1) {
      if (count > 0) range(int64_t{0}, count);
      return;
    }
    using Callable = std::remove_reference_t<Range>;
    run(
        count, grain,
        [](void* data, int64_t begin, int64_t end) { (*static_cast<Callable*>(data))(begin, end); },
        const_cast<void*>(static_cast<const void*>(&range)));
  }

 private:
  int num_threads_;
  fgx_thread_pool host_{};
};

}  // namespace fgx
