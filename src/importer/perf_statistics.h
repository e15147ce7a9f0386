// SPDX-License-Identifier: Apache-2.0
// What two performance data files say together: pairs of configurations, and ratios of their times.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "importer/perf_data.h"

namespace fgx {

// One configuration of your file with its partner in FlagGems' file, if there is one.
struct PerfPair {
  const PerfConfig* yours = nullptr;
  const PerfConfig* flaggems = nullptr;  // nullptr: unmatched

  // Above 1: faster than FlagGems. Only with a partner.
  double speedup_vs_flaggems() const { return flaggems->time / yours->time; }
  // Below 1: faster than CUDA.
  double relative_to_cuda() const { return yours->time / yours->cuda_time; }
};

// An operator of your file. Points into the files.
struct PerfComparison {
  const PerfOperator* yours = nullptr;
  const PerfOperator* flaggems = nullptr;  // nullptr: FlagGems' file does not name it
  std::vector<PerfPair> pairs;             // every configuration of yours, in its order
  std::vector<const PerfConfig*> flaggems_only;
  size_t matched() const;
};

// Pairs configurations by exact operator name, shape and dtype. `flaggems` may be null. The result
// points into both files.
std::vector<PerfComparison> compare(const PerfFile& yours, const PerfFile* flaggems);

// Mean that does not depend on the order of its values beyond the last bit; nullopt for none.
std::optional<double> arithmetic_mean(const std::vector<double>& values);

struct Summary {
  size_t count = 0;
  double min = 0;
  double median = 0;
  double max = 0;
  double mean = 0;
  double geomean = 0;
};
// `values` are positive and not empty.
Summary summarize(std::vector<double> values);

}  // namespace fgx
