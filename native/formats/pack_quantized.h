// SPDX-License-Identifier: MIT
//
// Integers of compressed-tensors: codes of 1 to 8 bits packed along the inputs of each output (pack-quantized), and
// plain 8-bit integers (int-quantized).
//
// PACK_QUANTIZED
//   w[o][i] = weight_scale[o][g] * (q - z),  g = weight_g_idx[i], or i / group where there is none
//   weight_packed      int32 [out][words]     a string of codes for each output, lowest bits first
//   weight_zero_point  int32 [words][groups]  a string along out for each group; none: z is half the range
//   weight_scale       [out][groups]
//   Codes and zero points are stored with 2^(bits-1) added, which the difference takes away again.
//   Strings are dense since compressed-tensors 0.18.0: codes straddle words. Before that words were padded: they hold
//   32 / bits whole codes. With 1, 2, 4 and 8 bits both are the same.
//
// INT8
//   w[o][i] = scale * (q - z)
//   weight             int8 [out][in]
//   weight_zero_point  int8 of the shape of the scales; none: 0
//   weight_scale       [out / group_rows][groups]
//
// Source of the layouts: compressed-tensors, src/compressed_tensors/compressors (pack_quantized, int_quantized) and its
// helpers (pack_to_int32).
#pragma once

#include "matrix.h"

namespace qn::QN_TARGET {

struct PACK_QUANTIZED {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 0x1fe;
  static constexpr uint32_t kFlags = kPadded, kArrays = kZeros | kGroupIndex, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * (q - z), q of 1 to 8 bits";

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static constexpr uint64_t column_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows * words(m, m.columns) * 4; }
  static uint64_t scale_count(const Matrix& m) { return m.rows * m.groups; }
  static uint64_t zero_bytes(const Matrix& m) { return words(m, m.rows) * m.groups * 4; }

  // The words of a string of codes.
  QN_HD static uint64_t words(const Matrix& m, uint64_t codes) {
    const uint64_t per_word = 32 / m.bits;
    return m.padded ? (codes + per_word - 1) / per_word : (codes * m.bits + 31) / 32;
  }

  QN_HD static int code(const Matrix& m, const uint8_t* array, uint64_t first, uint64_t stride, uint64_t place) {
    const uint64_t per_word = 32 / m.bits;
    const uint64_t bit = m.padded ? place / per_word * 32 + place % per_word * m.bits : place * m.bits;
    return static_cast<int>(code_in_words(array, first, stride, bit, m.bits));
  }

  QN_HD static int zero(const Matrix& m, uint64_t row, uint64_t group) {
    return m.zeros ? code(m, m.zeros, group, m.groups, row) : 1 << (m.bits - 1);
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = m.group_of(column);
    const int q = code(m, m.codes, row * words(m, m.columns), 1, column);
    return m.scale(row * m.groups + group) * static_cast<float>(q - zero(m, row, group));
  }
};

struct INT8 {
  static constexpr Lines kLines = Lines::kRows;
  static constexpr uint32_t kBits = 1 << 8;
  static constexpr uint32_t kFlags = 0, kArrays = kZeros | kGroupRows, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * (q - z), q of 8 bits with a sign";

  static constexpr uint64_t row_multiple(uint32_t) { return 1; }
  static constexpr uint64_t column_multiple(uint32_t) { return 1; }
  static uint64_t code_bytes(const Matrix& m) { return m.rows * m.columns; }
  static uint64_t scale_count(const Matrix& m) { return ((m.rows - 1) / m.group_rows + 1) * m.groups; }
  static uint64_t zero_bytes(const Matrix& m) { return scale_count(m); }

  QN_HD static int code(const uint8_t* array, uint64_t place) { return static_cast<int8_t>(array[place]); }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t place = row / m.group_rows * m.groups + m.group_of(column);
    const int zero = m.zeros ? code(m.zeros, place) : 0;
    return m.scale(place) * static_cast<float>(code(m.codes, row * m.columns + column) - zero);
  }
};

}  // namespace qn::QN_TARGET
