// SPDX-License-Identifier: Apache-2.0
// Tests of the configuration table.
#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace fgx {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), FGX_INVALID_ARGUMENT);
    return error.message();
  }
  return {};
}

TEST(Config, EveryDefaultIsLegalAndReadsBack) {
  for (const ConfigKey& key : config_keys()) {
    Config config;
    EXPECT_EQ(config.get(key.name), key.default_value);
    config.set(key.name, key.default_value);
    EXPECT_EQ(config.get(key.name), key.default_value);
  }
}

TEST(Config, ReadsEveryType) {
  Config config;
  config.set("dispatch_strategy", "aggressive");
  config.set("slow_threshold", "1.5");
  config.set("fallback_on_error", "0");
  config.set("cache_size", "17");
  config.set("min_status", "experimental");
  config.set("warning_level", "WARNING");
  EXPECT_EQ(config.dispatch_strategy, DispatchStrategy::kAggressive);
  EXPECT_EQ(config.slow_threshold, 1.5);
  EXPECT_FALSE(config.fallback_on_error);
  EXPECT_EQ(config.cache_size, 17);
  EXPECT_EQ(config.min_status, "EXPERIMENTAL");
  EXPECT_EQ(config.to_json().get_double("slow_threshold"), 1.5);
  EXPECT_EQ(config.to_json().get_string("warning_level"), "WARNING");
}

TEST(Config, IllegalValuesNameTheLegalOnes) {
  Config config;
  EXPECT_THAT(error_of([&] { config.set("dispatch_strategy", "fast"); }),
              HasSubstr("legal: safe, aggressive, off"));
  EXPECT_THAT(error_of([&] { config.set("profiling_repeat", "0"); }),
              HasSubstr("from 1 to 100000"));
  EXPECT_THAT(error_of([&] { config.set("profiling_repeat", "4294967297"); }), HasSubstr("from 1"));
  EXPECT_THAT(error_of([&] { config.set("profiling_repeat", "3x"); }), HasSubstr("from 1"));
  EXPECT_THAT(error_of([&] { config.set("slow_threshold", "nan"); }), HasSubstr("a number from 1"));
  EXPECT_THAT(error_of([&] { config.set("deterministic", "yes"); }), HasSubstr("true, false"));
  EXPECT_THAT(error_of([&] { config.set("log_level", "\x1b[31m"); }), HasSubstr("\\x1b[31m"));
  EXPECT_THAT(error_of([&] { config.set("cache_dir", "a\nb"); }), HasSubstr("a path"));
}

TEST(Config, UnknownKeysNameTheNearestAndAll) {
  Config config;
  const std::string message = error_of([&] { config.set("cachesize", "1"); });
  EXPECT_THAT(message, HasSubstr("did you mean 'cache_size'"));
  for (const ConfigKey& key : config_keys()) EXPECT_THAT(message, HasSubstr(key.name));
}

TEST(Config, AppliesAllOrNothing) {
  Config config;
  EXPECT_THAT(
      error_of([&] { config.apply_json(Json::parse("{\"cache_size\":5,\"cache_ttl\":-1}")); }),
      HasSubstr("/cache_ttl: "));
  EXPECT_EQ(config.cache_size, 1000);
  config.apply_json(
      Json::parse("{\"cache_size\":5,\"deterministic\":true,\"log_level\":\"DEBUG\"}"));
  EXPECT_EQ(config.cache_size, 5);
  EXPECT_TRUE(config.deterministic);
  const char* bad[] = {"FLAGGEMS_EXP_CACHE_SIZE=9", "FLAGGEMS_EXP_CACHE_TTL=x", nullptr};
  EXPECT_NE(error_of([&] { config.apply_environment(bad); }), "");
  EXPECT_EQ(config.cache_size, 5);
  const char* good[] = {"PATH=/bin", "FLAGGEMS_EXP_CACHE_SIZE=9", "FLAGGEMS_EXP_TEST_DATA=x",
                        nullptr};
  config.apply_environment(good);
  EXPECT_EQ(config.cache_size, 9);
}

TEST(Config, ReadsAFile) {
  const std::string path = ::testing::TempDir() + "fgx_config_test.json";
  write_file_atomic(path, "{\"num_threads\": 3}");
  Config config;
  config.apply_file(path);
  EXPECT_EQ(config.num_threads, 3);
  write_file_atomic(path, "{\"num_threads\": 3,}");
  EXPECT_THROW(config.apply_file(path), Error);
  std::remove(path.c_str());
  EXPECT_THROW(config.apply_file(path), Error);
}

TEST(Config, DocumentationEqualsTheTable) {
  if (const char* path = std::getenv("FGX_WRITE_DOCS")) {
    write_file_atomic(path, config_documentation());
    return;
  }
  const std::string page =
      read_file(std::string(FGX_SOURCE_DIR) + "/docs/configuration.md", 1 << 20);
  EXPECT_EQ(page, config_documentation())
      << "run scripts/generate_configuration_docs.py with the build directory";
}

}  // namespace
}  // namespace fgx
