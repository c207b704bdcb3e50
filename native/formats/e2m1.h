// SPDX-License-Identifier: MIT
//
// E2M1, the four-bit float of MXFP4 and NVFP4 (s ee m: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives), as integers
// twice as large; the formats' scales are halved to make up for it. Code 8, negative zero, decodes as 0, as in ggml.
// Source: OCP Microscaling Formats (MX) Specification 1.0, 5.3.3; ggml, ggml-common.h (kvalues_mxfp4).
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

QN_TABLE int8_t kE2M1Doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

}  // namespace qn::QN_TARGET
