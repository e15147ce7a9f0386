// SPDX-License-Identifier: Apache-2.0
// Guards, poison and seals.
#include "verify/honesty.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "verify/call_spec.h"
#include "verify/elements.h"

namespace fgx {
namespace {

constexpr size_t kGuardBytes = 256;
constexpr std::align_val_t kAlignment{64};
constexpr uint8_t kCanary = 0xc5;

}  // namespace

void GuardedTensor::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, kAlignment);
}

GuardedTensor::GuardedTensor(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> strides,
                             int64_t skew, int generation, fgx_device device)
    : device_(device), dtype_(dtype), shape_(std::move(shape)), strides_(std::move(strides)) {
  numel_ = product(shape_);
  extent_ = static_cast<size_t>(span_of(shape_, strides_) * size_of(dtype));
  first_ = kGuardBytes + static_cast<size_t>(generation % 8) * 64 +
           static_cast<size_t>(skew * size_of(dtype));
  size_ = first_ + extent_ + kGuardBytes;
  block_.reset(static_cast<std::byte*>(::operator new[](size_, kAlignment)));
  data_ = block_.get() + first_;
  std::memset(block_.get(), kCanary, size_);
  if (!on_host(device_)) there_ = std::make_unique<gpu::DeviceBlock>(device_, size_);
}

void* GuardedTensor::address() const {
  return there_ == nullptr ? data_ : static_cast<std::byte*>(there_->data()) + first_;
}

void GuardedTensor::send() {
  if (there_ != nullptr) there_->write(block_.get(), size_);
}

void GuardedTensor::fetch() {
  if (there_ != nullptr) there_->read(block_.get(), size_);
}

TensorView GuardedTensor::view() const {
  TensorView view;
  view.data = data_;
  view.shape = shape_.data();
  view.strides = strides_.data();
  view.numel = numel_;
  view.ndim = static_cast<int32_t>(shape_.size());
  view.dtype = dtype_;
  view.contiguous = strides_ == contiguous_strides(shape_);
  return view;
}

void GuardedTensor::poison(uint8_t byte) { std::memset(data_, byte, extent_); }

bool GuardedTensor::is_poison(int64_t index, uint8_t byte) const {
  int64_t offset = 0;
  for (size_t d = shape_.size(); d-- > 0;) {
    offset += index % shape_[d] * strides_[d];
    index /= shape_[d];
  }
  const std::byte* element = data_ + offset * size_of(dtype_);
  return std::all_of(element, element + size_of(dtype_),
                     [&](std::byte b) { return static_cast<uint8_t>(b) == byte; });
}

void GuardedTensor::seal() { sealed_.assign(block_.get(), block_.get() + size_); }

bool GuardedTensor::unchanged() const {
  return std::memcmp(sealed_.data(), block_.get(), size_) == 0;
}

const std::vector<uint8_t>& GuardedTensor::element_bytes() const {
  if (mask_.size() != extent_) {
    mask_.assign(extent_, 0);
    const auto item = static_cast<size_t>(size_of(dtype_));
    for_each_element(view(), [&](void* element, int64_t) {
      const size_t at = static_cast<size_t>(static_cast<std::byte*>(element) - data_);
      std::fill_n(mask_.begin() + static_cast<ptrdiff_t>(at), item, uint8_t{1});
    });
  }
  return mask_;
}

bool GuardedTensor::surroundings_intact() const {
  if (std::memcmp(sealed_.data(), block_.get(), first_) != 0) return false;
  const size_t end = first_ + extent_;
  if (std::memcmp(sealed_.data() + end, block_.get() + end, size_ - end) != 0) return false;
  if (extent_ == static_cast<size_t>(numel_ * size_of(dtype_))) return true;  // no gaps
  const std::vector<uint8_t>& mask = element_bytes();
  for (size_t i = 0; i < extent_; ++i) {
    if (mask[i] == 0 && sealed_[first_ + i] != data_[i]) return false;
  }
  return true;
}

std::vector<std::byte> GuardedTensor::contents() const {
  const auto item = static_cast<size_t>(size_of(dtype_));
  std::vector<std::byte> bytes(static_cast<size_t>(numel_) * item);
  for_each_element(view(), [&](void* element, int64_t i) {
    std::memcpy(bytes.data() + static_cast<size_t>(i) * item, element, item);
  });
  return bytes;
}

}  // namespace fgx
