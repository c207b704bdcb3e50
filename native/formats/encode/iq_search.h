// SPDX-License-Identifier: MIT
//
// What the encoders of the IQ1, IQ2 and IQ3 formats share: the choice between entries of a code book.
#pragma once

#include "code_book.h"
#include "common.h"

namespace qn::QN_TARGET {

// The code of the list that is nearest to x, where an element of level l stands for values[l]: the least sum of
// weighted squares, of equal ones the first. Where no sum is finite it is the first; ggml stops the program there.
// Source: ggml, ggml-quants.c (iq2_find_best_neighbour, iq3_find_best_neighbour, iq1_find_best_neighbour2).
template <class Book>
uint32_t nearest(typename CodeBook<Book>::List list, const float* x, const float* weights,
                 const float (&values)[Book::kLevels]) {
  constexpr float kLargest = 0x1.fffffep127f;
  float terms[Book::kElements][Book::kLevels];
  for (int k = 0; k < Book::kElements; k++) {
    for (int l = 0; l < Book::kLevels; l++) {
      const float difference = values[l] - x[k];
      terms[k][l] = weights[k] * difference * difference;
    }
  }
  uint32_t best = list.chunks->codes[0];
  float best_distance = kLargest;
  for (int i = 0; i < list.count; i++) {
    for (const uint32_t code : list.chunks[i].codes) {
      float distance = 0;
      for (int k = 0; k < Book::kElements; k++)
        distance += terms[k][CodeBook<Book>::level(code, k)];
      if (distance < best_distance) {
        best_distance = distance;
        best = code;
      }
    }
  }
  return best;
}

// The code of a scale of a group, which stands for an odd multiple of half the block's.
template <int kLimit>
QN_HD int odd_scale_code(float inverse_scale, float scale) {
  return clamp(round_even(0.5f * (inverse_scale * scale - 1)), 0, kLimit);
}

}  // namespace qn::QN_TARGET
