// SPDX-License-Identifier: Apache-2.0
// A shape with its sizes inline: as handy as a vector, but it never allocates, because no tensor has
// more than FGX_MAX_RANK dimensions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "flaggems_exp.h"

namespace fgx {

class Dims {
 public:
  using value_type = int64_t;
  using iterator = int64_t*;
  using const_iterator = const int64_t*;

  Dims() = default;
  Dims(std::initializer_list<int64_t> sizes) { assign(sizes.begin(), sizes.end()); }
  Dims(std::span<const int64_t> sizes) { assign(sizes.begin(), sizes.end()); }
  Dims(const std::vector<int64_t>& sizes) { assign(sizes.begin(), sizes.end()); }
  template <typename Iterator>
  requires std::input_iterator<Iterator> Dims(Iterator first, Iterator last) {
    assign(first, last);
  }
  Dims(size_t count, int64_t value) { resize(count, value); }
  Dims(const Dims& other) noexcept { copy(other); }
  Dims& operator=(const Dims& other) noexcept {
    if (this != &other) copy(other);
    return *this;
  }

  size_t size() const { return size_; }
  int ndim() const { return static_cast<int>(size_); }
  bool empty() const { return size_ == 0; }
  const int64_t* data() const { return sizes_; }
  int64_t* data() { return sizes_; }
  iterator begin() { return sizes_; }
  iterator end() { return sizes_ + size_; }
  const_iterator begin() const { return sizes_; }
  const_iterator end() const { return sizes_ + size_; }
  int64_t& operator[](size_t i) { return sizes_[i]; }
  int64_t operator[](size_t i) const { return sizes_[i]; }
  int64_t& front() { return sizes_[0]; }
  int64_t front() const { return sizes_[0]; }
  int64_t& back() { return sizes_[size_ - 1]; }
  int64_t back() const { return sizes_[size_ - 1]; }

  void clear() { size_ = 0; }
  void reserve(size_t) {}
  void resize(size_t count, int64_t value = 0) {
    check_rank(count);
    for (size_t i = size_; i < count; ++i) sizes_[i] = value;
    size_ = static_cast<uint32_t>(count);
  }
  void push_back(int64_t size) {
    check_rank(size_ + size_t{1});
    sizes_[size_++] = size;
  }
  void pop_back() { --size_; }
  template <typename Iterator>
  requires std::input_iterator<Iterator>
  void assign(Iterator first, Iterator last) {
    clear();
    for (; first != last; ++first) push_back(*first);
  }
  void assign(size_t count, int64_t value) {
    clear();
    resize(count, value);
  }
  iterator insert(const_iterator position, int64_t size) {
    const auto at = position - sizes_;
    push_back(size);
    std::rotate(sizes_ + at, sizes_ + size_ - 1, sizes_ + size_);
    return sizes_ + at;
  }
  iterator erase(const_iterator position) {
    const auto at = position - sizes_;
    std::copy(sizes_ + at + 1, sizes_ + size_, sizes_ + at);
    --size_;
    return sizes_ + at;
  }

  operator std::vector<int64_t>() const { return {begin(), end()}; }
  operator std::span<const int64_t>() const { return {sizes_, size_}; }
  friend bool operator==(const Dims& a, const Dims& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
  friend bool operator==(const Dims& a, const std::vector<int64_t>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  // Throws InvalidArgument: a tensor has at most FGX_MAX_RANK dimensions.
  static void check_rank(size_t count) {
    if (count > FGX_MAX_RANK) refuse_rank(count);
  }
  [[noreturn]] static void refuse_rank(size_t count);
  void copy(const Dims& other) noexcept {
    size_ = other.size_;
    for (uint32_t i = 0; i < size_; ++i) sizes_[i] = other.sizes_[i];
  }

  uint32_t size_ = 0;
  int64_t sizes_[FGX_MAX_RANK];  // only the first size_ are set
};

// "[2,3]", as call expressions and messages write a shape.
std::string shape_text(std::span<const int64_t> dims);

// Number of elements; throws InvalidArgument naming the shape when a dim is negative or the product
// (zero dims left aside, as strides are made of it) exceeds int64.
int64_t checked_numel(std::span<const int64_t> dims);

}  // namespace fgx
