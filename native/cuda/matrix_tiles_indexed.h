// SPDX-License-Identifier: MIT
//
// Tiles of matrices with lists of groups (act-order), where each column has a group of its own: the scales and zero
// points of eight columns are eight times as many as those of a tile in one group. They are read for half a tile at a
// time:
//
//   IndexedPart<GPTQ, F16, 4, 8> part(m, row, column);  // half scales, 4 rows, 8 columns
//
// All its reads are under way before anything is computed from one: what tells kinds of matrices apart is asked once
// for all of them, or when the kernel is compiled, since a branch at each column would wait for the memory at each.
// Scales stay as they are stored until they are needed, and addresses of groups are a product of 32 bits away from the
// first one's; both for the registers.
#pragma once

#include "matrix_tiles_columns.h"
#include "matrix_tiles_rows.h"
#include "result.h"

namespace qn::QN_TARGET {

// Where groups stand: scales in numbers of scales, zero points in words.
struct GroupStrides {
  uint64_t scale_of_row, zero_word;  // from one row, or one word of zero points, to the next
  uint32_t scales, zeros;            // from one group to the next
};

// Scales of neighbouring rows are neighbours.
template <uint32_t kBytes, uint32_t kRows>
struct NeighbourScales {
  QN_DEVICE void load(const uint8_t* from, uint64_t) {
    constexpr uint32_t kWords = kBytes * kRows / 4;
    if constexpr (kWords == 2) {
      const Words2 pair = load8_aligned(from);
      words_[0] = pair.word[0];
      words_[1] = pair.word[1];
    } else {
      QN_UNROLLED
      for (uint32_t i = 0; i < kWords; i += 4) {
        const Words4 four = load16(from + 4 * i);
        QN_UNROLLED
        for (uint32_t k = 0; k < 4; k++)
          words_[i + k] = four.word[k];
      }
    }
  }

  QN_DEVICE uint32_t at(uint32_t row) const {
    return kBytes == 4 ? words_[row] : words_[row / 2] >> 16 * (row % 2) & 0xffff;
  }

 private:
  uint32_t words_[kBytes * kRows / 4];
};

// They are `stride` bytes apart.
template <uint32_t kBytes, uint32_t kRows>
struct SpreadScales {
  QN_DEVICE void load(const uint8_t* from, uint64_t stride) {
    QN_UNROLLED
    for (uint32_t i = 0; i < kRows; i++)
      if constexpr (kBytes == 4)
        words_[i] = load_aligned<uint32_t>(from + i * stride);
      else
        words_[i] = load_aligned<uint16_t>(from + i * stride);
  }

  QN_DEVICE uint32_t at(uint32_t row) const { return words_[row]; }

 private:
  uint32_t words_[kRows];
};

template <class Layout>
struct IndexedStrings;

template <>
struct IndexedStrings<GPTQ> : GptqStrings {
  template <uint32_t kBytes, uint32_t kRows>
  using Scales = NeighbourScales<kBytes, kRows>;

  QN_DEVICE static uint32_t zero_add(const Matrix& m) { return m.zero_add; }
  QN_DEVICE static uint32_t zero_mask(const Matrix& m) { return m.zero_mask; }

  // Strides of groups in bytes have 32 bits.
  QN_DEVICE static bool fits(const Matrix& m) { return GptqStrings::fits(m) && m.rows >> 29 == 0; }

  QN_DEVICE static GroupStrides strides(const Matrix& m) {
    return {1, 1, static_cast<uint32_t>(m.rows), static_cast<uint32_t>(m.rows * m.bits / 32)};
  }

  // Words of neighbouring rows.
  template <uint32_t kRows>
  QN_DEVICE static void load_words(const Matrix& m, uint64_t row, uint64_t word, uint32_t (&words)[kRows]) {
    QN_UNROLLED
    for (uint32_t i = 0; i < kRows; i += 4) {
      const Words4 four = load16(m.codes + 4 * (word * m.rows + row + i));
      QN_UNROLLED
      for (uint32_t k = 0; k < 4; k++)
        words[i + k] = four.word[k];
    }
  }
};

template <>
struct IndexedStrings<PACK_QUANTIZED> : PackedStrings {
  template <uint32_t kBytes, uint32_t kRows>
  using Scales = SpreadScales<kBytes, kRows>;

  // Zero points are stored as they are meant.
  QN_DEVICE static uint32_t zero_add(const Matrix&) { return 0; }
  QN_DEVICE static uint32_t zero_mask(const Matrix&) { return ~0u; }

  QN_DEVICE static GroupStrides strides(const Matrix& m) { return {m.groups, m.groups, 1, 1}; }

  template <uint32_t kRows>
  QN_DEVICE static void load_words(const Matrix& m, uint64_t row, uint64_t word, uint32_t (&words)[kRows]) {
    const uint64_t of_row = (m.columns * m.bits + 31) / 32;
    QN_UNROLLED
    for (uint32_t i = 0; i < kRows; i++)
      words[i] = aligned_word(m.codes, (row + i) * of_row + word);
  }
};

template <class Layout>
QN_DEVICE bool fits_indexed(const Matrix& m) {
  return IndexedStrings<Layout>::fits(m) && is_aligned(m.codes, 16) && is_aligned(m.scales, 16) &&
         is_aligned(m.zeros, 4) && is_aligned(m.group_index, 16);
}

// Four neighbouring codes of a string of words stand in one word, or in two.
struct Four {
  uint64_t word;
  uint32_t shift;
  bool in_two;

  QN_DEVICE Four(uint64_t code, uint32_t bits)
      : word(code * bits / 32), shift(static_cast<uint32_t>(code * bits % 32)), in_two(shift + 4 * bits > 32) {}
};

template <class Layout, class Scale, uint32_t kRows, uint32_t kColumns>
struct IndexedPart {
  QN_DEVICE IndexedPart(const Matrix& m, uint64_t row, uint64_t column)
      : bits_(m.bits), zero_add_(Strings::zero_add(m)), zero_mask_(Strings::zero_mask(m)) {
    uint32_t groups[kColumns];
    QN_UNROLLED
    for (uint32_t k = 0; k < kColumns; k += 4) {
      const Words4 four = load16(m.group_index + 4 * (column + k));
      QN_UNROLLED
      for (uint32_t i = 0; i < 4; i++)
        groups[k + i] = four.word[i];
    }
    load_codes(m, row, column);
    const GroupStrides strides = Strings::strides(m);
    const uint8_t* const first = m.scales + row * strides.scale_of_row * kBytes;
    QN_UNROLLED
    for (uint32_t k = 0; k < kColumns; k++)
      scales_[k].load(first + wide_product(groups[k], strides.scales * kBytes), strides.scale_of_row * kBytes);
    if (m.zeros) {
      load_zeros(m, row, groups, strides);
      return;
    }
    // Half the range, four times.
    const uint32_t middle = 1u << (bits_ - 1), two = middle | middle << bits_;
    zero_add_ = 0;
    zero_mask_ = ~0u;
    QN_UNROLLED
    for (uint32_t i = 0; i < kRows / 4; i++) {
      QN_UNROLLED
      for (uint32_t k = 0; k < kColumns; k++)
        zeros_[i][k] = two | two << 2 * bits_;
    }
  }

  // Those of a column.
  QN_DEVICE void weights(uint32_t column, float (&w)[kRows]) const {
    const uint32_t mask = (1u << bits_) - 1;
    QN_UNROLLED
    for (uint32_t i = 0; i < kRows; i++) {
      const uint32_t zero = ((zeros_[i / 4][column] >> i % 4 * bits_ & mask) + zero_add_) & zero_mask_;
      const uint32_t code = codes_[column / 4][i] >> column % 4 * bits_ & mask;
      w[i] = scale(scales_[column].at(i)) * (raised(code) - raised(zero));
    }
  }

 private:
  using Strings = IndexedStrings<Layout>;
  static constexpr uint32_t kBytes = sizeof(Scale);

  QN_DEVICE static float scale(uint32_t stored) {
    if constexpr (kSame<Scale, F16>)
      return Half::to_float(stored);
    else
      return float_from_bits(kBytes == 4 ? stored : stored << 16);
  }

  QN_DEVICE void load_codes(const Matrix& m, uint64_t row, uint64_t column) {
    QN_UNROLLED
    for (uint32_t k = 0; k < kColumns / 4; k++) {
      const Four four(column + 4 * k, m.bits);
      Strings::load_words(m, row, four.word, codes_[k]);
      if (four.in_two) {
        uint32_t next[kRows];
        Strings::load_words(m, row, four.word + 1, next);
        QN_UNROLLED
        for (uint32_t i = 0; i < kRows; i++)
          codes_[k][i] = funnel(codes_[k][i], next[i], four.shift);
      } else {
        QN_UNROLLED
        for (uint32_t i = 0; i < kRows; i++)
          codes_[k][i] >>= four.shift;
      }
    }
  }

  QN_DEVICE void load_zeros(const Matrix& m, uint64_t row, const uint32_t (&groups)[kColumns],
                            const GroupStrides& strides) {
    QN_UNROLLED
    for (uint32_t i = 0; i < kRows / 4; i++) {
      const Four four(row + 4 * i, m.bits);
      const uint8_t* const first = m.zeros + 4 * four.word * strides.zero_word;
      QN_UNROLLED
      for (uint32_t k = 0; k < kColumns; k++)
        zeros_[i][k] = load_aligned<uint32_t>(first + wide_product(groups[k], 4 * strides.zeros));
      if (four.in_two) {
        const uint8_t* const second = first + 4 * strides.zero_word;
        QN_UNROLLED
        for (uint32_t k = 0; k < kColumns; k++)
          zeros_[i][k] = funnel(
              zeros_[i][k], load_aligned<uint32_t>(second + wide_product(groups[k], 4 * strides.zeros)), four.shift);
      } else {
        QN_UNROLLED
        for (uint32_t k = 0; k < kColumns; k++)
          zeros_[i][k] >>= four.shift;
      }
    }
  }

  uint32_t bits_, zero_add_, zero_mask_;
  uint32_t codes_[kColumns / 4][kRows];
  uint32_t zeros_[kRows / 4][kColumns];
  typename Strings::template Scales<kBytes, kRows> scales_[kColumns];
};

}  // namespace qn::QN_TARGET
