// SPDX-License-Identifier: Apache-2.0
// Selection mode online: which candidate the next real call of a shape tries, and when it settles.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "dispatch/performance_cache.h"

namespace fgx {

class Explorations {
 public:
  struct Turn {
    size_t candidate = 0;
    bool record = false;  // false: a warm-up round
  };
  // The next turn of a shape whose candidates have these names. A change of the candidates starts
  // over.
  Turn next(const std::string& id, const std::vector<std::string>& candidates, int warmup);
  // Reports a turn. Returns true when every candidate has `rounds` times: `times` receives them, and
  // the exploration ends.
  bool report(const std::string& id, size_t candidate, double us, int rounds,
              std::vector<TunedTimes>& times);

 private:
  // Shapes explored at once; when there are more, the oldest knowledge is dropped.
  static constexpr size_t kMostShapes = 4096;
  struct State {
    std::vector<TunedTimes> times;
    int64_t turns = 0;
  };
  std::mutex mutex_;
  std::map<std::string, State> states_;
};

}  // namespace fgx
