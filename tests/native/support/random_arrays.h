// SPDX-License-Identifier: MIT
//
// Random arrays for a matrix of any layout, for devices that must agree on them.
#pragma once

#include <vector>

#include "quantnet.h"
#include "reference.h"

namespace test {

struct RandomArrays {
  qn_matrix view{};  // of the arrays below
  std::vector<uint8_t> codes, scales, zeros, group_index, levels, scale_levels, scale_scales;

  RandomArrays(qn_matrix_layout layout, Random& random);
  RandomArrays(const RandomArrays&) = delete;
  RandomArrays& operator=(const RandomArrays&) = delete;
};

}  // namespace test
