// SPDX-License-Identifier: Apache-2.0
// The generator, the distributions and the table of arguments whose values are restricted.
#include "verify/inputs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "tensor/half.h"
#include "verify/elements.h"

namespace fgx {
namespace {

// SplitMix64's finalizer (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ull;

// In [0, 1), 53 bits.
double unit(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// Sum of 8 uniform 16-bit numbers, centred and scaled to deviation 1: additions and one product of
// exact numbers, so every platform computes the same double.
double bell(uint64_t a, uint64_t b) {
  int64_t sum = 0;
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<int64_t>((a >> (16 * i)) & 0xffff) +
           static_cast<int64_t>((b >> (16 * i)) & 0xffff);
  }
  constexpr double kMean = 8 * 65535.0 / 2;
  constexpr double kInverseDeviation = 1.868788571980e-5;  // 1 / sqrt(8 * (65536^2 - 1) / 12)
  return (static_cast<double>(sum) - kMean) * kInverseDeviation;
}

double large_scale(DType dtype, ValueRange range) {
  const bool wide = range == ValueRange::kElements;
  if (dtype == DType::kFloat16) return wide ? 200.0 : 8.0;
  return wide ? 1e4 : 100.0;
}

// The special values take turns, so that even a small tensor meets most of them. Subnormals have room
// below them: half of the smallest one is 0 in the type, and not in the oracle.
double special_real(DType dtype, uint64_t turn, bool negative, ValueRange range) {
  const double sign = negative ? -1.0 : 1.0;
  const FloatLimits& limits = float_limits(dtype);
  const bool subnormals = range == ValueRange::kElements || range == ValueRange::kTerms;
  switch (turn % (range == ValueRange::kElements ? 8 : 6)) {
    case 0:
      return range == ValueRange::kWeighted ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    case 1:
      return range == ValueRange::kWeighted ? sign : sign * std::numeric_limits<double>::infinity();
    case 2:
      return -0.0;
    case 3:
      return sign * (subnormals ? limits.smallest_normal / 4 : 0x1p-14);
    case 4:
      return sign * (subnormals ? limits.smallest_normal - limits.smallest_subnormal : 1.0);
    case 5:
      return 0.0;
    case 6:
      return sign * limits.largest;
    default:
      return sign * limits.smallest_normal;
  }
}

// Special values lie one to a block, at a random place. Where an element's result depends on it
// alone, blocks are short; where many elements meet in one result, every second block stays clean,
// so that not all results are NaN.
struct Special {
  bool here = false;
  uint64_t turn = 0;
};
Special special_at(uint64_t seed, uint64_t stream, uint64_t index, ValueRange range) {
  const bool wide = range == ValueRange::kElements;
  const uint64_t length = wide ? 8 : 32;
  const uint64_t block = index / length;
  if (!wide && block % 2 == 1) return {};
  const uint64_t place = random_bits(seed, stream ^ 0x5bd1e995, block) % length;
  return {index % length == place, (wide ? block : block / 2) + seed / kDistributionCount + stream};
}

double draw_real(DType dtype, Distribution distribution, uint64_t a, uint64_t b, Special special,
                 ValueRange range) {
  switch (distribution) {
    case Distribution::kUniform:
      return unit(a) * 4.0 - 2.0;
    case Distribution::kGrid:
      return static_cast<double>(static_cast<int64_t>(a % 17) - 8) * 0.5;
    case Distribution::kSpecial:
      return special.here ? special_real(dtype, special.turn, (a & 1) != 0, range) : bell(a, b);
    case Distribution::kSmall:
      return bell(a, b) * 0x1p-10;
    case Distribution::kLarge:
      return bell(a, b) * large_scale(dtype, range);
    case Distribution::kNormal:
      break;
  }
  return bell(a, b);
}

int64_t draw_integer(DType dtype, Distribution distribution, uint64_t a, Special special) {
  if (dtype == DType::kBool) return static_cast<int64_t>(a >> 63);
  const IntegerLimits limits = integer_limits(dtype);
  switch (distribution) {
    case Distribution::kUniform:
    case Distribution::kLarge:
      return static_cast<int64_t>(a);  // storing keeps the low bits
    case Distribution::kSpecial:
      if (special.here) {
        const int64_t specials[] = {limits.lowest, limits.highest, 0, -1, 1, limits.lowest + 1};
        return specials[special.turn % 6];
      }
      break;
    default:
      break;
  }
  return static_cast<int64_t>(a % 21) - 10;
}

// Arguments whose values must be legal for the operator to mean anything.
struct HintRow {
  std::string_view op;
  std::string_view argument;
  ValueHint::Kind kind;
  std::string_view limited_by;  // kIndex: the argument that is pointed into
  // Its dimension that is the limit; -1: whichever is smallest, where that depends on the call.
  int dim = 0;
};
constexpr HintRow kHints[] = {
    {"embedding", "indices", ValueHint::Kind::kIndex, "weight"},
    {"soft_margin_loss", "target", ValueHint::Kind::kSign, ""},
    {"apply_rotary_pos_emb", "position_ids", ValueHint::Kind::kIndex, "cos"},
    {"index_select", "index", ValueHint::Kind::kIndex, "self", -1},
    {"gather", "index", ValueHint::Kind::kIndex, "self", -1},
    {"scatter", "index", ValueHint::Kind::kIndex, "self", -1},
    {"cross_entropy_loss", "target", ValueHint::Kind::kIndex, "self", -1},
};

}  // namespace

uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t index) {
  const uint64_t key = mix(seed + kGolden) ^ mix(stream * kGolden + 0x632be59bd9b4e019ull);
  return mix(key + index * kGolden);
}

int64_t random_below(uint64_t seed, uint64_t stream, uint64_t index, int64_t bound) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(random_bits(seed, stream, index)) *
      static_cast<uint64_t>(bound);
  return static_cast<int64_t>(product >> 64);
}

const char* distribution_name(Distribution distribution) {
  switch (distribution) {
    case Distribution::kNormal:
      return "normal";
    case Distribution::kUniform:
      return "uniform";
    case Distribution::kGrid:
      return "grid";
    case Distribution::kSpecial:
      return "special";
    case Distribution::kSmall:
      return "small";
    case Distribution::kLarge:
      return "large";
  }
  return "";
}

ValueHint value_hint(const OperatorDef& op, int argument,
                     std::span<const std::vector<int64_t>> shapes) {
  const std::string& name = op.schema.arguments[static_cast<size_t>(argument)].name;
  for (const HintRow& row : kHints) {
    if (row.op != op.schema.name || row.argument != name) continue;
    ValueHint hint{row.kind, 0};
    if (row.kind == ValueHint::Kind::kIndex) {
      const std::vector<int64_t>& shape =
          shapes[static_cast<size_t>(op.schema.find(row.limited_by))];
      if (row.dim < 0) {
        hint.limit = shape.empty() ? 1 : *std::min_element(shape.begin(), shape.end());
      } else if (!shape.empty()) {
        hint.limit = shape[static_cast<size_t>(row.dim)];
      }
    }
    return hint;
  }
  return {};
}

void fill_values(const TensorView& tensor, const ValueHint& hint, uint64_t seed, uint64_t stream,
                 ValueRange range) {
  const Distribution distribution = distribution_of(seed);
  const uint64_t second = ~stream;
  for_each_element(tensor, [&](void* element, int64_t i) {
    const uint64_t index = static_cast<uint64_t>(i);
    const uint64_t a = random_bits(seed, stream, index);
    if (hint.kind == ValueHint::Kind::kIndex) {
      const int64_t value =
          hint.limit > 0 ? random_below(seed, stream, index, hint.limit) : int64_t{0};
      store_integer(element, tensor.dtype, value);
      return;
    }
    if (hint.kind == ValueHint::Kind::kSign) {
      store_number(element, tensor.dtype, (a >> 63) != 0 ? 1.0 : -1.0);
      return;
    }
    const uint64_t b = random_bits(seed, second, index);
    const Special special =
        distribution == Distribution::kSpecial ? special_at(seed, stream, index, range) : Special{};
    if (is_float(tensor.dtype)) {
      double value = draw_real(tensor.dtype, distribution, a, b, special, range);
      if (hint.kind == ValueHint::Kind::kPositive) value = std::fabs(value) + 0x1p-20;
      store_real(element, tensor.dtype, value);
    } else {
      store_integer(element, tensor.dtype, draw_integer(tensor.dtype, distribution, a, special));
    }
  });
}

void fill_input(const OperatorDef& op, int argument, int tensor_index, const TensorView& tensor,
                std::span<const std::vector<int64_t>> shapes, uint64_t seed) {
  ValueRange range = ValueRange::kTerms;
  if (op.family == Family::kPointwise || op.family == Family::kSelect) {
    range = ValueRange::kElements;
  } else if (op.family == Family::kBlas || op.family == Family::kAttention) {
    range = ValueRange::kFactors;
    const std::string& name = op.schema.arguments[static_cast<size_t>(argument)].name;
    if (name == "key" || name == "value") range = ValueRange::kWeighted;
  }
  fill_values(tensor, value_hint(op, argument, shapes), seed,
              static_cast<uint64_t>(argument) * 1024 + static_cast<uint64_t>(tensor_index), range);
}

void fill_call_input(const Call& call, int argument, int place, const TensorView& view,
                     uint64_t seed) {
  std::vector<std::vector<int64_t>> shapes(call.arguments().size());
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (call.arguments()[i].tensor_count == 0) continue;
    const TensorView& first = call.tensor(static_cast<int>(i));
    shapes[i].assign(first.shape, first.shape + first.ndim);
  }
  fill_input(call.op(), argument, place, view, shapes, seed_of(seed, Distribution::kNormal));
}

}  // namespace fgx
