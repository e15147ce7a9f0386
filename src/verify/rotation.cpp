// SPDX-License-Identifier: Apache-2.0
// Allocation and filling of the copies.
#include "verify/rotation.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "verify/cases.h"
#include "verify/inputs.h"

namespace fgx {
namespace {

constexpr std::align_val_t kAlignment{64};
// Small tensors need many copies to fill a cache; their bookkeeping must stay small beside them.
constexpr int64_t kMostCopies = 1024;

}  // namespace

int64_t last_level_cache_bytes() {
  for (const int name : {_SC_LEVEL4_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE}) {
    const long bytes = sysconf(name);
    if (bytes > 0) return bytes;
  }
  return 0;
}

void RotatedCall::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, kAlignment);
}

RotatedCall::Block RotatedCall::allocate(int64_t bytes) const {
  return Block(static_cast<std::byte*>(
      ::operator new[](static_cast<size_t>(std::max<int64_t>(bytes, 64)), kAlignment)));
}

RotatedCall::RotatedCall(const CallSpec& spec, uint64_t seed, int64_t budget_bytes)
    : spec_(spec), values_(spec_) {
  // The first copy: drawn. Inputs come in Call::inputs() order, wrapped numbers left aside.
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < values_.tensor_count(); ++i) {
    const fgx_tensor& tensor = values_.tensor(i);
    const std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.ndim);
    const std::vector<int64_t> strides(tensor.strides, tensor.strides + tensor.ndim);
    const DType dtype = *from_code(tensor.dtype);
    sizes.push_back(span_of(shape, strides) * size_of(dtype));
    values_.set_data(i, blocks_.emplace_back(allocate(sizes.back())).get());
  }
  call_.bind(*spec_.op, values_.values(), {});
  size_t drawn = 0;
  for (const TensorView& input : call_.inputs()) {
    if (input.wrapped_number) continue;
    fill_input(*spec_.op, values_.argument_of(drawn), values_.place_of(drawn), input,
               values_.first_shapes(), seed);
    ++drawn;
  }
  const std::vector<OutputSpec> specs = call_.infer();
  const int in_place = spec_.in_place ? in_place_argument(*spec_.op) : -1;
  for (size_t i = 0; i < specs.size(); ++i) {
    fgx_tensor output{};
    if (i == 0 && in_place >= 0) {
      for (size_t t = 0; t < values_.tensor_count(); ++t) {
        if (values_.argument_of(t) == in_place) output = values_.tensor(t);
      }
    } else {
      std::vector<int64_t>& shape =
          dims_.emplace_back(specs[i].shape.begin(), specs[i].shape.end());
      std::vector<int64_t>& strides = dims_.emplace_back(contiguous_strides(shape));
      sizes.push_back(product(shape) * size_of(specs[i].dtype));
      output.data = blocks_.emplace_back(allocate(sizes.back())).get();
      std::memset(output.data, 0, static_cast<size_t>(sizes.back()));
      output.device = {FGX_DEVICE_CPU, 0};
      output.ndim = static_cast<int32_t>(shape.size());
      output.dtype = info(specs[i].dtype).code;
      output.shape = shape.data();
      output.strides = strides.data();
    }
    outputs_.push_back(output);
  }
  std::vector<fgx_tensor*> pointers;
  for (fgx_tensor& output : outputs_) pointers.push_back(&output);
  call_.bind(*spec_.op, values_.values(), pointers);

  std::vector<void*>& first = data_.emplace_back();
  for (const TensorView& input : call_.inputs()) first.push_back(input.data);
  for (const TensorView& output : call_.outputs()) first.push_back(output.data);
  for (const int64_t size : sizes) bytes_ += size;

  // Further copies: the same bytes elsewhere.
  const int64_t cache = last_level_cache_bytes();
  const int64_t wanted = bytes_ == 0 ? 1 : 2 * cache / bytes_ + 1;
  const int64_t affordable = bytes_ == 0 ? 1 : std::max<int64_t>(1, budget_bytes / bytes_);
  const int64_t copies = std::min({wanted, affordable, kMostCopies});
  const std::vector<void*> original = first;
  const size_t blocks = blocks_.size();
  for (int64_t copy = 1; copy < copies; ++copy) {
    std::vector<void*> moved = original;
    for (size_t b = 0; b < blocks; ++b) {
      void* const from = blocks_[b].get();
      Block& to = blocks_.emplace_back(allocate(sizes[b]));
      std::memcpy(to.get(), from, static_cast<size_t>(sizes[b]));
      std::replace(moved.begin(), moved.end(), from, static_cast<void*>(to.get()));
    }
    data_.push_back(std::move(moved));
  }
}

}  // namespace fgx
