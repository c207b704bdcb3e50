// SPDX-License-Identifier: MIT
//
// What a unit compiled for an instruction set exports: a table of kernels, a row for each format in the order of
// QN_FORMATS. This header is shared by code for different instruction sets, so it holds declarations only.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace qn {

// Formats a kernel can write, and their places in a row of the table.
inline constexpr int kOutputs = 3;  // f32, f16, bf16

// Decodes `blocks` whole blocks. Pure: any thread may run it on any part of the work.
using DequantizeKernel = void (*)(const uint8_t* source, uint8_t* destination, size_t blocks);

struct KernelRow {
  DequantizeKernel dequantize[kOutputs];
  const char* names[kOutputs];  // such as "avx512/Q4_K/f32"
  bool tuned;                   // written by hand for this format
};

#define QN_DECLARE_KERNELS(target)   \
  namespace target {                 \
  extern const KernelRow kKernels[]; \
  }

QN_DECLARE_KERNELS(scalar)
QN_DECLARE_KERNELS(avx2)
QN_DECLARE_KERNELS(avx512)
QN_DECLARE_KERNELS(avx512vbmi)

#undef QN_DECLARE_KERNELS

}  // namespace qn
