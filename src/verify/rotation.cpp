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

int64_t last_level_cache_bytes(fgx_device device) {
  if (!on_host(device)) return gpu::device_facts(device).l2_bytes;
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
  const int in_place = spec_.in_place ? in_place_argument(*spec_.op) : -1;
  size_t aliased = 0;  // block of the in-place argument
  for (size_t i = 0; i < values_.tensor_count(); ++i) {
    const fgx_tensor& tensor = values_.tensor(i);
    const std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.ndim);
    const std::vector<int64_t> strides(tensor.strides, tensor.strides + tensor.ndim);
    const DType dtype = *from_code(tensor.dtype);
    sizes_.push_back(span_of(shape, strides) * size_of(dtype));
    values_.set_data(i, blocks_.emplace_back(allocate(sizes_.back())).get());
    if (values_.argument_of(i) == in_place) aliased = i;
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
  for (size_t i = 0; i < specs.size(); ++i) {
    fgx_tensor output{};
    if (i == 0 && in_place >= 0) {
      output = values_.tensor(aliased);
      output_blocks_.push_back(aliased);
    } else {
      output_blocks_.push_back(blocks_.size());
      std::vector<int64_t>& shape =
          dims_.emplace_back(specs[i].shape.begin(), specs[i].shape.end());
      std::vector<int64_t>& strides = dims_.emplace_back(contiguous_strides(shape));
      sizes_.push_back(product(shape) * size_of(specs[i].dtype));
      output.data = blocks_.emplace_back(allocate(sizes_.back())).get();
      std::memset(output.data, 0, static_cast<size_t>(sizes_.back()));
      output.device = {FGX_DEVICE_CPU, 0};
      output.ndim = static_cast<int32_t>(shape.size());
      output.dtype = info(specs[i].dtype).code;
      output.shape = shape.data();
      output.strides = strides.data();
    }
    outputs_.push_back(output);
  }
  for (const int64_t size : sizes_) bytes_ += size;
  if (!on_host(spec_.device)) move_to_device();
  std::vector<fgx_tensor*> pointers;
  for (fgx_tensor& output : outputs_) pointers.push_back(&output);
  call_.bind(*spec_.op, values_.values(), pointers);

  std::vector<void*>& first = data_.emplace_back();
  for (const TensorView& input : call_.inputs()) first.push_back(input.data);
  for (const TensorView& output : call_.outputs()) first.push_back(output.data);

  // Further copies: the same bytes elsewhere.
  const int64_t cache = last_level_cache_bytes(spec_.device);
  const int64_t wanted = bytes_ == 0 ? 1 : 2 * cache / bytes_ + 1;
  const int64_t affordable = bytes_ == 0 ? 1 : std::max<int64_t>(1, budget_bytes / bytes_);
  const int64_t copies = std::min({wanted, affordable, kMostCopies});
  const std::vector<void*> original = first;
  for (int64_t copy = 1; copy < copies; ++copy) {
    std::vector<void*> moved = original;
    for (size_t b = 0; b < sizes_.size(); ++b) {
      void* const from = there_.empty() ? blocks_[b].get() : there_[b].data();
      std::replace(moved.begin(), moved.end(), from, copy_of(b));
    }
    data_.push_back(std::move(moved));
  }
}

// A block of the first copy once more, where the call runs.
void* RotatedCall::copy_of(size_t block) {
  const auto bytes = static_cast<size_t>(sizes_[block]);
  if (on_host(spec_.device)) {
    Block& to = blocks_.emplace_back(allocate(sizes_[block]));
    std::memcpy(to.get(), blocks_[block].get(), bytes);
    return to.get();
  }
  gpu::DeviceBlock& to = there_.emplace_back(spec_.device, std::max<size_t>(bytes, 1));
  to.write(blocks_[block].get(), bytes);
  return to.data();
}

void RotatedCall::move_to_device() {
  for (size_t b = 0; b < sizes_.size(); ++b) copy_of(b);
  for (size_t i = 0; i < values_.tensor_count(); ++i) {
    values_.set_data(i, there_[i].data(), spec_.device);
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i].data = there_[output_blocks_[i]].data();
    outputs_[i].device = spec_.device;
  }
}

void RotatedCall::poison_outputs() const {
  for (const size_t block : output_blocks_) {
    const auto bytes = static_cast<size_t>(sizes_[block]);
    std::memset(blocks_[block].get(), 0xff, bytes);
    if (!there_.empty()) there_[block].write(blocks_[block].get(), bytes);
  }
}

std::vector<TensorView> RotatedCall::fetch_outputs() const {
  std::vector<TensorView> views(call_.outputs().begin(), call_.outputs().end());
  for (size_t i = 0; i < views.size(); ++i) {
    const size_t block = output_blocks_[i];
    if (!there_.empty()) {
      there_[block].read(blocks_[block].get(), static_cast<size_t>(sizes_[block]));
    }
    views[i].data = blocks_[block].get();
  }
  return views;
}

}  // namespace fgx
