// SPDX-License-Identifier: Apache-2.0
// log_softmax: rows held in registers between the passes, in one block or a cluster of blocks; rows of any
// strides and types.
#define FGX_OPERATOR log_softmax
#define FGX_LOG true
#include "kernels/gpu/softmax_kernels.h"
