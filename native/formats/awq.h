// SPDX-License-Identifier: MIT
//
// AWQ: codes of 4 bits in groups of input features. Three layouts:
//
// GEMM, of most checkpoints: words hold eight outputs of one input, dealt out.
//   w[o][i] = scales[g][o] * (q - z),  g = i / group
//   qweight  int32 [in][out / 8]      77775555 33331111 66664444 22220000   outputs 8 k + 0..7 of word k
//   qzeros   int32 [groups][out / 8]  the same
//   scales   [groups][out]
//
// GEMV: words hold eight inputs of one output, in order.
//   w[o][i] = scales[o][g] * (q - z)
//   qweight  int32 [out][in / 8]
//   qzeros   int32 [out][width]      groups in order; width is groups / 8, rounded up and then further (see below)
//   scales   [out][8 * width]
//
// GEMV_FAST: four outputs are interleaved, and zero points are products.
//   w[o][i] = q * scales[g][o] + qzeros[g][o]      of float32 scales the product is rounded too
//   qweight  int16 [out / 4][in]
//   qzeros   [8 * width][out]        -scale * zero
//   scales   [8 * width][out]
//   Of inputs i and outputs o the code is nibble n % 4 of word [o / 4][i / 64 * 64 + n / 4], where
//   n = o % 4 * 64 + (i & 32) + p, and p are the low five bits of i, aabbc, as bbcaa.
//
// Source of the layout: AutoAWQ, awq/modules/linear/gemm.py, gemv.py and gemv_fast.py (from_linear), and
// awq/utils/packing_utils.py (calculate_zeros_width).
#pragma once

#include "matrix.h"

namespace qn::QN_TARGET {

struct AWQ_GEMM {
  static constexpr Lines kLines = Lines::kColumns;
  static constexpr uint32_t kBits = 1 << 4;
  static constexpr uint32_t kFlags = 0, kArrays = kZeros, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * (q - z), q of 4 bits, outputs dealt out in words";

  static constexpr uint64_t row_multiple(uint32_t) { return 8; }
  static constexpr uint64_t column_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return m.columns * (m.rows / 2); }
  static uint64_t scale_count(const Matrix& m) { return m.groups * m.rows; }
  static uint64_t zero_bytes(const Matrix& m) { return m.groups * (m.rows / 2); }

  // The bit of a word where output j of its eight stands.
  QN_HD static constexpr uint32_t bit(uint32_t j) { return (j % 2 * 4 + j / 2) * 4; }

  QN_HD static int code(const uint8_t* words, const Matrix& m, uint64_t line, uint64_t row) {
    return static_cast<int>(Matrix::word(words, line * (m.rows / 8) + row / 8) >> bit(row % 8) & 15);
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = m.group_of(column);
    const int zero = m.zeros ? code(m.zeros, m, group, row) : 8;
    return m.scale(group * m.rows + row) * static_cast<float>(code(m.codes, m, column, row) - zero);
  }
};

struct AWQ_GEMV {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 4;
  static constexpr uint32_t kFlags = 0, kArrays = kZeros, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * (q - z), q of 4 bits";

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static constexpr uint64_t column_multiple(uint32_t) { return 8; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows * (m.columns / 2); }
  static uint64_t scale_count(const Matrix& m) { return m.rows * 8 * zero_words(m.groups, m.group); }
  static uint64_t zero_bytes(const Matrix& m) { return m.rows * 4 * zero_words(m.groups, m.group); }

  // The words of a row of qzeros: enough for all groups, and for the kernels' strides a power of two for small groups.
  QN_HD static constexpr uint64_t zero_words(uint64_t groups, uint64_t group) {
    const uint64_t multiple = group >= 128 ? 1 : group >= 64 ? 2 : 4;
    const uint64_t words = (groups + 7) / 8;
    return (words + multiple - 1) / multiple * multiple;
  }

  QN_HD static int zero(const Matrix& m, uint64_t row, uint64_t group) {
    if (!m.zeros) return 8;
    return static_cast<int>(code_in_words(m.zeros, row * zero_words(m.groups, m.group), 1, group * 4, 4));
  }

  QN_HD static float scale(const Matrix& m, uint64_t row, uint64_t group) {
    return m.scale(row * zero_words(m.groups, m.group) * 8 + group);
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = m.group_of(column);
    const int q = static_cast<int>(code_in_words(m.codes, row * (m.columns / 8), 1, column * 4, 4));
    return scale(m, row, group) * static_cast<float>(q - zero(m, row, group));
  }
};

struct AWQ_GEMV_FAST {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 4;
  static constexpr uint32_t kFlags = 0, kArrays = kZeros, kNeeded = kZeros;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * q + z, q of 4 bits";

  static constexpr uint64_t row_multiple(uint32_t) { return 4; }
  static constexpr uint64_t column_multiple(uint32_t) { return 64; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows / 2 * m.columns; }
  static uint64_t scale_count(const Matrix& m) { return 8 * AWQ_GEMV::zero_words(m.groups, m.group) * m.rows; }
  static uint64_t zero_bytes(const Matrix& m) { return scale_count(m) * m.scale_bytes; }

  QN_HD static uint32_t code(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t low = column % 32, p = (low >> 1 & 3) << 3 | (low & 1) << 2 | low >> 3;
    const uint64_t n = row % 4 * 64 + (column & 32) + p;
    const uint64_t word = row / 4 * m.columns + column / 64 * 64 + n / 4;
    const uint32_t byte = m.codes[2 * word + n % 4 / 2];
    return n % 2 ? byte >> 4 : byte & 15;
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t place = m.group_of(column) * m.rows + row;
    return static_cast<float>(code(m, row, column)) * m.scale(place) + m.scale_in(m.zeros, place);
  }
};

}  // namespace qn::QN_TARGET
