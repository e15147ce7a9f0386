// SPDX-License-Identifier: Apache-2.0
// Memory that tells what an implementation did to it: guarded on both sides, poisoned before a run,
// compared after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backend/gpu/memory.h"
#include "tensor/device.h"
#include "tensor/tensor_view.h"

namespace fgx {

// Two poisons: an element that still holds the first after one run and the second after another was
// never written, whatever the right value is. The first is a NaN in every float type, -1 in integers;
// the second a large finite number.
inline constexpr uint8_t kPoisons[2] = {0xff, 0x7b};

// A tensor with canaries before, behind, and in the gaps that its strides leave. One of a device is this
// and a copy there: send() and fetch() carry the bytes, guards included; everything else speaks of what
// lies here.
class GuardedTensor {
 public:
  // `strides` in elements; `skew` elements are skipped at the start of the storage, so that the first
  // element is aligned to the element size only. `generation` moves the address, so that tensors of
  // successive runs never share it.
  GuardedTensor(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> strides, int64_t skew,
                int generation, fgx_device device = {FGX_DEVICE_CPU, 0});
  GuardedTensor(GuardedTensor&&) = default;
  GuardedTensor& operator=(GuardedTensor&&) = default;

  // Points into this object, which must not move meanwhile.
  TensorView view() const;
  void* data() const { return data_; }
  // Of the first element, where the tensor is used.
  void* address() const;
  fgx_device device() const { return device_; }
  void send();
  void fetch();
  const std::vector<int64_t>& shape() const { return shape_; }
  const std::vector<int64_t>& strides() const { return strides_; }
  DType dtype() const { return dtype_; }
  int64_t numel() const { return numel_; }

  // Overwrites elements and gaps with a byte.
  void poison(uint8_t byte);
  // Whether the element at this row-major index consists of that byte alone.
  bool is_poison(int64_t index, uint8_t byte) const;
  // Remembers all bytes as they are.
  void seal();
  // Whether no byte, guards included, differs from what seal() saw.
  bool unchanged() const;
  // Whether guards and gaps are as seal() saw them; elements may differ.
  bool surroundings_intact() const;
  // Row-major copy of the elements' bytes.
  std::vector<std::byte> contents() const;

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  const std::vector<uint8_t>& element_bytes() const;

  fgx_device device_;
  DType dtype_;
  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  int64_t numel_ = 0;
  size_t size_ = 0;    // of the whole block
  size_t first_ = 0;   // offset of the first element
  size_t extent_ = 0;  // bytes from the first element to the end of the last
  std::unique_ptr<std::byte[], Free> block_;
  std::byte* data_ = nullptr;
  std::unique_ptr<gpu::DeviceBlock> there_;  // null on the CPU
  std::vector<std::byte> sealed_;
  mutable std::vector<uint8_t> mask_;  // per byte of the extent: 1 where an element lies
};

}  // namespace fgx
