// SPDX-License-Identifier: Apache-2.0
// Statistics: recording, ageing, capacity, documents, merge laws, and files that were damaged.
#include "dispatch/performance_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "dispatch/performance_store.h"

namespace fgx {
namespace {

int64_t g_now = 1'700'000'000'000'000'000;
int64_t test_clock() noexcept { return g_now; }

class PerformanceCacheTest : public ::testing::Test {
 protected:
  PerformanceCacheTest() { set_wall_clock_for_test(test_clock); }
  ~PerformanceCacheTest() override { set_wall_clock_for_test(nullptr); }

  static PerformanceKey key(const std::string& op, const std::string& signature = "1K") {
    return {op, "cpu", signature, "float32", "c", ""};
  }
  static PerformanceCache cache() { return PerformanceCache({"test cpu", "0.1.0"}); }
};

TEST_F(PerformanceCacheTest, MeanDeviationMinimumAndBest) {
  PerformanceCache stats({"test cpu", "0.1.0"});
  for (const double us : {10.0, 12.0, 14.0}) stats.record(key("aten::a"), "x", us, "");
  stats.record(key("aten::a"), "y", 11, "");
  const auto row = stats.find(key("aten::a"));
  ASSERT_TRUE(row);
  EXPECT_DOUBLE_EQ(row->implementations.at("x").mean_us, 12);
  EXPECT_DOUBLE_EQ(row->implementations.at("x").deviation_us, 2);
  EXPECT_DOUBLE_EQ(row->implementations.at("x").min_us, 10);
  EXPECT_EQ(row->implementations.at("x").samples, 3);
  EXPECT_EQ(row->best_implementation(), "y");
}

TEST_F(PerformanceCacheTest, LeastRecentlyUsedRowsGoFirst) {
  PerformanceCache stats({"test cpu", "0.1.0"});
  stats.configure(3, 3600);
  for (const char* op : {"a", "b", "c"}) stats.record(key(op), "x", 1, "");
  EXPECT_TRUE(stats.find(key("a")));
  stats.record(key("d"), "x", 1, "");
  EXPECT_TRUE(stats.find(key("a")));
  EXPECT_FALSE(stats.find(key("b")));
  EXPECT_EQ(stats.size(), 3u);
  stats.configure(1, 3600);
  EXPECT_EQ(stats.size(), 1u);
}

TEST_F(PerformanceCacheTest, ObservedRowsExpireTunedOnesDoNot) {
  PerformanceCache stats({"test cpu", "0.1.0"});
  stats.configure(100, 60);
  stats.record(key("a"), "x", 1, "");
  stats.record_tuned(key("a"), "1000", "x", {{"x", {1, 2, 3}, ""}, {"y", {1, 2, 3}, ""}});
  g_now += 61'000'000'000;
  EXPECT_FALSE(stats.find(key("a")));
  EXPECT_TRUE(stats.find_tuned(key("a"), "1000"));
  stats.record(key("a"), "x", 5, "");
  EXPECT_DOUBLE_EQ(stats.find(key("a"))->implementations.at("x").mean_us, 5);
}

TEST_F(PerformanceCacheTest, ChangedContentStartsOver) {
  PerformanceCache stats({"test cpu", "0.1.0"});
  stats.record(key("a"), "x", 1, "old");
  stats.record(key("a"), "x", 9, "new");
  EXPECT_EQ(stats.find(key("a"))->implementations.at("x").samples, 1);
  EXPECT_DOUBLE_EQ(stats.find(key("a"))->implementations.at("x").mean_us, 9);
}

TEST_F(PerformanceCacheTest, RatiosHaveIntervals) {
  PerformanceCache stats({"test cpu", "0.1.0"});
  stats.record_tuned(key("a"), "8", "base",
                     {{"base", {10, 10.1, 9.9, 10}, ""},
                      {"fast", {5, 5.05, 4.95, 5}, ""},
                      {"noisy", {4, 20, 6, 9}, ""}});
  const auto row = stats.find_tuned(key("a"), "8");
  ASSERT_TRUE(row);
  const TunedRatio& fast = *row->implementations.at("fast").ratio;
  EXPECT_NEAR(fast.mean, 2, 1e-9);
  EXPECT_TRUE(is_clear_gain(fast));
  const TunedRatio& noisy = *row->implementations.at("noisy").ratio;
  EXPECT_LT(noisy.low, 1);
  EXPECT_FALSE(is_clear_gain(noisy));
  EXPECT_FALSE(row->implementations.at("base").ratio);
}

TEST_F(PerformanceCacheTest, DocumentsRoundTripAndBadRowsAreSkippedOneByOne) {
  PerformanceCache stats({"test cpu", "0.1.0"});
  stats.record(key("a"), "x", 1.0 / 3, "hash");
  stats.record_tuned(key("b"), "8", "x", {{"x", {1, 2}, "hash"}, {"y", {3, 4}, "hash"}});
  const Json document = stats.to_json();
  PerformanceCache copy({"test cpu", "0.1.0"});
  const auto same = [](void*, const std::string&) { return std::string("hash"); };
  EXPECT_EQ(copy.import_rows(document.at("rows"), same, nullptr).imported, 2);
  EXPECT_EQ(copy.to_json().dump(), document.dump());

  Json rows = Json::array();
  rows.push(Json(document.at("rows").at(size_t{0})));
  rows.push(1).push("x").push(Json::object());
  Json broken(document.at("rows").at(size_t{1}));
  broken.set("implementations",
             Json::object().set("x", Json::object().set("mean_us", -1).set("samples", 3)));
  rows.push(broken);
  Json foreign(document.at("rows").at(size_t{1}));
  foreign.set("identity", Json::object().set("device", "another").set("library", "0.1.0"));
  rows.push(foreign);
  PerformanceCache careful({"test cpu", "0.1.0"});
  const auto report = careful.import_rows(rows, same, nullptr);
  EXPECT_EQ(report.rows, 6);
  EXPECT_EQ(report.imported, 1);
  EXPECT_EQ(report.skipped, 4);
  EXPECT_EQ(report.foreign, 1);
  const auto other = [](void*, const std::string&) { return std::string("changed"); };
  PerformanceCache outdated({"test cpu", "0.1.0"});
  EXPECT_EQ(outdated.import_rows(document.at("rows"), other, nullptr).imported, 0);
}

Json random_document(uint32_t seed) {
  std::minstd_rand random(seed);
  PerformanceCache stats({"test cpu", "0.1.0"});
  for (int i = 0; i < 30; ++i) {
    const std::string op = "aten::op" + std::to_string(random() % 4);
    const PerformanceKey row_key{op,        "cpu", std::to_string(1 << (random() % 3)),
                                 "float32", "c",   ""};
    const std::string name = "impl" + std::to_string(random() % 3);
    if (random() % 4 == 0) {
      stats.record_tuned(row_key, "8", "impl0",
                         {{"impl0", {1.0 + random() % 5, 2}, ""}, {name, {2, 3}, ""}});
    } else {
      stats.record(row_key, name, 1 + static_cast<double>(random() % 1000) / 7, "");
    }
    g_now += static_cast<int64_t>(random() % 3) * 1'000'000;
  }
  return stats.to_json();
}

TEST_F(PerformanceCacheTest, MergeIsCommutativeAssociativeAndIdempotent) {
  for (uint32_t seed = 1; seed < 20; ++seed) {
    const Json a = random_document(seed);
    const Json b = random_document(seed + 100);
    const Json c = random_document(seed + 200);
    const std::string ab = merge_cache_documents(a, b).dump();
    EXPECT_EQ(ab, merge_cache_documents(b, a).dump());
    EXPECT_EQ(merge_cache_documents(a, a).dump(), a.dump());
    EXPECT_EQ(merge_cache_documents(Json::parse(ab), b).dump(), ab);
    EXPECT_EQ(merge_cache_documents(Json::parse(ab), c).dump(),
              merge_cache_documents(a, merge_cache_documents(b, c)).dump());
  }
}

TEST_F(PerformanceCacheTest, MergeRefusesOtherDocuments) {
  const Json good = random_document(1);
  EXPECT_THROW(merge_cache_documents(good, Json::object()), Error);
  Json newer = good;
  newer.set("schema_version", "2.0");
  EXPECT_THROW(merge_cache_documents(good, newer), Error);
}

class PerformanceStoreTest : public PerformanceCacheTest {
 protected:
  PerformanceStoreTest() {
    folder_ = ::testing::TempDir() + "fgx_store_" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
  }
  ~PerformanceStoreTest() override { std::filesystem::remove_all(folder_); }
  std::string overlay() const { return folder_ + "/" + kOverlayFile; }
  PerformanceRow row(const std::string& op, double us) {
    PerformanceCache stats({"test cpu", "0.1.0"});
    stats.record(key(op), "x", us, "");
    return *stats.find(key(op));
  }
  std::string folder_;
};

TEST_F(PerformanceStoreTest, RowsAppendAndASkippedLineCostsOnlyItself) {
  append_rows(folder_, {row("a", 1)});
  append_rows(folder_, {row("b", 2)});
  EXPECT_EQ(load_rows(folder_).rows.size(), 2u);
  std::string text;
  {
    std::ifstream file(overlay());
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  for (size_t i = 0; i < text.size(); i += 7) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
    std::ofstream(overlay(), std::ios::trunc) << damaged;
    const StoredRows stored = load_rows(folder_);
    EXPECT_GE(stored.rows.size(), text[i] == '\n' ? 0u : 1u) << i;
    EXPECT_GE(stored.damaged_lines, 1) << i;
  }
  for (size_t size = 0; size < text.size(); size += 11) {
    std::ofstream(overlay(), std::ios::trunc) << text.substr(0, size);
    append_rows(folder_, {row("c", 3)});
    bool found = false;
    const StoredRows stored = load_rows(folder_);
    for (const JsonView item : stored.rows.elements()) found |= item.get_string("operator") == "c";
    EXPECT_TRUE(found) << size;
  }
}

TEST_F(PerformanceStoreTest, RepeatedRowsAreCompacted) {
  for (int i = 0; i < 50; ++i) append_rows(folder_, {row("a", i + 1)});
  EXPECT_LE(std::filesystem::file_size(overlay()), 4096u);
  EXPECT_GE(load_rows(folder_).rows.size(), 1u);
  remove_rows(folder_, "a");
  EXPECT_EQ(load_rows(folder_).rows.size(), 0u);
}

// Fails every write with a full disk, after `*left` operations.
int full_disk(void* data, IoOperation, size_t*) {
  int* const left = static_cast<int*>(data);
  return (*left)-- > 0 ? 0 : ENOSPC;
}

TEST_F(PerformanceStoreTest, AFullDiskLeavesTheRowsThatWereThere) {
  append_rows(folder_, {row("a", 1)});
  int failed = 0;
  for (int operations = 0; operations < 8; ++operations) {
    int left = operations;
    set_io_fault_for_test(full_disk, &left);
    bool ok = true;
    try {
      append_rows(folder_, {row("b", 2)});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_IO) << error.message();
      ok = false;
    }
    set_io_fault_for_test(nullptr, nullptr);
    failed += ok ? 0 : 1;
    // What was there is there, and what was added is whole or not there at all.
    bool before = false;
    const StoredRows stored = load_rows(folder_);
    for (const JsonView item : stored.rows.elements()) {
      before |= item.get_string("operator") == "a";
    }
    EXPECT_TRUE(before) << operations;
  }
  EXPECT_GT(failed, 0);
  append_rows(folder_, {row("c", 3)});
  EXPECT_EQ(load_rows(folder_).damaged_lines, 0);
}

TEST_F(PerformanceStoreTest, TwoWritersLoseNothing) {
  constexpr int kRows = 200;
  const auto writer = [&](const std::string& who) {
    for (int i = 0; i < kRows; ++i) append_rows(folder_, {row(who + std::to_string(i), 1)});
  };
  std::thread other(writer, "b");
  writer("a");
  other.join();
  const StoredRows stored = load_rows(folder_);
  EXPECT_EQ(stored.rows.size(), size_t{2} * kRows);
  EXPECT_EQ(stored.damaged_lines, 0);
}

TEST_F(PerformanceStoreTest, DocumentsOfANewerVersionAreNotRead) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/" + kBaseFile)
      << R"({"schema_version": "2.0", "kind": "performance_cache", "rows": [{}]})";
  EXPECT_EQ(load_rows(folder_).rows.size(), 0u);
  EXPECT_EQ(load_rows(folder_).damaged_lines, 1);
  std::ofstream(folder_ + "/" + kDecisionsFile)
      << R"({"schema_version": "2.0", "kind": "decisions", "decisions": []})";
  EXPECT_THROW(load_decisions(folder_), Error);
}

TEST_F(PerformanceStoreTest, TheBaseIsReadAndNeverWritten) {
  std::filesystem::create_directories(folder_);
  PerformanceCache base({"test cpu", "0.1.0"});
  base.record(key("base"), "x", 1, "");
  const std::string text = base.to_json().dump();
  std::ofstream(folder_ + "/" + kBaseFile) << text;
  append_rows(folder_, {row("a", 1)});
  EXPECT_EQ(load_rows(folder_).rows.size(), 2u);
  remove_rows(folder_, "");
  EXPECT_EQ(load_rows(folder_).rows.size(), 1u);
  std::ifstream file(folder_ + "/" + kBaseFile);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

}  // namespace
}  // namespace fgx
