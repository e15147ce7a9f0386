// SPDX-License-Identifier: Apache-2.0
// The shared worker threads behind ThreadPool, and loops on the host's pool.
#include "backend/cpu/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <thread>

namespace fgx {
namespace {

constexpr int kMaxThreads = 1024;
// More pieces than threads, so that a thread that starts late or is taken off its core costs
// little.
constexpr int64_t kPiecesPerThread = 4;
constexpr int64_t kMaxPieces = kMaxThreads * kPiecesPerThread;
// How often an idle thread looks for work before it sleeps: some tens of microseconds, the gap
// between the loops of one model layer.
constexpr int kSpins = 2000;
// Piece boundaries fall on multiples of this, so that two threads rarely write one cache line.
constexpr int64_t kAlignment = 64;

// Set while this thread runs a piece: loops inside a loop are serial.
thread_local bool inside_loop = false;
// Set in a child after fork(): the workers were not copied, so everything is serial there.
std::atomic<bool> forked{false};

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Nesting {
 public:
  Nesting() : before_(inside_loop) { inside_loop = true; }
  ~Nesting() { inside_loop = before_; }

 private:
  bool before_;
};

// One loop runs at a time. Its description is plain data, safe to read for whoever holds a piece:
// the loop cannot end, so the data cannot change, before that piece is counted as done.
class Workers {
 public:
  // Never destroyed: threads may be running when the process exits.
  static Workers& shared() {
    static Workers* const workers = new Workers;
    return *workers;
  }

  // False when another loop is running (nothing was done).
  bool try_run(int threads, int64_t pieces, int64_t piece, int64_t count, fgx_range_fn range,
               void* data) {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    start(threads - 1);
    range_ = range;
    data_ = data;
    count_ = count;
    piece_ = piece;
    pieces_ = static_cast<int32_t>(pieces);
    done_.store(0, std::memory_order_relaxed);
    ++epoch_;
    ticket_.store(pack(epoch_, threads - 1, pieces), std::memory_order_release);
    signal_.fetch_add(1, std::memory_order_seq_cst);
    signal_.notify_all();

    while (claim_and_run(-1)) {
    }
    for (int spin = 0;; ++spin) {
      const int32_t done = done_.load(std::memory_order_acquire);
      if (done == pieces_) break;
      if (spin < kSpins) {
        relax();
      } else {
        done_.wait(done, std::memory_order_acquire);
      }
    }
    busy_.clear(std::memory_order_release);
    return true;
  }

 private:
  // A ticket holds everything that a worker must know before it takes a piece: which loop (so that
  // a late compare-exchange cannot succeed on another loop), how many workers may help, and how
  // many pieces are left.
  static uint64_t pack(uint32_t epoch, int helpers, int64_t left) {
    return (static_cast<uint64_t>(epoch) << 32) | (static_cast<uint64_t>(helpers) << 16) |
           static_cast<uint64_t>(left);
  }
  static int helpers_of(uint64_t ticket) { return static_cast<int>((ticket >> 16) & 0xffffu); }
  static int64_t left_of(uint64_t ticket) { return static_cast<int64_t>(ticket & 0xffffu); }
  static_assert(kMaxPieces <= 0xffff && kMaxThreads <= 0xffff);

  bool wanted(uint64_t ticket, int worker) const {
    return left_of(ticket) > 0 && worker < helpers_of(ticket);
  }

  // Takes a piece and runs it; false when there is none for this worker (-1: the caller).
  bool claim_and_run(int worker) {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    do {
      if (!wanted(ticket, worker)) return false;
    } while (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel,
                                            std::memory_order_acquire));
    const int32_t pieces = pieces_;
    const int64_t begin = (pieces - left_of(ticket)) * piece_;
    const int64_t end = std::min(begin + piece_, count_);
    if (begin < end) {
      Nesting nesting;
      range_(data_, begin, end);
    }
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == pieces) done_.notify_one();
    return true;
  }

  void work(int worker) {
    for (;;) {
      while (claim_and_run(worker)) {
      }
      bool found = false;
      for (int spin = 0; spin < kSpins && !found; ++spin) {
        relax();
        found = wanted(ticket_.load(std::memory_order_acquire), worker);
      }
      if (found) continue;
      const uint32_t seen = signal_.load(std::memory_order_seq_cst);
      if (!wanted(ticket_.load(std::memory_order_acquire), worker)) {
        signal_.wait(seen, std::memory_order_acquire);
      }
    }
  }

  // Brings the number of workers up to `wanted_workers`, or as many as the system grants. Called by
  // the holder of busy_.
  void start(int wanted_workers) noexcept {
    while (started_ < wanted_workers && !refused_) {
      if (started_ == 0) {
        pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
      }
      // Signals are the host's: they must not be delivered to our threads.
      sigset_t all;
      sigset_t before;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
      try {
        std::thread([this, worker = started_] { work(worker); }).detach();
        ++started_;
      } catch (...) {
        refused_ = true;
      }
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
  }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  // Guarded by busy_.
  int started_ = 0;
  bool refused_ = false;
  uint32_t epoch_ = 0;
  // The loop; written by the holder of busy_ while no piece is out.
  fgx_range_fn range_ = nullptr;
  void* data_ = nullptr;
  int64_t count_ = 0;
  int64_t piece_ = 0;
  int32_t pieces_ = 0;

  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> signal_{0};
  alignas(64) std::atomic<int32_t> done_{0};
};

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// What a host's pool is given: marks the thread, so that a nested loop stays on it.
struct HostLoop {
  fgx_range_fn range;
  void* data;
  static void run(void* self, int64_t begin, int64_t end) {
    const HostLoop& loop = *static_cast<HostLoop*>(self);
    Nesting nesting;
    loop.range(loop.data, begin, end);
  }
};

}  // namespace

ThreadPool::ThreadPool(int num_threads)
    : num_threads_(std::clamp(num_threads > 0 ? num_threads : usable_cores(), 1, kMaxThreads)) {}

ThreadPool::ThreadPool(const fgx_thread_pool& host)
    : num_threads_(host.parallel_for == nullptr ? 1 : std::max(1, host.num_threads)), host_(host) {}

ThreadPool::~ThreadPool() {
  if (host_.destroy != nullptr) host_.destroy(host_.user_data);
}

void ThreadPool::run(int64_t count, int64_t grain, fgx_range_fn range, void* data) const {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (num_threads_ > 1 && count > grain && !inside_loop) {
    if (host_.parallel_for != nullptr) {
      HostLoop loop{range, data};
      host_.parallel_for(host_.user_data, count, grain, &HostLoop::run, &loop);
      return;
    }
    if (!forked.load(std::memory_order_relaxed)) {
      const int64_t most = num_threads_ * kPiecesPerThread;
      const int64_t wanted = std::min(most, (count - 1) / grain + 1);
      int64_t piece = (count - 1) / wanted + 1;
      if (piece >= 16 * kAlignment) piece = (piece + kAlignment - 1) / kAlignment * kAlignment;
      const int64_t pieces = (count - 1) / piece + 1;
      const int threads = static_cast<int>(std::min<int64_t>(num_threads_, pieces));
      if (Workers::shared().try_run(threads, pieces, piece, count, range, data)) return;
    }
  }
  range(data, 0, count);
}

}  // namespace fgx
