// SPDX-License-Identifier: MIT
//
// FLOAT8: 8-bit floats, E4M3, with a scale for the matrix, each output, each group, or each block of outputs and
// inputs.
//   w[o][i] = scale * E4M3(q)
//   weight  [out][in]
//   scales  [out / group_rows][in / group], the last ones of both may stand for less
// E4M3 is seeeemmm: no infinities, 0x7f and 0xff are NaN, the largest is 448.
// Source of the layout: compressed-tensors (float-quantized; weight_scale), DeepSeek-V3, inference/kernel.py
// (weight_dequant; weight_scale_inv, which is multiplied too). Of E4M3: OCP 8-bit Floating Point Specification 1.0.
#pragma once

#include "matrix.h"

namespace qn::QN_TARGET {

struct E4M3 {
  // Its bits, moved, are those of a half 2^8 times as small.
  QN_HD static uint32_t to_half(uint32_t code) { return (code & 0x80u) << 8 | (code & 0x7fu) << 7; }

  QN_HD static float to_float(uint32_t code) {
    if ((code & 0x7fu) == 0x7f) return float_from_bits(0x7fc00000);
    return Half::to_float(to_half(code)) * 256;
  }
};

struct FLOAT8 {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 8;
  static constexpr uint32_t kFlags = 0, kArrays = kGroupRows, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * q, q of E4M3";

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static constexpr uint64_t column_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows * m.columns; }
  static uint64_t scale_count(const Matrix& m) { return ((m.rows - 1) / m.group_rows + 1) * m.groups; }
  static uint64_t zero_bytes(const Matrix&) { return 0; }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const float scale = m.scale(row / m.group_rows * m.groups + m.group_of(column));
    return scale * E4M3::to_float(m.codes[row * m.columns + column]);
  }
};

}  // namespace qn::QN_TARGET
