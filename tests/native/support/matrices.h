// SPDX-License-Identifier: MIT
//
// Packed matrices for tests: drawn as codes, zero points and scales, and packed here, in the tests' own way.
#pragma once

#include <string>
#include <vector>

#include "quantnet.h"

namespace test {

// What a matrix is to be like.
struct MatrixShape {
  qn_matrix_layout layout;
  uint32_t bits;
  uint64_t rows, columns, group_size;
  qn_format scale_format;
  bool symmetric;  // no zero points
  bool indexed;    // groups of columns are shuffled
  uint32_t flags;
};

struct PackedMatrix {
  MatrixShape shape;
  std::vector<uint8_t> codes, scales, zeros, group_index;
  std::vector<float> weights;  // [rows][columns]

  qn_matrix view() const;
};

PackedMatrix draw_matrix(const MatrixShape& shape, uint64_t seed);

// Small matrices of every layout, with all bits, kinds of scales, group sizes and flags.
std::vector<MatrixShape> matrix_shapes();

std::string describe(const MatrixShape& shape);

}  // namespace test
