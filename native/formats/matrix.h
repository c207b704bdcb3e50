// SPDX-License-Identifier: MIT
//
// What the packed matrices stand on: checkpoints of GPTQ, AWQ and others keep a matrix not in blocks but in several
// arrays, side by side. A header describes one such layout once, as a struct of static functions over the arrays:
//
//   struct GPTQ {
//     static constexpr Lines kLines = Lines::kColumns;    // along what codes of one row of words lie
//     static constexpr uint32_t kBits = 1 << 4 | 1 << 8;  // bit b: codes may have b bits
//     static constexpr uint32_t kFlags = kZeroPlusOne;    // the options that it has
//     static constexpr uint32_t kArrays = kZeros;         // the arrays that it may have, besides codes and scales
//     static constexpr uint32_t kNeeded = 0;              // those of them that it must have
//     static constexpr Scales kScales = Scales::kFloats;
//     static constexpr uint64_t kGroup = kAnyGroup;       // columns of a group
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

// Options of layouts, by the numbers of qn_matrix_flags.
inline constexpr uint32_t kZeroPlusOne = 1, kZeroWraps = 2, kPadded = 4, kScalesDivided = 8;

// What scales are.
enum class Scales {
  kFloats,   // half, bfloat16 or float32
  kFloat32,  // float32 alone
  kBytes,    // the layout's own kind of byte
};

// What a layout's kGroup may be, besides a number.
inline constexpr uint64_t kAnyGroup = 0, kOneGroup = UINT64_MAX;

// The arrays of one matrix. All may stand at any address; their sizes were checked against the shape before.
struct Matrix {
  uint64_t rows, columns;
  uint64_t group;       // neighbouring columns that share a scale; at least 1
  uint64_t group_rows;  // neighbouring rows that do, in the layouts that have blocks; at least 1
  uint64_t groups;      // of a row
  const uint8_t* codes;
  const uint8_t* scales;
  const uint8_t* zeros;         // nullptr: symmetric
  const uint8_t* group_index;   // 32-bit numbers, the group of each column; nullptr: groups in order
  const uint8_t* levels;        // float32, the values of the codes
  const uint8_t* scale_levels;  // float32, of scales that are codes themselves; nullptr: they are not
  const uint8_t* scale_scales;  // float32, for each scale_group of them
  uint64_t scale_group;
  float scale_offset;
  float global_scale;
  uint32_t bits;           // of a code
  uint32_t scale_bytes;    // 1, 2 or 4
  uint32_t bfloat_scales;  // of 2 bytes: 1 if they are bfloat16, 0 if half
  uint32_t zero_add;       // added to a stored zero point
  uint32_t zero_mask;      // then masked by this
  uint32_t padded;         // words hold whole codes only
  uint32_t divided;        // scales are divided by the global one

  QN_HD uint64_t group_of(uint64_t column) const { return group_index ? word(group_index, column) : column / group; }

  QN_HD float scale(uint64_t index) const { return scale_in(scales, index); }

  // A number of the type of the scales, in any array.
  QN_HD float scale_in(const uint8_t* array, uint64_t index) const {
    if (scale_bytes == 4) return float_at(array, index);
    const uint32_t half = array[2 * index] | uint32_t{array[2 * index + 1]} << 8;
    return bfloat_scales ? float_from_bits(half << 16) : Half::to_float(half);
  }

  // The 32-bit number at a place of an array.
  QN_HD static uint32_t word(const uint8_t* array, uint64_t place) {
    Le32 value;
    memcpy(&value, array + 4 * place, 4);
    return value.get();
  }

  QN_HD static float float_at(const uint8_t* array, uint64_t place) { return float_from_bits(word(array, place)); }
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

// Arrays and numbers that a layout may have.
inline constexpr uint32_t kZeros = 1, kGroupIndex = 2, kLevels = 4, kGlobalScale = 8, kGroupRows = 16,
                          kScaleLevels = 32;

}  // namespace qn::QN_TARGET
