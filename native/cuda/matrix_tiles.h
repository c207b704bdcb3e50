// SPDX-License-Identifier: MIT
//
// What tiles of packed matrices stand on. A tile is 8 rows and 8 columns of which both begin at a multiple of 8; its
// codes, scales and zero points are brought to registers once, by reads that are as wide as the arrays allow:
//
//   template <>
//   struct MatrixTile<GPTQ> {
//     // Whether such tiles can be read so. What cannot goes through the layout's at(), weight by weight.
//     static bool fits(const Matrix& m, uint64_t column);
//     MatrixTile(const Matrix& m, uint64_t row, uint64_t column);
//     float at(uint32_t row, uint32_t column) const;
//   };
//
// Matrices with lists of groups: see matrix_tiles_indexed.h.
#pragma once

#include "../formats/matrices.h"
#include "gpu.h"

namespace qn::QN_TARGET {

template <class Layout>
struct MatrixTile;

// A quotient by 32 bits where both numbers have no more, which is several times as fast.
QN_DEVICE uint64_t quotient(uint64_t a, uint64_t b) {
  if ((a | b) >> 32 == 0) return static_cast<uint32_t>(a) / static_cast<uint32_t>(b);
  return a / b;
}

// All columns of a tile are in one group.
QN_DEVICE bool in_one_group(const Matrix& m, uint64_t column) {
  return m.group % 8 == 0 || quotient(column, m.group) == quotient(column + 7, m.group);
}

QN_DEVICE uint32_t aligned_word(const uint8_t* array, uint64_t place) {
  return load_aligned<uint32_t>(array + 4 * place);
}
QN_DEVICE float aligned_float(const uint8_t* array, uint64_t place) {
  return float_from_bits(aligned_word(array, place));
}

// 2^23 + code, for codes below that: from two such numbers the difference of their codes is exact.
QN_DEVICE float raised(uint32_t code) { return float_from_bits(code | 0x4b000000); }

// Byte k of a word, likewise.
QN_DEVICE float raised_byte(uint32_t word, uint32_t k) {
  return float_from_bits(permute(word, 0x4b000000, 0x7440u + k));
}

QN_DEVICE float scale_of_half(const Matrix& m, uint32_t half) {
  return m.bfloat_scales ? float_from_bits(half << 16) : Half::to_float(half);
}

// Scales of eight rows, of which number i stands at place(i).
template <class Place>
QN_DEVICE void load_scales(const Matrix& m, const Place& place, float (&scales)[8]) {
  if (m.scale_bytes == 4) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      scales[i] = aligned_float(m.scales, place(i));
    return;
  }
  uint32_t halves[8];
  QN_UNROLLED
  for (uint32_t i = 0; i < 8; i++)
    halves[i] = load_aligned<uint16_t>(m.scales + 2 * place(i));
  QN_UNROLLED
  for (uint32_t i = 0; i < 8; i++)
    scales[i] = scale_of_half(m, halves[i]);
}

// Eight neighbours of an array of the type of the scales, from a multiple of 8 on.
QN_DEVICE void load_neighbours(const Matrix& m, const uint8_t* array, uint64_t first, float (&scales)[8]) {
  if (m.scale_bytes == 4) {
    const Words4 low = load16(array + 4 * first), high = load16(array + 4 * first + 16);
    QN_UNROLLED
    for (uint32_t i = 0; i < 4; i++) {
      scales[i] = float_from_bits(low.word[i]);
      scales[4 + i] = float_from_bits(high.word[i]);
    }
    return;
  }
  const Words4 pairs = load16(array + 2 * first);
  QN_UNROLLED
  for (uint32_t i = 0; i < 8; i++)
    scales[i] = scale_of_half(m, pairs.word[i / 2] >> 16 * (i % 2) & 0xffff);
}

// Eight neighbouring codes of a string of words.
struct Fields {
  uint32_t low, high;  // the first four, and the others

  // From `shift` on in two words: shift and the codes have no more than 64 bits.
  QN_DEVICE static Fields cut(uint32_t first, uint32_t second, uint32_t shift, uint32_t bits) {
    const uint32_t low = funnel(first, second, shift);
    return {low, bits == 8 ? second : funnel(low, second >> shift, 4 * bits)};
  }

  // Word k of the string stands at array[first + k * stride].
  QN_DEVICE static Fields load(const uint8_t* array, uint64_t first, uint64_t stride, uint64_t code, uint32_t bits) {
    const uint64_t bit = code * bits, place = first + bit / 32 * stride;
    const uint32_t shift = bit % 32;
    return cut(aligned_word(array, place), shift + 8 * bits > 32 ? aligned_word(array, place + stride) : 0, shift,
               bits);
  }

  QN_DEVICE uint32_t at(uint32_t k, uint32_t bits) const {
    return (k < 4 ? low : high) >> k % 4 * bits & ((1u << bits) - 1);
  }
};

// Codes of eight rows that share a scale and a zero point each: w = scale * (code - zero).
struct ScaledRows {
  float scales[8], zeros[8];  // zeros are raised

  QN_DEVICE float weight(uint32_t row, float raised_code) const { return scales[row] * (raised_code - zeros[row]); }
};

// Integers in strings of words, of any number of bits.
template <class Strings>
struct IntegerTile : ScaledRows {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t column) {
    return Strings::fits(m) && is_aligned(m.codes, 16) && is_aligned(m.scales, 16) && is_aligned(m.zeros, 4) &&
           in_one_group(m, column);
  }

  QN_DEVICE IntegerTile(const Matrix& m, uint64_t row, uint64_t column) : bits_(Strings::bits(m)) {
    Strings::load_codes(m, row, column, codes_);
    const uint64_t group = quotient(column, m.group);
    Strings::load_group_scales(m, row, group, scales);
    const Fields stored = m.zeros ? Strings::load_zeros(m, row, group) : Fields{};
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      zeros[i] = raised(m.zeros ? Strings::zero(m, stored.at(i, bits_)) : 1u << (bits_ - 1));
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const { return weight(row, raised(codes_[row].at(column, bits_))); }

 private:
  Fields codes_[8];
  uint32_t bits_;
};

}  // namespace qn::QN_TARGET
