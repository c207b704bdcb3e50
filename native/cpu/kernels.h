// SPDX-License-Identifier: MIT
//
// What a unit compiled for an instruction set exports: a table of kernels, a row for each format in the order of
// QN_FORMATS. This header is shared by code for different instruction sets, so it holds declarations only.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace qn {

// A macro's value as text, for names of kernels.
#define QN_STRING_OF(x) #x
#define QN_STRING(x) QN_STRING_OF(x)

// Formats a kernel can write, and their places in a row of the table.
inline constexpr int kOutputs = 3;  // f32, f16, bf16

// Decodes `blocks` whole blocks. Pure: any thread may run it on any part of the work.
using DequantizeKernel = void (*)(const uint8_t* source, uint8_t* destination, size_t blocks);

struct KernelRow {
  DequantizeKernel dequantize[kOutputs];
  DequantizeKernel streamed[kOutputs];  // the same, past the caches; destinations are aligned to kStreamAlignment
  const char* names[kOutputs];          // such as "avx512/Q4_K/f32"
  bool tuned;                           // written by hand for this format
};

inline constexpr size_t kStreamAlignment = 64;

struct KernelSet {
  const KernelRow* rows;
  // Copies past the caches, between any addresses; finish_streaming() must follow before others may look. Both are
  // nullptr, as are all `streamed`, where the set has no such stores.
  void (*stream)(uint8_t* to, const uint8_t* from, size_t bytes);
  void (*finish_streaming)();
};

#define QN_DECLARE_KERNELS(target) \
  namespace target {               \
  extern const KernelSet kKernels; \
  }

QN_DECLARE_KERNELS(scalar)
QN_DECLARE_KERNELS(avx2)
QN_DECLARE_KERNELS(avx512)
QN_DECLARE_KERNELS(avx512vbmi)

#undef QN_DECLARE_KERNELS

}  // namespace qn
