// SPDX-License-Identifier: Apache-2.0
// Gather, scatter and conversion of strided elements.
#include "kernels/common/strided.h"

#include <cstring>

#include "tensor/half.h"

namespace fgx {
namespace {

template <typename T>
T load_as(const void* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

template <typename T>
void store_as(void* element, T value) {
  std::memcpy(element, &value, sizeof value);
}

// Calls run(offset, stride, count) for each innermost run of elements [first, first + count).
template <typename Run>
void for_each_run(const Strided& region, int64_t first, int64_t count, Run&& run) {
  if (count <= 0) return;
  if (region.ndim == 0) return run(int64_t{0}, int64_t{0}, count);
  const int last = region.ndim - 1;
  int64_t index[FGX_MAX_RANK];
  int64_t offset = 0;
  int64_t rest = first;
  for (int d = last; d >= 0; --d) {
    index[d] = rest % region.sizes[d];
    rest /= region.sizes[d];
    offset += index[d] * region.strides[d];
  }
  while (true) {
    const int64_t left = region.sizes[last] - index[last];
    const int64_t length = left < count ? left : count;
    run(offset, region.strides[last], length);
    count -= length;
    if (count == 0) return;
    offset += (length - region.sizes[last]) * region.strides[last];
    index[last] = 0;
    for (int d = last - 1; d >= 0; --d) {
      offset += region.strides[d];
      if (++index[d] < region.sizes[d]) break;
      offset -= region.sizes[d] * region.strides[d];
      index[d] = 0;
    }
  }
}

template <typename Word>
void gather_words(const void* base, const Strided& region, int64_t first, int64_t count, void* to) {
  Word* out = static_cast<Word*>(to);
  for_each_run(region, first, count, [&](int64_t offset, int64_t stride, int64_t length) {
    const Word* in = static_cast<const Word*>(base) + offset;
    if (stride == 1) {
      std::memcpy(out, in, static_cast<size_t>(length) * sizeof(Word));
    } else {
      for (int64_t i = 0; i < length; ++i) std::memcpy(out + i, in + i * stride, sizeof(Word));
    }
    out += length;
  });
}

template <typename Word>
void scatter_words(const void* from, void* base, const Strided& region, int64_t first,
                   int64_t count) {
  const Word* in = static_cast<const Word*>(from);
  for_each_run(region, first, count, [&](int64_t offset, int64_t stride, int64_t length) {
    Word* out = static_cast<Word*>(base) + offset;
    if (stride == 1) {
      std::memcpy(out, in, static_cast<size_t>(length) * sizeof(Word));
    } else {
      for (int64_t i = 0; i < length; ++i) std::memcpy(out + i * stride, in + i, sizeof(Word));
    }
    in += length;
  });
}

// What the machine's own conversion gives out of range is fixed here: the smallest integer.
int64_t truncate(double value) {
  if (value >= -0x1p63 && value < 0x1p63) return static_cast<int64_t>(value);
  return INT64_MIN;
}

}  // namespace

void Strided::append(int64_t size, int64_t stride) {
  if (size == 1) return;
  count *= size;
  if (ndim > 0 && strides[ndim - 1] == stride * size) {
    sizes[ndim - 1] *= size;
    strides[ndim - 1] = stride;
    return;
  }
  sizes[ndim] = size;
  strides[ndim] = stride;
  ++ndim;
}

int64_t Strided::offset(int64_t index) const {
  int64_t result = 0;
  for (int d = ndim - 1; d >= 0; --d) {
    result += index % sizes[d] * strides[d];
    index /= sizes[d];
  }
  return result;
}

int64_t read_integer(DType dtype, const void* element) {
  switch (dtype) {
    case DType::kBool:
      return load_as<uint8_t>(element) != 0;
    case DType::kUInt8:
      return load_as<uint8_t>(element);
    case DType::kInt8:
      return load_as<int8_t>(element);
    case DType::kInt16:
      return load_as<int16_t>(element);
    case DType::kInt32:
      return load_as<int32_t>(element);
    case DType::kInt64:
      return load_as<int64_t>(element);
    default:
      return truncate(read_real(dtype, element));
  }
}

double read_real(DType dtype, const void* element) {
  switch (dtype) {
    case DType::kFloat16:
      return to_float(load_as<Float16>(element));
    case DType::kBFloat16:
      return to_float(load_as<BFloat16>(element));
    case DType::kFloat32:
      return load_as<float>(element);
    case DType::kFloat64:
      return load_as<double>(element);
    default:
      return static_cast<double>(read_integer(dtype, element));
  }
}

void write_integer(DType dtype, void* element, int64_t value) {
  switch (dtype) {
    case DType::kBool:
      return store_as<uint8_t>(element, value != 0);
    case DType::kUInt8:
      return store_as(element, static_cast<uint8_t>(value));
    case DType::kInt8:
      return store_as(element, static_cast<int8_t>(value));
    case DType::kInt16:
      return store_as(element, static_cast<int16_t>(value));
    case DType::kInt32:
      return store_as(element, static_cast<int32_t>(value));
    case DType::kInt64:
      return store_as(element, value);
    case DType::kFloat16:
      return store_as(element, to_float16(static_cast<float>(value)));
    case DType::kBFloat16:
      return store_as(element, to_bfloat16(static_cast<float>(value)));
    case DType::kFloat32:
      return store_as(element, static_cast<float>(value));
    case DType::kFloat64:
      return store_as(element, static_cast<double>(value));
  }
}

void write_real(DType dtype, void* element, double value) {
  switch (dtype) {
    case DType::kBool:
      return store_as<uint8_t>(element, value != 0);
    case DType::kFloat16:
      return store_as(element, to_float16(static_cast<float>(value)));
    case DType::kBFloat16:
      return store_as(element, to_bfloat16(static_cast<float>(value)));
    case DType::kFloat32:
      return store_as(element, static_cast<float>(value));
    case DType::kFloat64:
      return store_as(element, value);
    default:
      return write_integer(dtype, element, truncate(value));
  }
}

void gather(const void* base, DType from, const Strided& region, int64_t first, int64_t count,
            void* to, DType as) {
  if (from == as) {
    switch (size_of(from)) {
      case 1:
        return gather_words<uint8_t>(base, region, first, count, to);
      case 2:
        return gather_words<uint16_t>(base, region, first, count, to);
      case 4:
        return gather_words<uint32_t>(base, region, first, count, to);
      default:
        return gather_words<uint64_t>(base, region, first, count, to);
    }
  }
  const int64_t in_size = size_of(from);
  const int64_t out_size = size_of(as);
  const bool real = is_float(from);
  char* out = static_cast<char*>(to);
  for_each_run(region, first, count, [&](int64_t offset, int64_t stride, int64_t length) {
    const char* in = static_cast<const char*>(base) + offset * in_size;
    for (int64_t i = 0; i < length; ++i) {
      if (real) {
        write_real(as, out, read_real(from, in));
      } else {
        write_integer(as, out, read_integer(from, in));
      }
      in += stride * in_size;
      out += out_size;
    }
  });
}

void scatter(const void* from, DType dtype, void* base, const Strided& region, int64_t first,
             int64_t count) {
  switch (size_of(dtype)) {
    case 1:
      return scatter_words<uint8_t>(from, base, region, first, count);
    case 2:
      return scatter_words<uint16_t>(from, base, region, first, count);
    case 4:
      return scatter_words<uint32_t>(from, base, region, first, count);
    default:
      return scatter_words<uint64_t>(from, base, region, first, count);
  }
}

}  // namespace fgx
