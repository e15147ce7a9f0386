// SPDX-License-Identifier: Apache-2.0
// Tests of the registry under failing disks and failing memory.
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>

#include "abi/abi.h"
#include "flaggems_exp.h"
#include "registry_fixture.h"
#include "sanitizers.h"

#ifndef FGX_THREAD_SANITIZED  // clang links its allocator into the program
namespace {

// Allocations until the one that fails; negative: none fails.
thread_local long t_allocations_left = -1;

bool allocation_fails() {
  if (t_allocations_left < 0) return false;
  if (t_allocations_left == 0) return true;
  --t_allocations_left;
  return false;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocation_fails()) throw std::bad_alloc();
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocation_fails() ? nullptr : std::malloc(size ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
#endif

namespace fgx {
namespace {

using ::testing::HasSubstr;

// Fails the n-th operation of a kind, and those after it if it is to stay broken.
struct Fault {
  int left = 0;
  bool stays = false;
  IoOperation only = IoOperation::kOpen;
  bool any = true;
  int number = EIO;
  size_t short_write = 0;

  static int call(void* data, IoOperation operation, size_t* size) {
    Fault* const fault = static_cast<Fault*>(data);
    if (!fault->any && operation != fault->only) return 0;
    if (fault->left > 0) {
      --fault->left;
      return 0;
    }
    if (fault->left < 0) return 0;
    if (!fault->stays) fault->left = -1;
    if (operation == IoOperation::kWrite && fault->short_write > 0 && size != nullptr) {
      *size = std::min(*size, fault->short_write);
      fault->short_write = 0;
      fault->left = 0;  // the rest of the write fails
      return 0;
    }
    return fault->number;
  }
  void arm() { set_io_fault_for_test(call, this); }
  static void disarm() { set_io_fault_for_test(nullptr, nullptr); }
};

class Faults : public RegistryTest {};

TEST_F(Faults, EveryOperationOfAChangeMayFail) {
  for (const bool stays : {false, true}) {
    for (int n = 0; n < 40; ++n) {
      std::filesystem::remove_all(path());
      auto registry = open();
      registry->register_record(record("kept", "k"));
      Fault fault;
      fault.left = n;
      fault.stays = stays;
      fault.number = n % 2 == 0 ? EIO : ENOSPC;
      fault.arm();
      bool acknowledged = false;
      try {
        registry->register_record(record("new", "n"));
        acknowledged = true;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), FGX_IO) << error.message();
      }
      Fault::disarm();
      // The old state or the new one, and never less than was acknowledged.
      const size_t there = open()->list().size();
      ASSERT_GE(there, acknowledged ? 2u : 1u) << n;
      // And the handle works again, after a refresh where it asks for one.
      registry->refresh();
      registry->register_record(record("next", "x" + std::to_string(n)));
      ASSERT_EQ(open()->list().size(), registry->list().size()) << n;
      ASSERT_GE(registry->list().size(), acknowledged ? 3u : 2u);
    }
  }
}

TEST_F(Faults, ADiskThatFillsUpInTheMiddleOfALineLeavesTheOldState) {
  auto registry = open();
  registry->register_record(record("kept", "k"));
  const std::string before = slurp(file("_metadata.journal.1"));
  for (const size_t part : {1u, 9u, 50u}) {
    Fault fault;
    fault.any = false;
    fault.only = IoOperation::kWrite;
    fault.number = ENOSPC;
    fault.short_write = part;
    fault.stays = true;
    fault.arm();
    EXPECT_THAT(error_of(FGX_IO, [&] { registry->register_record(record("new", "n")); }),
                HasSubstr("No space left"));
    Fault::disarm();
    EXPECT_EQ(slurp(file("_metadata.journal.1")), before);
  }
  registry->register_record(record("new", "n"));
  EXPECT_EQ(open()->list().size(), 2u);
}

TEST_F(Faults, AFileSizeLimitIsAnError) {
  auto registry = open();
  registry->register_record(record("kept", "k"));
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  rlimit small = old;
  small.rlim_cur = slurp(file("_metadata.journal.1")).size() + 100;
  std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  error_of(FGX_IO, [&] { registry->register_record(record("new", "n")); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  registry->register_record(record("new", "n"));
  EXPECT_EQ(open()->list().size(), 2u);
}

TEST_F(Faults, AFailedSyncPoisonsUntilARescan) {
  auto registry = open();
  registry->register_record(record("kept", "k"));
  Fault fault;
  fault.any = false;
  fault.only = IoOperation::kSync;
  fault.arm();
  error_of(FGX_IO, [&] { registry->register_record(record("new", "n")); });
  Fault::disarm();
  EXPECT_THAT(error_of(FGX_IO, [&] { registry->register_record(record("other", "o")); }),
              HasSubstr("refresh the registry"));
  EXPECT_THAT(registry->report(), HasSubstr("\"poisoned\":true"));
  EXPECT_EQ(registry->list().size(), 1u);
  registry->refresh();
  registry->register_record(record("other", "o"));
  EXPECT_EQ(open()->list().size(), 2u);
}

TEST_F(Faults, EveryOperationOfOpeningAndCompactingMayFail) {
  for (int n = 0; n < 60; ++n) {
    std::filesystem::remove_all(path());
    {
      auto registry = open();
      registry->register_record(record("a", "1"));
      registry->compact();
      registry->register_record(record("b", "2"));
    }
    Fault fault;
    fault.left = n;
    fault.arm();
    try {
      auto registry = open();
      EXPECT_EQ(registry->list().size(), 2u);
      registry->compact();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_IO) << error.message();
    }
    Fault::disarm();
    auto registry = open();
    ASSERT_EQ(registry->list().size(), 2u) << n;
    registry->register_record(record("c", "3"));
    registry->compact();
    ASSERT_EQ(open()->list().size(), 3u) << n;
  }
}

TEST_F(Faults, MigrationMayFailAtEveryOperationAndLosesNothing) {
  const std::string original =
      "{\"version\":\"1.0\",\"ops\":{\"x\":{\"op_name\":\"x\"},\"y\":{\"op_name\":\"y\"}}}";
  for (int n = 0; n < 40; ++n) {
    std::filesystem::remove_all(path());
    std::filesystem::create_directory(path());
    spit(file("_metadata.json"), original);
    Fault fault;
    fault.left = n;
    fault.arm();
    try {
      open();
    } catch (const Error&) {
    }
    Fault::disarm();
    ASSERT_EQ(open()->list().size(), 2u) << n;
    ASSERT_EQ(slurp(file("_metadata.json.bak")), original) << n;
  }
}

#ifndef FGX_THREAD_SANITIZED
TEST_F(Faults, EveryAllocationOfAChangeMayFail) {
  fgx_registry* registry = nullptr;
  fgx_registry_options options{};
  options.struct_size = sizeof(options);
  options.flags = FGX_REGISTRY_NO_BASE;
  ASSERT_EQ(fgx_registry_open_with(path().c_str(), &options, &registry), FGX_OK);
  const std::string text = record("x", "x");
  const std::string patch = "{\"generation_info\":{\"n\":1}}";
  ASSERT_EQ(fgx_registry_register(registry, text.data(), text.size(), nullptr), FGX_OK);
  bool succeeded = false;
  int64_t acknowledged = 1;
  for (long n = 0; n < 3000 && !succeeded; ++n) {
    fgx_string* out = nullptr;
    t_allocations_left = n;
    const fgx_status status = fgx_registry_update(registry, "x", patch.data(), patch.size(), &out);
    const fgx_status code = status == FGX_OK ? FGX_OK : fgx_error_code(fgx_last_error());
    t_allocations_left = -1;
    ASSERT_TRUE(status == FGX_OK || status == FGX_OUT_OF_MEMORY) << n;
    ASSERT_EQ(code, status) << n;
    succeeded = status == FGX_OK;
    if (succeeded) ++acknowledged;
    fgx_string_destroy(out);
    // The handle shows what the disk holds, whatever happened.
    ASSERT_EQ(fgx_registry_get(registry, "x", &out), FGX_OK);
    const int64_t version = Json::parse(fgx_string_data(out)).get_int64("record_version");
    ASSERT_GE(version, acknowledged);
    acknowledged = version;
    fgx_string_destroy(out);
  }
  EXPECT_TRUE(succeeded);
  fgx_registry_close(registry);
  EXPECT_EQ(Json::parse(*open()->get("x")).get_int64("record_version"), acknowledged);
}

TEST_F(Faults, EveryAllocationOfOpeningAndReadingMayFail) {
  {
    auto registry = open();
    for (int i = 0; i < 3; ++i) registry->register_record(record("op", std::to_string(i)));
    registry->compact();
    registry->register_record(record("op", "last"));
  }
  const std::string where = path();
  fgx_registry_options options{};
  options.struct_size = sizeof(options);
  options.flags = FGX_REGISTRY_NO_BASE;
  bool succeeded = false;
  for (long n = 0; n < 5000 && !succeeded; ++n) {
    fgx_registry* registry = nullptr;
    fgx_string* records = nullptr;
    fgx_string* audit = nullptr;
    t_allocations_left = n;
    fgx_status status = fgx_registry_open_with(where.c_str(), &options, &registry);
    if (status == FGX_OK) status = fgx_registry_query(registry, "{\"op_name\":\"op\"}", &records);
    if (status == FGX_OK) status = fgx_registry_audit(registry, &audit);
    t_allocations_left = -1;
    ASSERT_TRUE(status == FGX_OK || status == FGX_OUT_OF_MEMORY)
        << n << fgx_error_message(fgx_last_error());
    succeeded = status == FGX_OK;
    if (succeeded) {
      EXPECT_EQ(Json::parse(fgx_string_data(records)).size(), 4u);
    }
    fgx_string_destroy(records);
    fgx_string_destroy(audit);
    fgx_registry_close(registry);
  }
  EXPECT_TRUE(succeeded);
  EXPECT_EQ(open()->list().size(), 4u);
}
#endif

TEST_F(Faults, TheFunctionsRefuseNullAndUnknownFlags) {
  fgx_registry* registry = nullptr;
  fgx_string* out = nullptr;
  EXPECT_EQ(fgx_registry_open(nullptr, &registry), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_registry_open(":memory:", nullptr), FGX_INVALID_ARGUMENT);
  fgx_registry_options options{};
  options.struct_size = sizeof(options);
  options.flags = 1u << 30;
  EXPECT_EQ(fgx_registry_open_with(":memory:", &options, &registry), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(registry, nullptr);
  ASSERT_EQ(fgx_registry_open(":memory:", &registry), FGX_OK);
  EXPECT_EQ(fgx_registry_register(registry, nullptr, 3, &out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_registry_register(nullptr, "{}", 2, &out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_registry_get(registry, nullptr, &out), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_registry_get(registry, "x", nullptr), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_registry_get(registry, "x", &out), FGX_METADATA_NOT_FOUND);
  EXPECT_EQ(out, nullptr);
  EXPECT_EQ(fgx_registry_query(registry, nullptr, &out), FGX_OK);
  EXPECT_GE(fgx_string_size(out), 2u);
  fgx_string_destroy(out);
  const std::string text = record("x", "x");
  const std::string results =
      "{\"measured_by\":\"t\",\"architecture\":\"a\",\"accuracy\":{\"passed\":true,\"test_cases\":"
      "1,"
      "\"coverage\":{}}}";
  EXPECT_EQ(fgx_registry_register(registry, text.data(), text.size(), &out), FGX_OK);
  fgx_string_destroy(out);
  EXPECT_EQ(fgx_registry_update_validation(registry, "x", results.data(), results.size(), &out),
            FGX_OK);
  fgx_string_destroy(out);
  EXPECT_EQ(fgx_registry_report(registry, &out), FGX_OK);
  fgx_string_destroy(out);
  EXPECT_EQ(fgx_registry_refresh(registry), FGX_OK);
  EXPECT_EQ(fgx_registry_compact(registry), FGX_OK);
  EXPECT_EQ(fgx_registry_compact(nullptr), FGX_INVALID_ARGUMENT);
  fgx_registry_close(registry);
  fgx_registry_close(nullptr);
}

}  // namespace
}  // namespace fgx
