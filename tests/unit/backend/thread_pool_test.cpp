// SPDX-License-Identifier: Apache-2.0
// Loops of ThreadPool: coverage of the range, nesting, contention, fork, and the host's pool.
#include "backend/cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace fgx {
namespace {

// Runs a loop that counts visits per index; every index must be visited exactly once.
void expect_covers_once(const ThreadPool& pool, int64_t count, int64_t grain) {
  std::vector<int> visits(static_cast<size_t>(count), 0);
  pool.parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    ASSERT_LE(0, begin);
    ASSERT_LT(begin, end);
    ASSERT_LE(end, count);
    for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
  });
  for (int64_t i = 0; i < count; ++i) ASSERT_EQ(visits[static_cast<size_t>(i)], 1) << i;
}

TEST(ThreadPool, CoversEveryIndexOnce) {
  for (int threads : {1, 2, 3, 8, 33}) {
    ThreadPool pool(threads);
    for (int64_t count : {0, 1, 2, 3, 7, 63, 64, 65, 1000, 4097, 100003}) {
      for (int64_t grain : {0, 1, 2, 64, 1000, 65536}) expect_covers_once(pool, count, grain);
    }
  }
}

TEST(ThreadPool, HandlesHugeCounts) {
  ThreadPool pool(4);
  std::atomic<int64_t> total{0};
  const int64_t count = int64_t{1} << 60;
  pool.parallel_for(count, 1, [&](int64_t begin, int64_t end) { total += end - begin; });
  EXPECT_EQ(total.load(), count);
}

TEST(ThreadPool, SmallLoopsStayOnTheCaller) {
  ThreadPool pool(4);
  const auto caller = std::this_thread::get_id();
  pool.parallel_for(100, 100, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 100);
  });
}

TEST(ThreadPool, UsesSeveralThreadsButNoMoreThanAsked) {
  ThreadPool wide(8);
  expect_covers_once(wide, 1000, 1);  // starts more workers than the narrow pool may use
  ThreadPool pool(2);
  std::mutex mutex;
  // Each piece waits until two threads have shown up, so the loop ends only if both take part.
  std::atomic<int> arrived{0};
  pool.parallel_for(2, 1, [&](int64_t, int64_t) {
    ++arrived;
    while (arrived.load() < 2) std::this_thread::yield();
  });
  for (int i = 0; i < 200; ++i) {
    std::set<std::thread::id> now;
    pool.parallel_for(64, 1, [&](int64_t, int64_t) {
      std::lock_guard lock(mutex);
      now.insert(std::this_thread::get_id());
    });
    EXPECT_LE(now.size(), 2u);
  }
}

TEST(ThreadPool, NestedLoopsAreSerial) {
  ThreadPool pool(4);
  std::atomic<int64_t> total{0};
  pool.parallel_for(16, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto thread = std::this_thread::get_id();
      pool.parallel_for(1000, 1, [&](int64_t b, int64_t e) {
        EXPECT_EQ(std::this_thread::get_id(), thread);
        EXPECT_EQ(e - b, 1000);
        total += e - b;
      });
    }
  });
  EXPECT_EQ(total.load(), 16000);
}

TEST(ThreadPool, BusyPoolMeansSerial) {
  ThreadPool pool(2);
  std::atomic<bool> inside{false};
  std::atomic<bool> release{false};
  std::thread holder([&] {
    pool.parallel_for(2, 1, [&](int64_t, int64_t) {
      inside = true;
      while (!release.load()) std::this_thread::yield();
    });
  });
  while (!inside.load()) std::this_thread::yield();
  int pieces = 0;  // not atomic: only this thread may touch it
  pool.parallel_for(1000, 1, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 1000);
    ++pieces;
  });
  EXPECT_EQ(pieces, 1);
  release = true;
  holder.join();
}

TEST(ThreadPool, ManyCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 300; ++i) expect_covers_once(pool, 257 + i, 16);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(ThreadPool, LoopsAfterIdleTimeWakeTheWorkers) {
  ThreadPool pool(2);
  for (int i = 0; i < 20; ++i) {
    expect_covers_once(pool, 4096, 64);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(ThreadPool, ChildAfterForkRunsSerially) {
  ThreadPool pool(4);
  expect_covers_once(pool, 1000, 1);  // the workers exist now
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int64_t total = 0;
    int pieces = 0;
    pool.parallel_for(1000, 1, [&](int64_t begin, int64_t end) {
      total += end - begin;
      ++pieces;
    });
    _exit(total == 1000 && pieces == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  expect_covers_once(pool, 1000, 1);  // the parent still has its workers
}

struct HostPool {
  int loops = 0;
  int64_t last_grain = 0;
  bool destroyed = false;
};

TEST(ThreadPool, HostPoolRunsTheLoops) {
  HostPool host;
  {
    fgx_thread_pool description{};
    description.num_threads = 3;
    description.user_data = &host;
    description.parallel_for = [](void* user_data, int64_t count, int64_t grain, fgx_range_fn range,
                                  void* data) {
      HostPool& self = *static_cast<HostPool*>(user_data);
      ++self.loops;
      self.last_grain = grain;
      for (int64_t begin = 0; begin < count; begin += grain) {
        range(data, begin, std::min(count, begin + grain));
      }
    };
    description.destroy = [](void* user_data) {
      static_cast<HostPool*>(user_data)->destroyed = true;
    };
    ThreadPool pool(description);
    EXPECT_EQ(pool.num_threads(), 3);
    expect_covers_once(pool, 1000, 64);
    EXPECT_EQ(host.loops, 1);
    EXPECT_EQ(host.last_grain, 64);
    expect_covers_once(pool, 10, 64);  // too small to be worth it
    EXPECT_EQ(host.loops, 1);
    pool.parallel_for(100, 10, [&](int64_t, int64_t) {
      pool.parallel_for(100, 10, [](int64_t begin, int64_t end) { EXPECT_EQ(end - begin, 100); });
    });
    EXPECT_EQ(host.loops, 2);
    EXPECT_FALSE(host.destroyed);
  }
  EXPECT_TRUE(host.destroyed);
}

TEST(ThreadPool, CountsTheCoresItMayUse) {
  ThreadPool pool;
  EXPECT_GE(pool.num_threads(), 1);
}

}  // namespace
}  // namespace fgx
