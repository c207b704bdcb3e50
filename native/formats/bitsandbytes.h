// SPDX-License-Identifier: MIT
//
// bitsandbytes.
//
// BNB_4BIT (NF4, FP4): the matrix as one row of codes, input by input and output by output, the first of two in the
// *high* nibble, cut into blocks without regard to outputs.
//   w[n] = quant_map[q] * absmax[n / block],  n = o * in + i
//   weight      uint8 [ceil(out * in / 2)]
//   quant_map   float32 [16]
//   absmax      float32 [blocks]; or, double quantized, uint8, and then
//               absmax[b] = f32(nested_quant_map[code[b]] * nested_absmax[b / nested block]) + nested_offset
//               with two roundings
//
// LLM_INT8: a scale for each output.
//   w[o][i] = f32(weight[o][i] * SCB[o]) * f32(1 / 127)         with two roundings
//   weight  int8 [out][in]
//   SCB     float32 [out]
//
// Source of the layouts: bitsandbytes, bitsandbytes/functional.py (QuantState, dequantize_4bit) and
// backends/default/ops.py (int8_vectorwise_dequant).
#pragma once

#include "matrix.h"

namespace qn::QN_TARGET {

struct BNB_4BIT {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 4;
  static constexpr uint32_t kFlags = 0, kArrays = kLevels | kScaleLevels, kNeeded = kLevels;
  static constexpr Scales kScales = Scales::kFloat32;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * levels[q], q of 4 bits";

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static constexpr uint64_t column_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return (m.rows * m.columns + 1) / 2; }
  static uint64_t scale_count(const Matrix& m) { return (m.rows * m.columns - 1) / m.group + 1; }
  static uint64_t zero_bytes(const Matrix&) { return 0; }

  QN_HD static float scale(const Matrix& m, uint64_t block) {
    if (!m.scale_levels) return Matrix::float_at(m.scales, block);
    const float product =
        Matrix::float_at(m.scale_levels, m.scales[block]) * Matrix::float_at(m.scale_scales, block / m.scale_group);
    return product + m.scale_offset;
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t n = row * m.columns + column;
    const uint32_t byte = m.codes[n / 2];
    return scale(m, n / m.group) * Matrix::float_at(m.levels, n % 2 ? byte & 15 : byte >> 4);
  }
};

struct LLM_INT8 {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 8;
  static constexpr uint32_t kFlags = 0, kArrays = 0, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloat32;
  static constexpr uint64_t kGroup = kOneGroup;
  static constexpr char kFormula[] = "w = s * q / 127, q of 8 bits with a sign";

  static constexpr float kOneBy127 = 0x1.020408p-7f;

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static constexpr uint64_t column_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows * m.columns; }
  static uint64_t scale_count(const Matrix& m) { return m.rows; }
  static uint64_t zero_bytes(const Matrix&) { return 0; }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const auto q = static_cast<int8_t>(m.codes[row * m.columns + column]);
    const float product = static_cast<float>(q) * Matrix::float_at(m.scales, row);
    return product * kOneBy127;
  }
};

}  // namespace qn::QN_TARGET
