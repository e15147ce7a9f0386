// SPDX-License-Identifier: Apache-2.0
// The warm path allocates nothing and takes no lock: operator new and pthread_mutex_lock are counted.
#include <dlfcn.h>
#include <pthread.h>

#include <cstdlib>
#include <new>

#include "dispatch/plan.h"
#include "dispatch_fixture.h"

namespace {
thread_local bool t_counting = false;
thread_local int64_t t_allocations = 0;
thread_local int64_t t_locks = 0;
}  // namespace

#ifndef FGX_SANITIZED
// Not inlined: GCC 12 would see malloc and delete of one block and call it a mismatch.
[[gnu::noinline]] void* operator new(size_t size) {
  if (t_counting) ++t_allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (t_counting) ++t_locks;
  using Lock = int (*)(pthread_mutex_t*);
  static const Lock next = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return next(mutex);
}
extern "C" int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  if (t_counting) ++t_locks;
  using Lock = int (*)(pthread_rwlock_t*);
  static const Lock next = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_rwlock_rdlock"));
  return next(lock);
}
#endif

namespace fgx::testing {
namespace {

class WarmPathTest : public DispatchTest {
 protected:
  void SetUp() override {
#ifdef FGX_SANITIZED
    GTEST_SKIP() << "a sanitizer replaces the functions that are counted";
#endif
  }
  template <typename Body>
  void expect_free(Body&& body) {
    t_allocations = 0;
    t_locks = 0;
    t_counting = true;
    body();
    t_counting = false;
    EXPECT_EQ(t_allocations, 0);
    EXPECT_EQ(t_locks, 0);
  }
};

TEST_F(WarmPathTest, TheCountersCount) {
  t_allocations = 0;
  t_locks = 0;
  t_counting = true;
  auto* memory = new std::vector<int>(100);
  std::mutex mutex;
  mutex.lock();
  mutex.unlock();
  t_counting = false;
  delete memory;
  EXPECT_GE(t_allocations, 1);
  EXPECT_GE(t_locks, 1);
}

TEST_F(WarmPathTest, ALevel1HitAllocatesNothingAndTakesNoLock) {
  context_->set_config("enable_profiling", "false");
  Buffer in({4, 8});
  Buffer out({4, 8});
  const std::vector<fgx_value> args{in.value(), float_value(1)};
  const std::vector<fgx_tensor*> outs{out.get()};
  const fgx_invocation call = invocation(args, outs);
  invoke(*op_, call);
  expect_free([&] {
    for (int i = 0; i < 1000; ++i) invoke(*op_, call);
  });
}

TEST_F(WarmPathTest, WithProfilingOnOnlySampledCallsDo) {
  Buffer in({4, 8});
  Buffer out({4, 8});
  const std::vector<fgx_value> args{in.value(), float_value(1)};
  const std::vector<fgx_tensor*> outs{out.get()};
  const fgx_invocation call = invocation(args, outs);
  for (int i = 0; i < 5000; ++i) invoke(*op_, call);
  int64_t quiet = 0;
  for (int i = 0; i < 1000; ++i) {
    t_allocations = 0;
    t_locks = 0;
    t_counting = true;
    invoke(*op_, call);
    t_counting = false;
    quiet += t_allocations == 0 && t_locks == 0;
  }
  EXPECT_GE(quiet, 990);
}

TEST_F(WarmPathTest, APlanAllocatesNothingAndTakesNoLock) {
  Buffer in({4, 8});
  Buffer out({4, 8});
  const std::vector<fgx_value> args{in.value(), float_value(1)};
  const std::vector<fgx_tensor*> outs{out.get()};
  Plan plan(*op_, invocation(args, outs));
  void* data[2] = {in.data(), out.data()};
  expect_free([&] {
    for (int i = 0; i < 1000; ++i) plan.run(data, 2, nullptr);
  });
}

}  // namespace
}  // namespace fgx::testing
