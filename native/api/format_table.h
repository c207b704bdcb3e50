// SPDX-License-Identifier: MIT
//
// The facts of the formats, from their descriptions in formats/.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "quantnet.h"

namespace qn {

struct FormatFacts {
  qn_format format;
  uint32_t values_per_block, bytes_per_block, values_per_group;
  const char* name;
  const char* formula;
};

extern const FormatFacts kFormats[];
extern const size_t kFormatCount;

// The place of a format in kFormats and in each table of kernels, or -1.
int format_place(qn_format format);

// The column of a format that kernels can write (see kOutputs), or -1.
int output_column(qn_format format);

}  // namespace qn
