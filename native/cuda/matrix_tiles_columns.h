// SPDX-License-Identifier: MIT
//
// Tiles of the layouts whose words stand in lines of a column or a few: GPTQ and AWQ. Scales of neighbouring rows are
// neighbours there.
#pragma once

#include "matrix_tiles.h"

namespace qn::QN_TARGET {

struct GptqStrings {
  QN_DEVICE static bool fits(const Matrix& m) { return m.rows % 8 == 0; }
  QN_DEVICE static uint32_t bits(const Matrix& m) { return m.bits; }

  QN_DEVICE static void load_codes(const Matrix& m, uint64_t row, uint64_t column, Fields (&codes)[8]) {
    const uint64_t bit = column * m.bits;
    const uint32_t shift = bit % 32;
    const uint8_t* const first = m.codes + 4 * (bit / 32 * m.rows + row);
    const uint8_t* const second = first + (shift + 8 * m.bits > 32 ? 4 * m.rows : 0);
    QN_UNROLLED
    for (uint32_t half = 0; half < 2; half++) {
      const Words4 a = load16(first + 16 * half), b = load16(second + 16 * half);
      QN_UNROLLED
      for (uint32_t i = 0; i < 4; i++)
        codes[4 * half + i] = Fields::cut(a.word[i], b.word[i], shift, m.bits);
    }
  }

  QN_DEVICE static void load_group_scales(const Matrix& m, uint64_t row, uint64_t group, float (&scales)[8]) {
    load_neighbours(m, m.scales, group * m.rows + row, scales);
  }

  QN_DEVICE static Fields load_zeros(const Matrix& m, uint64_t row, uint64_t group) {
    return Fields::load(m.zeros, group * (m.rows * m.bits / 32), 1, row, m.bits);
  }
  QN_DEVICE static uint32_t zero(const Matrix& m, uint32_t stored) { return (stored + m.zero_add) & m.zero_mask; }
};

template <>
struct MatrixTile<GPTQ> : IntegerTile<GptqStrings> {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : IntegerTile(m, row, column) {}
};

template <>
struct MatrixTile<AWQ_GEMM> : ScaledRows {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t column) {
    return is_aligned(m.codes, 4) && is_aligned(m.scales, 16) && is_aligned(m.zeros, 4) && in_one_group(m, column);
  }

  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = quotient(column, m.group), words = m.rows / 8;
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      words_[i] = aligned_word(m.codes, (column + i) * words + row / 8);
    const uint32_t stored = m.zeros ? aligned_word(m.zeros, group * words + row / 8) : 0x88888888;
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      zeros[i] = raised(stored >> AWQ_GEMM::bit(i) & 15);
    load_neighbours(m, m.scales, group * m.rows + row, scales);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    return weight(row, raised(words_[column] >> AWQ_GEMM::bit(row) & 15));
  }

 private:
  uint32_t words_[8];
};

// The codes of eight columns are the same nibble of eight neighbouring words of 16 bits.
template <>
struct MatrixTile<AWQ_GEMV_FAST> {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t column) {
    return m.rows % 8 == 0 && is_aligned(m.codes, 16) && is_aligned(m.scales, 16) && is_aligned(m.zeros, 16) &&
           in_one_group(m, column);
  }

  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : shift_(column % 32 / 8 * 4) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      const uint64_t fours = (row + i) / 4 * m.columns, of_row = (row + i) % 4 * 16;
      words_[i] = load16(m.codes + 2 * (fours + column / 64 * 64 + of_row + column % 64 / 32 * 8));
    }
    const uint64_t first = quotient(column, m.group) * m.rows + row;
    load_neighbours(m, m.scales, first, scales_);
    load_neighbours(m, m.zeros, first, offsets_);
  }

  // Not fused: of float32 scales the product is rounded.
  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    const uint32_t code = words_[row].word[column / 2] >> (16 * (column % 2) + shift_) & 15;
    return (raised(code) - raised(0)) * scales_[row] + offsets_[row];
  }

 private:
  Words4 words_[8];
  float scales_[8], offsets_[8];
  uint32_t shift_;
};

}  // namespace qn::QN_TARGET
