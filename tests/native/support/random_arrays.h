// SPDX-License-Identifier: MIT
//
// Random arrays for a matrix of any layout, for devices that must agree on them.
#pragma once

#include <vector>

#include "guarded.h"
#include "quantnet.h"
#include "reference.h"

namespace test {

struct RandomArrays {
  qn_matrix view{};  // of the arrays below
  std::vector<uint8_t> codes, scales, zeros, group_index, levels, scale_levels, scale_scales;

  // Wide ones have thousands of columns.
  RandomArrays(qn_matrix_layout layout, Random& random, bool wide = false);
  RandomArrays(const RandomArrays&) = delete;
  RandomArrays& operator=(const RandomArrays&) = delete;
};

// Copies of them that end where memory does, or begin there.
class GuardedArrays {
 public:
  qn_matrix view;

  GuardedArrays(const RandomArrays& arrays, Guard guard);

 private:
  Guarded codes_, scales_, zeros_, group_index_, levels_, scale_levels_, scale_scales_;
};

}  // namespace test
