// SPDX-License-Identifier: Apache-2.0
// Tests of the thread's last error.
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <thread>

#include "abi/abi.h"

namespace fgx {
namespace {

TEST(LastError, KeepsTheDetailUntilTheNextFailure) {
  EXPECT_EQ(abi_guard([] {
              Error error(FGX_FALLBACK_FAILED, "outer");
              Error inner(FGX_IO, "inner");
              error.with_op("aten::gelu").with_argument(2).with_cause(inner);
              throw error;
            }),
            FGX_FALLBACK_FAILED);
  const fgx_error* error = fgx_last_error();
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(fgx_error_code(error), FGX_FALLBACK_FAILED);
  EXPECT_STREQ(fgx_error_message(error), "outer");
  EXPECT_STREQ(fgx_error_operator(error), "aten::gelu");
  EXPECT_EQ(fgx_error_argument(error), 2);
  ASSERT_NE(fgx_error_cause(error), nullptr);
  EXPECT_STREQ(fgx_error_message(fgx_error_cause(error)), "inner");
  EXPECT_EQ(abi_guard([] {}), FGX_OK);
  EXPECT_EQ(fgx_last_error(), error);
}

TEST(LastError, IsPerThreadAndCanBeTaken) {
  abi_guard([] { fail(FGX_IO, "here"); });
  std::thread([] { EXPECT_EQ(fgx_last_error(), nullptr); }).join();
  fgx_error* taken = fgx_error_take();
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(fgx_last_error(), nullptr);
  EXPECT_EQ(fgx_error_take(), nullptr);
  abi_guard([] { fail(FGX_IO, "next"); });
  EXPECT_STREQ(fgx_error_message(taken), "here");
  fgx_error_destroy(taken);
}

TEST(LastError, MutedFailuresDoNotTouchIt) {
  abi_guard([] { fail(FGX_IO, "first"); });
  {
    const MutedErrors muted;
    EXPECT_EQ(abi_guard([] { fail(FGX_TIMEOUT, "inside a callback"); }), FGX_TIMEOUT);
    EXPECT_EQ(abi_guard([] { throw std::bad_alloc(); }), FGX_OUT_OF_MEMORY);
  }
  EXPECT_STREQ(fgx_error_message(fgx_last_error()), "first");
}

TEST(LastError, TurnsEverythingIntoAStatus) {
  EXPECT_EQ(abi_guard([] { throw std::bad_alloc(); }), FGX_OUT_OF_MEMORY);
  EXPECT_EQ(fgx_error_code(fgx_last_error()), FGX_OUT_OF_MEMORY);
  fgx_error* taken = fgx_error_take();
  fgx_error_destroy(taken);
  fgx_error_destroy(taken);  // the preallocated one is never freed
  EXPECT_EQ(abi_guard([] { throw std::runtime_error("x"); }), FGX_INTERNAL);
  EXPECT_EQ(abi_guard([] { throw 7; }), FGX_INTERNAL);
  EXPECT_EQ(abi_guard([] { throw std::length_error("x"); }), FGX_OUT_OF_MEMORY);
}

TEST(LastError, NullsAreHarmless) {
  EXPECT_EQ(fgx_error_code(nullptr), FGX_OK);
  EXPECT_STREQ(fgx_error_message(nullptr), "");
  EXPECT_STREQ(fgx_error_operator(nullptr), "");
  EXPECT_EQ(fgx_error_argument(nullptr), -1);
  EXPECT_EQ(fgx_error_cause(nullptr), nullptr);
  fgx_error_destroy(nullptr);
  EXPECT_STREQ(fgx_string_data(nullptr), "");
  EXPECT_EQ(fgx_string_size(nullptr), 0u);
  fgx_string_destroy(nullptr);
}

TEST(Status, NamesArePinned) {
  EXPECT_STREQ(fgx_status_string(FGX_INVALID_ARGUMENT), "InvalidArgument");
  EXPECT_STREQ(fgx_status_string(FGX_METADATA_NOT_FOUND), "MetadataNotFound");
  EXPECT_STREQ(fgx_status_string(4711), "Unknown");
  EXPECT_EQ(fgx_abi_version(), static_cast<uint32_t>(FGX_ABI_VERSION));
  EXPECT_STREQ(fgx_version(), "0.1.0");
}

TEST(ReadStruct, FillsWhatAnOlderCallerLacksAndRefusesWhatItDoesNotKnow) {
  struct Newer {
    fgx_registry_options base;
    uint64_t extra;
  } newer{};
  newer.base.struct_size = sizeof(newer);
  newer.base.flags = 5;
  EXPECT_EQ(read_struct(&newer.base, "options").flags, 5u);
  newer.extra = 1;
  EXPECT_THROW(read_struct(&newer.base, "options"), Error);
  fgx_registry_options older{};
  older.struct_size = 8;
  older.flags = 3;
  older.base_path = "ignored";
  EXPECT_EQ(read_struct(&older, "options").flags, 3u);
  EXPECT_EQ(read_struct(&older, "options").base_path, nullptr);
  older.struct_size = 0;
  EXPECT_THROW(read_struct(&older, "options"), Error);
}

}  // namespace
}  // namespace fgx
