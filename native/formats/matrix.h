// SPDX-License-Identifier: MIT
//
// What the packed matrices stand on: checkpoints of GPTQ, AWQ and others keep a matrix not in blocks but in several
// arrays, side by side. A header describes one such layout once, as a struct of static functions over the arrays:
//
//   struct GPTQ {
//     static constexpr Lines kLines = Lines::kColumns;    // along what codes of one row of words lie
//     static constexpr uint32_t kBits = 1 << 4 | 1 << 8;  // bit b: codes may have b bits
//     static constexpr bool kIndexed = true;              // may have a group_index
//     static constexpr char kFormula[] = "w = s * (q - z)";
//     static uint64_t row_multiple(uint32_t bits);        // rows are a multiple of this; so for columns
//     static uint64_t code_bytes(const Matrix& m);        // what the arrays hold; so for zeros
//     static uint64_t scale_count(const Matrix& m);
//     QN_HD static float at(const Matrix& m, uint64_t row, uint64_t column);
//   };
//
// A matrix has `rows` output features and `columns` input features, as nn.Linear.weight has them: w[row][column]. at()
// is the reference that every other path must equal bit for bit.
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

// The arrays of one matrix. All may stand at any address; their sizes were checked against the shape before.
struct Matrix {
  uint64_t rows, columns;
  uint64_t group;        // neighbouring columns that share a scale; at least 1
  uint64_t groups;       // of a row
  const uint8_t* codes;  // the packed weights
  const uint8_t* scales;
  const uint8_t* zeros;        // nullptr: symmetric
  const uint8_t* group_index;  // 32-bit numbers, the group of each column; nullptr: groups in order
  uint32_t bits;               // of a code
  uint32_t scale_bytes;        // 2 or 4
  uint32_t bfloat_scales;      // of 2 bytes: 1 if they are bfloat16, 0 if half
  uint32_t zero_add;           // added to a stored zero point
  uint32_t zero_mask;          // then masked by this

  QN_HD uint64_t group_of(uint64_t column) const { return group_index ? word(group_index, column) : column / group; }

  QN_HD float scale(uint64_t index) const {
    if (scale_bytes == 4) return float_from_bits(word(scales, index));
    const uint32_t bits = scales[2 * index] | uint32_t{scales[2 * index + 1]} << 8;
    return bfloat_scales ? float_from_bits(bits << 16) : Half::to_float(bits);
  }

  // The 32-bit number at a place of an array.
  QN_HD static uint32_t word(const uint8_t* array, uint64_t place) {
    Le32 value;
    memcpy(&value, array + 4 * place, 4);
    return value.get();
  }
};

// A code at a bit of a string of 32-bit words, of which the k-th stands at array[first + k * stride]. It may straddle
// two words.
QN_HD uint32_t code_in_words(const uint8_t* array, uint64_t first, uint64_t stride, uint64_t bit, uint32_t bits) {
  const uint64_t place = first + bit / 32 * stride;
  const uint32_t shift = bit % 32;
  uint32_t code = Matrix::word(array, place) >> shift;
  if (shift + bits > 32) code |= Matrix::word(array, place + stride) << (32 - shift);
  return code & (0xffffffffu >> (32 - bits));
}

// Codes that fill whole words.
constexpr uint64_t codes_in_whole_words(uint32_t bits) {
  uint64_t codes = 1;
  while (codes * bits % 32)
    codes *= 2;
  return codes;
}

// What codes that follow each other in memory, word by word, belong to.
enum class Lines {
  kRows,     // to columns of a row
  kColumns,  // to rows of a column
};

}  // namespace qn::QN_TARGET
