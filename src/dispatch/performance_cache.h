// SPDX-License-Identifier: Apache-2.0
// Statistics of measured implementations, by operator, device, signature, dtype, layout and the
// attributes that matter for speed.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/shared_text.h"
#include "dispatch/performance_key.h"

namespace fgx {

// How an implementation compared with a reference, over rounds that ran both on the same data, one
// after the other: reference time / own time.
struct TunedRatio {
  std::string reference;
  double mean = 0;  // geometric
  double low = 0;   // 95 % confidence
  double high = 0;
  int64_t rounds = 0;
};

// Whether a less trusted implementation may take the reference's place: the interval is clear of 1 and
// the gain is at least 3 %.
inline bool is_clear_gain(const TunedRatio& ratio) { return ratio.low > 1 && ratio.mean >= 1.03; }

struct ImplementationStats {
  double mean_us = 0;
  double deviation_us = 0;  // standard deviation
  double min_us = 0;
  int64_t samples = 0;
  int64_t failures = 0;
  int64_t updated_ns = 0;  // wall clock
  SharedText content_hash;
  bool slow = false;                        // proved slower than the threshold: to be avoided
  std::shared_ptr<const TunedRatio> ratio;  // null: not tuned; few rows are

  void add_sample(double us, int64_t now_ns);
  // Half-width of the 95 % interval of the mean; infinite with fewer than two samples.
  double mean_error() const;
};

// What makes a row valid: rows of other machines, drivers and versions are kept apart.
struct PerformanceIdentity {
  SharedText device;   // e.g. "AMD EPYC 9654, avx512, 2 threads"
  SharedText library;  // version
  friend bool operator==(const PerformanceIdentity&, const PerformanceIdentity&) = default;
};

struct PerformanceRow {
  PerformanceKey key;
  std::string shape;  // exact dims of a tuned shape; "" for the statistics of a whole signature
  PerformanceIdentity identity;
  std::map<SharedText, ImplementationStats, std::less<>> implementations;

  bool tuned() const { return !shape.empty(); }
  std::string id() const;
  // The one with the lowest mean; "" without samples.
  std::string best_implementation() const;
  Json to_json() const;
  static PerformanceRow from_json(JsonView row);
};

// One implementation's times of a tuning run, in rounds: times[r] was taken in round r.
struct TunedTimes {
  std::string implementation;
  std::vector<double> us;
  std::string content_hash;
};

// The rows of the same keys from both, per implementation the one with more samples, then the later,
// then the larger text: so that the result depends neither on order nor on repetition.
Json merge_cache_documents(JsonView a, JsonView b);

// The rows of a cache document. Throws MetadataInvalid when it is none.
JsonView cache_rows(JsonView document);

class PerformanceCache {
 public:
  PerformanceCache(PerformanceIdentity identity) : identity_(std::move(identity)) {}

  // Rows of whole signatures: at most `capacity`, the least recently used go first, each trusted for
  // `ttl_s` seconds after its last sample. Tuned rows do not age: decisions rest on them.
  void configure(size_t capacity, int64_t ttl_s);

  void record(const PerformanceKey& key, const std::string& implementation, double us,
              const std::string& content_hash);
  // The same, unless another thread is at it: then the sample is dropped. Never waits.
  bool try_record(const PerformanceKey& key, const std::string& implementation, double us,
                  const std::string& content_hash);
  void record_failure(const PerformanceKey& key, const std::string& implementation);
  void mark_slow(const PerformanceKey& key, const std::string& implementation);
  void record_tuned(const PerformanceKey& key, const std::string& shape,
                    const std::string& reference, const std::vector<TunedTimes>& times);

  std::optional<PerformanceRow> find(const PerformanceKey& key);
  std::optional<PerformanceRow> find_tuned(const PerformanceKey& key, const std::string& shape);
  // Tuned shapes of one signature.
  std::vector<PerformanceRow> tuned_in(const PerformanceKey& key);
  std::vector<PerformanceRow> tuned_rows();
  // Operator and exact shape of every tuned row.
  std::vector<std::pair<std::string, std::string>> tuned_shapes();

  void invalidate(std::string_view op);  // one operator's rows
  void clear();
  size_t size();

  Json to_json();
  struct ImportReport {
    int64_t rows = 0;
    int64_t imported = 0;
    int64_t skipped = 0;   // malformed
    int64_t foreign = 0;   // of another device or library version
    int64_t outdated = 0;  // of other content than the implementation's now
    std::vector<std::string> faults;
    Json to_json() const;
  };
  // `content_hash_of` says what an implementation's hash is now; rows of other content are skipped.
  using ContentHashOf = std::string (*)(void* context, const std::string& implementation);
  ImportReport import_rows(JsonView rows, ContentHashOf content_hash_of, void* context);

  // Rows that changed since the last call, for the overlay on disk.
  std::vector<PerformanceRow> take_changes();

 private:
  struct Slot {
    PerformanceRow row;
    std::list<const std::string*>::iterator place;  // in recent_, of rows that age
    bool changed = false;
  };
  Slot& slot_for(const PerformanceKey& key, const std::string& shape);
  Slot* fresh_slot(const std::string& id);
  void add(const PerformanceKey& key, const std::string& implementation, double us,
           const std::string& content_hash);
  void merge_row(const PerformanceRow& row);
  void erase(const std::string& id);
  void trim();

  const PerformanceIdentity identity_;
  std::mutex mutex_;
  size_t capacity_ = 1000;
  int64_t ttl_ns_ = int64_t{3600} * 1'000'000'000;
  std::unordered_map<std::string, Slot> rows_;
  std::list<const std::string*> recent_;  // keys in rows_ of ageing rows, most recently used first
  std::map<std::string, std::vector<std::string>> tuned_ids_;  // by the key's text
};

}  // namespace fgx
