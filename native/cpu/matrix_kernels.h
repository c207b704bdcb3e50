// SPDX-License-Identifier: MIT
//
// What a unit compiled for an instruction set exports for packed matrices: a row of kernels for each layout, in the
// order of QN_MATRICES. Declarations only, as in kernels.h.
#pragma once

#include "kernels.h"

namespace qn {

// A part of a packed matrix: `lines` neighbouring lines, `elements` neighbouring codes of each. A line is a row of the
// matrix, or a column where the layout keeps rows side by side (see Lines in formats/matrix.h).
struct MatrixRegion {
  uint64_t line, lines, element, elements;
};

// Orders of results: a line after the other, or transposed.
inline constexpr int kOrders = 2;

// Decodes a region. `matrix` is a Matrix of formats/matrix.h, `to` the place of the region's first result, `stride` the
// results from one line to the next (transposed: from one element to the next). Pure, like all kernels.
using MatrixKernel = void (*)(const void* matrix, const MatrixRegion& region, uint8_t* to, size_t stride);

struct MatrixKernelRow {
  MatrixKernel dequantize[kOrders][kOutputs];
  MatrixKernel streamed[kOrders][kOutputs];  // past the caches, if rows of results begin and end with cache lines
  const char* names[kOutputs];               // such as "avx512/GPTQ/f32"
  uint32_t tuned;                            // bit b is set if there are vectors for codes of b bits
};

#define QN_DECLARE_MATRICES(target)         \
  namespace target {                        \
  extern const MatrixKernelRow kMatrices[]; \
  }

QN_DECLARE_MATRICES(scalar)
QN_DECLARE_MATRICES(avx2)
QN_DECLARE_MATRICES(avx512)

#undef QN_DECLARE_MATRICES

}  // namespace qn
