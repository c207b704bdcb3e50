// SPDX-License-Identifier: MIT
//
// The compiled kernels inside the library: one image for each format (and each layout of packed matrices) and target,
// with an entry for each output type, named such as Q4_K_f16; and one for each format that is encoded into, with the
// entry quantize_Q4_K alone. The build writes the table; it is empty in a build without CUDA kernels.
#pragma once

#include <stddef.h>

namespace qn::cuda {

struct Image {
  const char* subject;  // "Q4_K", "GPTQ", "quantize_Q4_K"
  int sm;               // the target: 75, 80, 90
  bool is_ptx;       // text that the driver compiles for any GPU from the target on; else machine code for the target
  const void* data;  // PTX ends in zero; machine code knows its size
};

extern const Image kImages[];
extern const size_t kImageCount;

}  // namespace qn::cuda
