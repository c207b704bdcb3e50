// SPDX-License-Identifier: MIT
//
// GPTQ: codes of 2, 3, 4 or 8 bits, packed down the columns of the file's array, in groups of input features.
//   w[o][i] = scales[g][o] * (q - z),  g = g_idx[i], or i / group where there is no g_idx
//   qweight  int32 [in * bits / 32][out]      word row r of column o holds bits 32 r .. 32 r + 31 of the string of
//                                             codes of output o: q(0), q(1), ... from the lowest bit on
//   qzeros   int32 [groups][out * bits / 32]  likewise a string along out for each group
//   scales   [groups][out]
//   z = (stored + add) & mask: checkpoint format "gptq" stores one less (add 1), "gptq_v2" the zero itself. Stored all
//   ones with add 1 is 2^bits; where the mask is 2^bits - 1 it wraps to 0.
// With 3 bits codes straddle words: 32 codes stand in 3 words.
// Source of the layout: AutoGPTQ, auto_gptq/nn_modules/qlinear/qlinear_cuda.py (pack, forward); GPTQModel,
// gptqmodel/utils/model.py (convert_gptq_v1_to_v2_format).
#pragma once

#include "matrix.h"

namespace qn::QN_TARGET {

struct GPTQ {
  static constexpr Lines kLines = Lines::kColumns;
  static constexpr uint32_t kBits = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8;
  static constexpr uint32_t kFlags = kZeroPlusOne | kZeroWraps, kArrays = kZeros | kGroupIndex, kNeeded = 0;
  static constexpr Scales kScales = Scales::kFloats;
  static constexpr uint64_t kGroup = kAnyGroup;
  static constexpr char kFormula[] = "w = s * (q - z), q of 2, 3, 4 or 8 bits";

  static constexpr uint64_t row_multiple(uint32_t bits) { return codes_in_whole_words(bits); }
  static constexpr uint64_t column_multiple(uint32_t bits) { return codes_in_whole_words(bits); }
  static uint64_t code_bytes(const Matrix& m) { return m.columns * m.bits / 32 * 4 * m.rows; }
  static uint64_t scale_count(const Matrix& m) { return m.groups * m.rows; }
  static uint64_t zero_bytes(const Matrix& m) { return m.groups * (m.rows * m.bits / 32 * 4); }

  QN_HD static int zero(const Matrix& m, uint64_t row, uint64_t group) {
    if (!m.zeros) return 1 << (m.bits - 1);
    const uint64_t words = m.rows * m.bits / 32;  // of a group
    return static_cast<int>((code_in_words(m.zeros, group * words, 1, row * m.bits, m.bits) + m.zero_add) &
                            m.zero_mask);
  }

  QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = m.group_of(column);
    const int q = static_cast<int>(code_in_words(m.codes, row, m.rows, column * m.bits, m.bits));
    return m.scale(group * m.rows + row) * static_cast<float>(q - zero(m, row, group));
  }
};

}  // namespace qn::QN_TARGET
