// SPDX-License-Identifier: MIT
//
// The facts of the layouts of packed matrices, from their descriptions in formats/.
#pragma once

#include "../formats/matrix.h"
#include "quantnet.h"

namespace qn {

struct LayoutFacts {
  qn_matrix_layout layout;
  bool lines_are_rows;
  uint32_t bits, flags, arrays, needed;
  portable::Scales scales;
  uint64_t group;
  const char* name;
  const char* formula;
  uint64_t (*row_multiple)(uint32_t bits);
  uint64_t (*column_multiple)(uint32_t bits);
  uint64_t (*code_bytes)(const portable::Matrix& m);
  uint64_t (*scale_count)(const portable::Matrix& m);
  uint64_t (*zero_bytes)(const portable::Matrix& m);
};

extern const LayoutFacts kLayouts[];
extern const size_t kLayoutCount;

// The arrays that a matrix may have.
struct MatrixArray {
  const char* name;
  const uint8_t* portable::Matrix::* array;
  uint64_t (*bytes)(const LayoutFacts& facts, const portable::Matrix& m);  // if it has it

  uint64_t size(const LayoutFacts& facts, const portable::Matrix& m) const { return m.*array ? bytes(facts, m) : 0; }
};
inline constexpr int kMatrixArrayCount = 7;
extern const MatrixArray kMatrixArrays[kMatrixArrayCount];

// The place of a layout in kLayouts and in each table of kernels, or -1.
int layout_place(qn_matrix_layout layout);

}  // namespace qn
