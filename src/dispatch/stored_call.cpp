// SPDX-License-Identifier: Apache-2.0
// Copies arguments by their tags.
#include "dispatch/stored_call.h"

#include <cstring>

#include "base/error.h"

namespace fgx {

StoredCall::StoredCall(const fgx_invocation& invocation)
    : flags_(invocation.flags), device_(invocation.device) {
  for (int32_t i = 0; i < invocation.nargs; ++i) args_.push_back(store(invocation.args[i]));
  for (int32_t i = 0; i < invocation.nouts; ++i) {
    const fgx_tensor* out = invocation.outs[i];
    outs_.push_back(out == nullptr ? nullptr : const_cast<fgx_tensor*>(store(*out)));
  }
}

fgx_invocation StoredCall::invocation() const {
  fgx_invocation invocation{};
  invocation.struct_size = sizeof invocation;
  invocation.flags = flags_;
  invocation.device = device_;
  invocation.args = args_.data();
  invocation.nargs = static_cast<int32_t>(args_.size());
  invocation.outs = outs_.data();
  invocation.nouts = static_cast<int32_t>(outs_.size());
  return invocation;
}

const fgx_tensor* StoredCall::store(const fgx_tensor& tensor) {
  fgx_tensor& copy = tensors_.emplace_back(tensor);
  const auto dims = [&](const int64_t* source) -> int64_t* {
    if (source == nullptr) return nullptr;
    return integers_.emplace_back(source, source + tensor.ndim).data();
  };
  copy.shape = dims(tensor.shape);
  copy.strides = dims(tensor.strides);
  return &copy;
}

fgx_value StoredCall::store(const fgx_value& value) {
  fgx_value copy = value;
  switch (value.tag) {
    case FGX_TAG_STRING:
    case FGX_TAG_BOOL_LIST: {
      const auto* begin = value.as.booleans;
      copy.as.booleans = bytes_.emplace_back(begin, begin + value.size).data();
      break;
    }
    case FGX_TAG_INT_LIST:
    case FGX_TAG_FLOAT_LIST: {
      std::vector<int64_t>& words = integers_.emplace_back(value.size);
      if (value.size != 0) std::memcpy(words.data(), value.as.ints, value.size * sizeof(int64_t));
      copy.as.ints = words.data();
      break;
    }
    case FGX_TAG_TENSOR:
      if (value.as.tensor != nullptr) copy.as.tensor = store(*value.as.tensor);
      break;
    case FGX_TAG_TENSOR_LIST:
    case FGX_TAG_OPTIONAL_TENSOR_LIST: {
      std::vector<const fgx_tensor*>& list = lists_.emplace_back();
      for (uint32_t i = 0; i < value.size; ++i) {
        const fgx_tensor* tensor = value.as.tensors[i];
        list.push_back(tensor == nullptr ? nullptr : store(*tensor));
      }
      copy.as.tensors = list.data();
      break;
    }
    default:
      break;
  }
  return copy;
}

}  // namespace fgx
