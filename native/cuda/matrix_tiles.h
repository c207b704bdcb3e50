// SPDX-License-Identifier: MIT
//
// Tiles of 8 rows and 8 columns of the layouts with 4-bit codes in words: eight words, and scales and zero points of
// eight rows, are read once for 64 weights. Codes become floats as in codes.h. Layouts without a tile, and work that
// does not fit one, go through the layout's at().
#pragma once

#include "../formats/matrices.h"
#include "gpu.h"

namespace qn::QN_TARGET {

template <class Layout>
struct MatrixTile {
  static constexpr bool kExists = false;
};

// A quotient by 32 bits where both numbers have no more, which is several times as fast.
QN_DEVICE uint64_t quotient(uint64_t a, uint64_t b) {
  if ((a | b) >> 32 == 0) return static_cast<uint32_t>(a) / static_cast<uint32_t>(b);
  return a / b;
}

// What the tiles have in common.
struct FourBitTile {
  static constexpr bool kExists = true;

  // One group for all columns of the tile, and arrays that can be read by whole numbers.
  QN_DEVICE static bool fits(const Matrix& m, uint64_t column) {
    return m.bits == 4 && !m.group_index && quotient(column, m.group) == quotient(column + 7, m.group) &&
           is_aligned(m.codes, 16) && is_aligned(m.scales, 16) && is_aligned(m.zeros, 4);
  }

 protected:
  uint32_t words_[8];
  float scales_[8], zeros_[8];  // zeros_: 2^23 added

  // 2^23 + code.
  QN_DEVICE static float raised(uint32_t code) { return float_from_bits(code | 0x4b000000); }

  QN_DEVICE float weight(uint32_t row, uint32_t code) const { return scales_[row] * (raised(code) - zeros_[row]); }

  QN_DEVICE static uint32_t word(const uint8_t* array, uint64_t place) {
    return load_aligned<uint32_t>(array + 4 * place);
  }

  // Scales of eight rows, `stride` apart.
  QN_DEVICE void load_scales(const Matrix& m, uint64_t first, uint64_t stride) {
    if (m.scale_bytes == 4) {
      QN_UNROLLED
      for (uint32_t i = 0; i < 8; i++)
        scales_[i] = float_from_bits(word(m.scales, first + i * stride));
      return;
    }
    uint32_t halves[8];
    if (stride == 1 && first % 8 == 0) {
      const Words4 pairs = load16(m.scales + 2 * first);
      QN_UNROLLED
      for (uint32_t i = 0; i < 8; i++)
        halves[i] = pairs.word[i / 2] >> 16 * (i % 2) & 0xffff;
    } else {
      QN_UNROLLED
      for (uint32_t i = 0; i < 8; i++)
        halves[i] = load_aligned<uint16_t>(m.scales + 2 * (first + i * stride));
    }
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      scales_[i] = m.bfloat_scales ? float_from_bits(halves[i] << 16) : Half::to_float(halves[i]);
  }
};

template <>
struct MatrixTile<GPTQ> : FourBitTile {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) {
    const uint8_t* const codes = m.codes + 4 * (column / 8 * m.rows + row);
    const Words4 low = load16(codes), high = load16(codes + 16);
    const uint64_t group = quotient(column, m.group);
    const uint32_t zeros = m.zeros ? word(m.zeros, group * (m.rows / 8) + row / 8) : 0;
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      words_[i] = i < 4 ? low.word[i % 4] : high.word[i % 4];
      zeros_[i] = raised(m.zeros ? ((zeros >> 4 * i & 15) + m.zero_add) & m.zero_mask : 8);
    }
    load_scales(m, group * m.rows + row, 1);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const { return weight(row, words_[row] >> 4 * column & 15); }
};

template <>
struct MatrixTile<AWQ_GEMM> : FourBitTile {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = quotient(column, m.group);
    const uint32_t zeros = m.zeros ? word(m.zeros, group * (m.rows / 8) + row / 8) : 0x88888888;
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      words_[i] = word(m.codes, (column + i) * (m.rows / 8) + row / 8);
      zeros_[i] = raised(zeros >> AWQ_GEMM::bit(i) & 15);
    }
    load_scales(m, group * m.rows + row, 1);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    return weight(row, words_[column] >> AWQ_GEMM::bit(row) & 15);
  }
};

template <>
struct MatrixTile<PACK_QUANTIZED> : FourBitTile {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) {
    const uint64_t group = quotient(column, m.group), words = (m.columns + 7) / 8;
    const uint32_t zeros = m.zeros ? word(m.zeros, row / 8 * m.groups + group) : 0x88888888;
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      words_[i] = word(m.codes, (row + i) * words + column / 8);
      zeros_[i] = raised(zeros >> 4 * i & 15);
    }
    load_scales(m, row * m.groups + group, m.groups);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const { return weight(row, words_[row] >> 4 * column & 15); }
};

}  // namespace qn::QN_TARGET
