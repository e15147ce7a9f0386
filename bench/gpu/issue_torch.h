// SPDX-License-Identifier: Apache-2.0
// PyTorch's add of two dense float32 matrices, from C++: built into issue_bench where libtorch is at hand.
#pragma once

#include <cstdint>

// Draws the operands on device 0, and makes a stream of PyTorch's current, which all of the program's launches use.
// Returns that stream.
void* torch_add_prepare(int64_t rows, int64_t columns);
// at::add_out on them: nothing is allocated.
void torch_add_run();
