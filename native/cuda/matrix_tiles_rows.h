// SPDX-License-Identifier: MIT
//
// Tiles of the layouts whose codes stand behind each other along a row.
#pragma once

#include "matrix_tiles.h"

namespace qn::QN_TARGET {

// Strings of 5 to 8 bits can touch three words where a tile begins within one; those of 7 do.
struct PackedStrings {
  QN_DEVICE static bool fits(const Matrix& m) { return m.bits != 7 && (!m.padded || 32 % m.bits == 0); }
  QN_DEVICE static uint32_t bits(const Matrix& m) { return m.bits; }

  QN_DEVICE static void load_codes(const Matrix& m, uint64_t row, uint64_t column, Fields (&codes)[8]) {
    const uint64_t words = (m.columns * m.bits + 31) / 32;
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      codes[i] = Fields::load(m.codes, (row + i) * words, 1, column, m.bits);
  }

  QN_DEVICE static void load_group_scales(const Matrix& m, uint64_t row, uint64_t group, float (&scales)[8]) {
    load_scales(m, [&](uint32_t i) { return (row + i) * m.groups + group; }, scales);
  }

  QN_DEVICE static Fields load_zeros(const Matrix& m, uint64_t row, uint64_t group) {
    return Fields::load(m.zeros, group, m.groups, row, m.bits);
  }
  QN_DEVICE static uint32_t zero(const Matrix&, uint32_t stored) { return stored; }
};

template <>
struct MatrixTile<PACK_QUANTIZED> : IntegerTile<PackedStrings> {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : IntegerTile(m, row, column) {}
};

struct GemvStrings {
  QN_DEVICE static bool fits(const Matrix&) { return true; }
  QN_DEVICE static constexpr uint32_t bits(const Matrix&) { return 4; }

  QN_DEVICE static void load_codes(const Matrix& m, uint64_t row, uint64_t column, Fields (&codes)[8]) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      codes[i] = Fields::load(m.codes, (row + i) * (m.columns / 8), 1, column, 4);
  }

  QN_DEVICE static void load_group_scales(const Matrix& m, uint64_t row, uint64_t group, float (&scales)[8]) {
    const uint64_t width = 8 * AWQ_GEMV::zero_words(m.groups, m.group);
    load_scales(m, [&](uint32_t i) { return (row + i) * width + group; }, scales);
  }

  // Of eight rows, one of each: their strings are along the groups.
  QN_DEVICE static Fields load_zeros(const Matrix& m, uint64_t row, uint64_t group) {
    const uint64_t words = AWQ_GEMV::zero_words(m.groups, m.group);
    const uint32_t shift = group % 8 * 4;
    Fields zeros{};
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      const uint32_t zero = aligned_word(m.zeros, (row + i) * words + group / 8) >> shift & 15;
      (i < 4 ? zeros.low : zeros.high) |= zero << 4 * (i % 4);
    }
    return zeros;
  }
  QN_DEVICE static uint32_t zero(const Matrix&, uint32_t stored) { return stored; }
};

template <>
struct MatrixTile<AWQ_GEMV> : IntegerTile<GemvStrings> {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : IntegerTile(m, row, column) {}
};

// Codes of a byte each, of eight rows.
struct ByteRows {
  QN_DEVICE static bool fit(const Matrix& m) { return m.columns % 8 == 0 && is_aligned(m.codes, 8); }

  Words2 words[8];

  QN_DEVICE ByteRows(const Matrix& m, uint64_t row, uint64_t column) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      words[i] = load8_aligned(m.codes + (row + i) * m.columns + column);
  }

  QN_DEVICE uint32_t word(uint32_t row, uint32_t column) const { return words[row].word[column / 4]; }
  // A byte with a sign, 128 added.
  QN_DEVICE float raised_at(uint32_t row, uint32_t column) const {
    return raised_byte(word(row, column) ^ 0x80808080u, column % 4);
  }
};
inline constexpr float kRaisedSign = 8388608 + 128;  // what is added so

// Where the scales of eight rows stand if blocks of rows share them.
struct BlockScales {
  QN_DEVICE static bool fit(const Matrix& m, uint64_t column) {
    return (m.group_rows == 1 || m.group_rows >= 8) && is_aligned(m.scales, 4) && in_one_group(m, column);
  }

  QN_DEVICE BlockScales(const Matrix& m, uint64_t row, uint64_t column) : groups_(m.groups) {
    const uint64_t block = m.group_rows == 1 ? row : quotient(row, m.group_rows);
    first_ = block * m.groups + quotient(column, m.group);
    // The rows of the tile that are left of the first block, if each row is not one.
    const uint64_t left = (block + 1) * m.group_rows - row;
    left_ = m.group_rows == 1 ? 0 : left < 8 ? static_cast<uint32_t>(left) : 8;
  }

  QN_DEVICE uint64_t operator()(uint32_t i) const { return first_ + (left_ == 0 ? i : i >= left_) * groups_; }

 private:
  uint64_t first_, groups_;
  uint32_t left_;
};

template <>
struct MatrixTile<INT8> : ScaledRows {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t column) {
    return ByteRows::fit(m) && BlockScales::fit(m, column);
  }

  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : codes_(m, row, column) {
    const BlockScales place(m, row, column);
    load_scales(m, place, scales);
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      zeros[i] = m.zeros ? raised(m.zeros[place(i)] ^ 0x80u) : kRaisedSign;
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const { return weight(row, codes_.raised_at(row, column)); }

 private:
  ByteRows codes_;
};

template <>
struct MatrixTile<LLM_INT8> {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t) { return ByteRows::fit(m) && is_aligned(m.scales, 16); }

  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : codes_(m, row, column) {
    load_scales(m, [&](uint32_t i) { return row + i; }, scales_);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    return (codes_.raised_at(row, column) - kRaisedSign) * scales_[row] * LLM_INT8::kOneBy127;
  }

 private:
  ByteRows codes_;
  float scales_[8];
};

// Floats of few bits become float32 with their exponent as it is, and the difference of the biases is multiplied away:
// that is exact, and subnormals come out right. `top` has the code in its highest bits.
template <int kExponentBits, int kMantissaBits>
QN_DEVICE float widened(uint32_t top) {
  constexpr int kShift = 8 - kExponentBits;
  constexpr uint32_t kMask = 0x80000000u | ((1u << (kExponentBits + kMantissaBits)) - 1) << (23 - kMantissaBits);
  constexpr int kBias = (1 << (kExponentBits - 1)) - 1;
  const auto bits = static_cast<uint32_t>(static_cast<int32_t>(top) >> kShift) & kMask;  // the sign fills up
  return float_from_bits(bits) * float_from_bits(static_cast<uint32_t>(127 + 127 - kBias) << 23);
}

template <>
struct MatrixTile<FLOAT8> {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t column) {
    return ByteRows::fit(m) && BlockScales::fit(m, column);
  }

  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : codes_(m, row, column) {
    load_scales(m, BlockScales(m, row, column), scales_);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    const float value = widened<4, 3>(codes_.word(row, column) << (24 - 8 * (column % 4)));
    // What would be 480 is no number.
    const bool is_nan = value == 480 || value == -480;
    return scales_[row] * (is_nan ? float_from_bits(0x7fc00000) : value);
  }

 private:
  ByteRows codes_;
  float scales_[8];
};

// 4-bit floats, the first of two in the low nibble.
template <class Layout>
struct Float4Tile {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t) { return is_aligned(m.codes, 4); }

  QN_DEVICE Float4Tile(const Matrix& m, uint64_t row, uint64_t column) {
    // All reads before anything is computed from one, so that they are under way together.
    uint32_t stored[8];
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      words_[i] = load_aligned<uint32_t>(m.codes + (row + i) * (m.columns / 2) + column / 2);
      stored[i] = m.scales[(row + i) * m.groups + column / Layout::kGroup];
    }
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++)
      scales_[i] = Layout::scale_of(m, stored[i]);
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    return scales_[row] * widened<2, 1>(words_[row] << (28 - 4 * column));
  }

 private:
  uint32_t words_[8];
  float scales_[8];
};

template <>
struct MatrixTile<MXFP4_ROWS> : Float4Tile<MXFP4_ROWS> {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : Float4Tile(m, row, column) {}
};
template <>
struct MatrixTile<NVFP4_ROWS> : Float4Tile<NVFP4_ROWS> {
  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : Float4Tile(m, row, column) {}
};

// Codes of 4 bits for levels, the first of two in the high nibble.
template <>
struct MatrixTile<BNB_4BIT> {
  QN_DEVICE static bool fits(const Matrix& m, uint64_t) {
    return m.columns % 8 == 0 && m.group % 8 == 0 && is_aligned(m.codes, 4) && is_aligned(m.scales, 4) &&
           is_aligned(m.levels, 4) && is_aligned(m.scale_levels, 4) && is_aligned(m.scale_scales, 4);
  }

  QN_DEVICE MatrixTile(const Matrix& m, uint64_t row, uint64_t column) : levels_(m.levels) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      const uint64_t n = (row + i) * m.columns + column;
      words_[i] = load_aligned<uint32_t>(m.codes + n / 2);
      scales_[i] = scale(m, quotient(n, m.group));
    }
  }

  QN_DEVICE float at(uint32_t row, uint32_t column) const {
    const uint32_t code = words_[row] >> 4 * (column ^ 1) & 15;
    return scales_[row] * aligned_float(levels_, code);
  }

 private:
  QN_DEVICE static float scale(const Matrix& m, uint64_t block) {
    if (!m.scale_levels) return aligned_float(m.scales, block);
    const float product =
        aligned_float(m.scale_levels, m.scales[block]) * aligned_float(m.scale_scales, quotient(block, m.scale_group));
    return product + m.scale_offset;
  }

  const uint8_t* levels_;
  uint32_t words_[8];
  float scales_[8];
};

}  // namespace qn::QN_TARGET
