// SPDX-License-Identifier: MIT
//
// What the encoders of the IQ1, IQ2 and IQ3 formats share: runs of numbers are rounded to levels and brought to entries
// of a code book. These are the words for that in plain code; iq_search_vectors.inl says the same with vectors.
#pragma once

#include "code_book.h"
#include "fit.h"

namespace qn::QN_TARGET {

// The code of a scale of a group, which stands for an odd multiple of half the block's.
template <int kLimit>
QN_HD int odd_scale_code(float inverse_scale, float scale) {
  return clamp(round_even(0.5f * (inverse_scale * scale - 1)), 0, kLimit);
}

// The place of the lowest bit that is set. Counting from below would be an instruction of BMI1.
QN_HD int lowest_bit(uint32_t bits) { return 31 - __builtin_clz(bits & (0 - bits)); }

// What the levels of a book stand for: a place for each number that a level's bits can hold.
template <class Book>
struct LevelValues {
  static constexpr int kPlaces = 1 << Book::kBits;

  alignas(4 * kPlaces) float at[kPlaces];

  // Levels stand for odd multiples of the scale.
  static QN_HD LevelValues odd(float scale) {
    LevelValues values;
    for (int l = 0; l < kPlaces; l++)
      values.at[l] = scale * static_cast<float>(2 * l + 1);
    return values;
  }
};

// Codes of the runs of a group, a column for each of the scales that are tried, of which there are kCount. There is at
// least one column more.
template <class Book, int N, int kCount>
struct TriedCodes {
  static constexpr int kRuns = N / Book::kElements;
  static constexpr int kColumns = (kCount + kCodeLanes) / kCodeLanes * kCodeLanes;
  static_assert(kColumns <= 32);

  alignas(2 * kCodeLanes) uint16_t codes[kRuns][kColumns];
};

}  // namespace qn::QN_TARGET

#if defined(__AVX2__)
#include "iq_search_vectors.inl"
#else
#include "iq_search_plain.inl"
#endif
