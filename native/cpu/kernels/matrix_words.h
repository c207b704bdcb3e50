// SPDX-License-Identifier: MIT
//
// Packed matrices with AVX-512, where codes have up to four bits: the weights that a scale allows are computed
// beforehand, and for results of 16 bits also rounded, and looked up: 16 or 32 of them at once (see words.h).
#pragma once

#include "matrices.h"
#include "matrix_rows.h"
#include "word_tables.h"

namespace qn::QN_TARGET {

// ---- rows

template <class R>
concept HasTable = requires(R row) { row.table(); };

template <class Layout, int kBits, class T, bool kStream>
  requires(sizeof(T) == 2 && HasTable<Row<Layout, kBits>>)
void decode_rows(const Matrix& m, const MatrixRegion& region, Output<T, kStream> out, size_t stride) {
  using R = Row<Layout, kBits>;
  if (!R::has_table(m)) return decode_rows_by_floats<Layout, kBits>(m, region, out, stride);
  for (uint64_t i = 0; i < region.lines; i++) {
    R row;
    row.begin(m, region.line + i);
    const Output<T, kStream> to = out.at(i * stride);
    const auto enter = [&](uint64_t group) {
      row.enter(group);
      return row.table().weights;
    };
    uint64_t s = 0;
    while (s < region.elements) {
      const uint64_t element = region.element + s, group = element / m.group;
      const uint64_t left = region.elements - s, to_end = (group + 1) * m.group - element;
      const uint64_t count = to_end < left ? to_end : left;  // elements of this group
      const Floats weights = enter(group);
      const WordTable table = word_table(out, weights);
      uint64_t done = 0;
      for (; done + 32 <= count; done += 32)
        store_words(to, s + done, table.at(spread_words<typename R::Packing>(row.string(element + done))));
      s += done;
      if (done < count) {
        // Sixteen of this group, then sixteen of the next.
        const WordTable both = word_table(out, weights, enter(group + 1));
        const Words places = spread_words<typename R::Packing>(row.string(element + done));
        store_words(to, s, both.at(and_or(places, splat_word((1 << kBits) - 1), halves(0, 16))));
        s += 32;
      }
    }
  }
}

// ---- bands

// A table for element `k` of sixteen.
template <int kBits, class Out>
QN_HD WordTable word_table_of(Out out, const Group& group, int k) {
  return word_table(out, weights<kBits>(table_codes<kBits>(), splat_element(group, k)));
}

template <int kBits, class T, bool kStream>
  requires(sizeof(T) == 2 && kBits <= 4)
void transpose_band(const Matrix& m, const uint8_t* tile, const Group* const (&groups)[kSets], Output<T, kStream> out,
                    size_t stride) {
  const Strings<kBits> strings(m, tile);
  for (int k = 0; k < 16; k++) {
    const Output<T, kStream> to = out.at(static_cast<uint64_t>(k) * stride);
    WordTable table = word_table_of<kBits>(out, *groups[0], k);
    for (uint64_t set = 0; set < kSets; set++) {
      if (set && groups[set] != groups[set - 1]) table = word_table_of<kBits>(out, *groups[set], k);
      store_words(to, 32 * set, table.at(spread_words<Dense<kBits>>(strings.set(k, set))));
    }
  }
}

// 128 elements of AWQ: words of eight elements are transposed, so that a shift brings codes of sixteen columns into a
// vector.
template <bool kStream>
void transpose_dealt_band(const Matrix& m, const uint8_t* tile, const Group* const (&groups)[kSets],
                          Output<F32, kStream> out, size_t stride) {
  alignas(64) Ints words[kSets][2][16];
  for (uint64_t set = 0; set < kSets; set++)
    for (uint64_t half = 0; half < 2; half++) {
      for (uint64_t k = 0; k < 16; k++)
        words[set][half][k] = load_ints(tile + (32 * set + 16 * half + k) * (m.rows / 2));
      transpose(words[set][half]);
    }
  for (uint64_t word = 0; word < 16; word++)
    unroll<0, 8>([&](auto j) {
      constexpr int kBit = static_cast<int>(AWQ_GEMM::bit(j));
      const uint64_t element = 8 * word + j;
      const Output<F32, kStream> to = out.at(element * stride);
      WeightTable table{};
      for (uint64_t set = 0; set < kSets; set++) {
        if (!set || groups[set] != groups[set - 1])
          table = table_of(
              weights<4>(table_codes<4>(), splat_element(groups[set][element / 16], static_cast<int>(element % 16))));
        store(to, 32 * set, table.template at<kBit>(words[set][0][word]), table.template at<kBit>(words[set][1][word]));
      }
    });
}

// 128 elements of AWQ: words of eight elements are transposed, those of even and of odd columns apart, so that a
// shift brings codes of 32 columns into words.
template <class Out>
void transpose_dealt_band(const Matrix& m, const uint8_t* tile, const Group* const (&groups)[kSets], Out out,
                          size_t stride) {
  alignas(64) Ints words[kSets][2][16];
  for (uint64_t set = 0; set < kSets; set++)
    for (uint64_t odd = 0; odd < 2; odd++) {
      for (uint64_t k = 0; k < 16; k++)
        words[set][odd][k] = load_ints(tile + (32 * set + 2 * k + odd) * (m.rows / 2));
      transpose(words[set][odd]);
    }
  for (uint64_t word = 0; word < 16; word++)
    unroll<0, 8>([&](auto j) {
      constexpr int kBit = static_cast<int>(AWQ_GEMM::bit(j));
      const uint64_t element = 8 * word + j;
      const Out to = out.at(element * stride);
      WordTable table{};
      for (uint64_t set = 0; set < kSets; set++) {
        if (!set || groups[set] != groups[set - 1])
          table = word_table_of<4>(out, groups[set][element / 16], static_cast<int>(element % 16));
        const Ints even = shift_ints_right<kBit>(words[set][0][word]);
        Ints odd = words[set][1][word];
        if constexpr (kBit < 16) {
          odd = shift_ints_left<16 - kBit>(odd);
        } else {
          odd = shift_ints_right<kBit - 16>(odd);
        }
        store_words(to, 32 * set, table.at(_mm512_mask_blend_epi16(0xaaaaaaaa, even, odd)));
      }
    });
}

template <int kBits, class Out>
inline constexpr uint64_t kBandElements<AWQ_GEMM, kBits, Out> = 128;

}  // namespace qn::QN_TARGET
