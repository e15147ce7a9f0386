/* SPDX-License-Identifier: Apache-2.0 */
/* The header includes what it needs, and may be included twice. */
#include "flaggems_exp.h"

int fgx_header_is_c99(void);
int fgx_header_is_c99(void) { return FGX_ABI_VERSION_MAJOR; }
