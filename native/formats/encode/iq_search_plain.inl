// SPDX-License-Identifier: MIT
//
// Searches in code books without vectors. Included by iq_search.h alone.

#include "code_book.h"
#include "fit.h"

namespace qn::QN_TARGET {

// The numbers of a run and their weights.
template <class Book>
struct Run {
  const float *x, *weights;
};

// The code of the list that is nearest to a run: the least sum of weighted squares, of equal ones the first. Where no
// sum is finite it is the first; ggml stops the program there.
// Source: ggml, ggml-quants.c (iq2_find_best_neighbour, iq3_find_best_neighbour, iq1_find_best_neighbour2).
template <class Book>
uint32_t nearest(typename CodeBook<Book>::List list, const Run<Book>& run, const LevelValues<Book>& values) {
  constexpr float kLargest = 0x1.fffffep127f;
  float terms[Book::kElements][Book::kLevels];
  for (int k = 0; k < Book::kElements; k++) {
    for (int l = 0; l < Book::kLevels; l++) {
      const float difference = values.at[l] - run.x[k];
      terms[k][l] = run.weights[k] * difference * difference;
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

// Which of eight numbers are not zero or above; NaN is one of them.
inline uint8_t negatives_of_8(const float* x) {
  int negatives = 0;
  for (int i = 0; i < 8; i++)
    negatives |= !(x[i] >= 0) << i;
  return static_cast<uint8_t>(negatives);
}

// The codes of N numbers: level l stands for (2 l + 1) / inverse_scale.
template <class Book, int N>
void round_to_levels(const float* x, float inverse_scale, uint32_t (&codes)[N / Book::kElements]) {
  for (int r = 0; r < N / Book::kElements; r++) {
    codes[r] = 0;
    for (int k = 0; k < Book::kElements; k++)
      codes[r] |= static_cast<uint32_t>(odd_scale_code<Book::kLevels - 1>(inverse_scale, x[r * Book::kElements + k]))
                  << Book::kBits * k;
  }
}

// The same for the inverse scale of each column.
template <class Book, int N, int kCount>
void round_columns(const float* x, const float* inverse_scales, TriedCodes<Book, N, kCount>& tried) {
  using Tried = TriedCodes<Book, N, kCount>;
  for (int column = 0; column < Tried::kColumns; column++) {
    uint32_t codes[Tried::kRuns];
    round_to_levels<Book, N>(x, inverse_scales[column], codes);
    for (int r = 0; r < Tried::kRuns; r++)
      tried.codes[r][column] = static_cast<uint16_t>(codes[r]);
  }
}

// Which columns of a run have codes that are not in the book.
template <class Book, int kColumns>
uint32_t columns_off_book(const CodeBook<Book>& book, const uint16_t (&codes)[kColumns]) {
  uint32_t columns = 0;
  for (int column = 0; column < kColumns; column++)
    columns |= static_cast<uint32_t>(!book.has(codes[column])) << column;
  return columns;
}

// For each column, the sums from which its best scale follows.
template <class Book, int N, int kCount>
void sum_columns(const float* x, const float* weights, const TriedCodes<Book, N, kCount>& tried,
                 CodeSums (&sums)[kCount]) {
  for (int column = 0; column < kCount; column++) {
    sums[column] = {};
    for (int i = 0; i < N; i++) {
      const uint32_t code = tried.codes[i / Book::kElements][column];
      sums[column].add(weights[i], x[i], 2 * CodeBook<Book>::level(code, i % Book::kElements) + 1);
    }
  }
}

}  // namespace qn::QN_TARGET
