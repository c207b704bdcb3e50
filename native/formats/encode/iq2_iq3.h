// SPDX-License-Identifier: MIT
//
// Encoders of IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS and IQ3_S. The signs of a group are taken off; then its scale is sought
// among candidates, for each of which all runs are brought to entries of the code book.
// Source: ggml, ggml-quants.c (quantize_row_iq2_xxs_impl, quantize_row_iq2_xs_impl, quantize_row_iq2_s_impl,
// quantize_row_iq3_xxs_impl, quantize_row_iq3_s_impl).
#pragma once

#include "../iq2_s.h"
#include "../iq2_xs.h"
#include "../iq2_xxs.h"
#include "../iq3_s.h"
#include "../iq3_xxs.h"
#include "fit.h"
#include "iq_search.h"

namespace qn::QN_TARGET {

template <>
inline constexpr bool kNeedsImportance<IQ2_XXS> = true;
template <>
inline constexpr bool kNeedsImportance<IQ2_XS> = true;

// How a format searches.
//
//   Book              its code book
//   kEvenSigns        the number of minus signs in a run has to be even: one follows from the others
//   kMeanSquares      weights know the mean square of the block times this
//   kBase             without importance, that times this is added to the square of a number to become its weight
//   kNothing          groups whose largest magnitude is below this are taken as zeros
//   kFitsPeak         a first fit tells which magnitude the highest level shall be near to, else it is the largest
//   kSteps, kStep     candidates for 1 / scale are (top + kStep * i) / peak, for i of -kSteps to kSteps, where `top` is
//                     what the highest level stands for
//   kAgain            which runs are brought to the book once more, with the scale that came of the best candidate
//   kCorrection       what the scale of the block is multiplied with in the end
template <class Format>
struct Search;

enum class Again { kOffBook, kAllIfOffBook, kAll };

template <>
struct Search<IQ2_XXS> {
  using Book = BookIQ2_XXS;
  static constexpr bool kEvenSigns = true, kFitsPeak = true;
  static constexpr float kMeanSquares = 1, kBase = 0;
  static constexpr float kNothing = 1e-15f, kStep = 0.1f, kCorrection = 1;
  static constexpr int kSteps = 6;
  static constexpr Again kAgain = Again::kAll;
};

template <>
struct Search<IQ2_XS> {
  using Book = BookIQ2_XS;
  static constexpr bool kEvenSigns = true, kFitsPeak = false;
  static constexpr float kMeanSquares = 1, kBase = 0;
  static constexpr float kNothing = 1e-15f, kStep = 0.1f, kCorrection = 1;
  static constexpr int kSteps = 9;
  static constexpr Again kAgain = Again::kOffBook;
};

template <>
struct Search<IQ2_S> {
  using Book = BookIQ2_S;
  static constexpr bool kEvenSigns = false, kFitsPeak = false;
  static constexpr float kMeanSquares = 2, kBase = 0.25f;
  static constexpr float kNothing = 1e-8f, kStep = 0.1f, kCorrection = 0.9875f;
  static constexpr int kSteps = 9;
  static constexpr Again kAgain = Again::kOffBook;
};

template <>
struct Search<IQ3_XXS> {
  using Book = BookIQ3_XXS;
  static constexpr bool kEvenSigns = true, kFitsPeak = false;
  static constexpr float kMeanSquares = 2, kBase = 0;
  static constexpr float kNothing = 1e-8f, kStep = 0.2f, kCorrection = 1.0125f;
  static constexpr int kSteps = 15;
  static constexpr Again kAgain = Again::kOffBook;
};

template <>
struct Search<IQ3_S> {
  using Book = BookIQ3_S;
  static constexpr bool kEvenSigns = false, kFitsPeak = false;
  static constexpr float kMeanSquares = 2, kBase = 0;
  static constexpr float kNothing = 0x1p-149f, kStep = 0.2f, kCorrection = 1.033f;
  static constexpr int kSteps = 9;
  static constexpr Again kAgain = Again::kAllIfOffBook;
};

template <class Format>
QN_HD void weigh_group(const Values& v, int first, float mean_square, float (&weights)[Format::kGroup]) {
  const float* const x = v.x + first;
  if (v.importance) {
    weigh<Format::kGroup>(x, v.importance + first, mean_square, weights);
    return;
  }
  constexpr float kBase = Search<Format>::kBase;
  for (int i = 0; i < Format::kGroup; i++)
    weights[i] = kBase != 0 ? kBase * mean_square + x[i] * x[i] : x[i] * x[i];
}

// The magnitudes of a run and its signs. If the number of minus signs has to be even, that of the number that matters
// least is turned, and its magnitude becomes negative.
template <bool kEven>
QN_HD uint8_t take_signs(const float* x, const float* weights, float* magnitudes) {
  int signs = 0, count = 0;
  for (int i = 0; i < 8; i++) {
    const bool negative = !(x[i] >= 0);
    magnitudes[i] = negative ? -x[i] : x[i];
    signs |= negative << i;
    count += negative;
  }
  if (kEven && count % 2 != 0) {
    int least = 0;
    float loss = weights[0] * x[0] * x[0];
    for (int i = 1; i < 8; i++) {
      const float other = weights[i] * x[i] * x[i];
      least = other < loss ? i : least;
      loss = other < loss ? other : loss;
    }
    magnitudes[least] = -magnitudes[least];
    signs ^= 1 << least;
  }
  return static_cast<uint8_t>(signs);
}

// The scale of a group and what its runs became.
template <class Format>
class GroupFit {
  using Rules = Search<Format>;
  using Book = typename Rules::Book;

 public:
  static constexpr int kRuns = Format::kGroup / Book::kElements;

  float scale = 0;

  // False if there is nothing to fit.
  bool fit(const float (&x)[Format::kGroup], const float (&weights)[Format::kGroup]) {
    float peak = x[0];
    for (int i = 1; i < Format::kGroup; i++)
      peak = peak > x[i] ? peak : x[i];
    if (peak < Rules::kNothing) return false;
    if constexpr (Rules::kFitsPeak) {
      uint8_t first_codes[Format::kGroup];
      scale = fit_positive<Format::kGroup, kLevels + 1>(x, weights, first_codes);
      peak = scale * kLevels;
      if (peak <= 0) {
        scale = 0;
        return false;
      }
    } else {
      scale = peak / kTop;
    }
    float roots[Format::kGroup];
    for (int i = 0; i < Format::kGroup; i++)
      roots[i] = square_root(weights[i]);
    uint32_t off_book = choose_candidate(x, weights, roots, peak);
    if (scale > 0 && (off_book != 0 || Rules::kAgain == Again::kAll)) {
      if (Rules::kAgain != Again::kOffBook) off_book = kAllRuns;
      bring_to_book(x, roots, off_book);
      const CodeSums sums = sums_of_chosen(x, weights);
      if (sums.l2 > 0) scale = sums.xl / sums.l2;
    }
    return true;
  }

  uint32_t code(int run) const { return tried_.codes[run][chosen_]; }

 private:
  static constexpr int kLevels = Book::kLevels, kCandidates = 2 * Rules::kSteps + 1;
  using Tried = TriedCodes<Book, Format::kGroup, kCandidates>;
  static constexpr float kTop = 2 * kLevels - 1;
  static constexpr uint32_t kAllRuns = (1u << kRuns) - 1;

  // Tries all candidates. Returns which runs of the best one were not in the book as they were.
  uint32_t choose_candidate(const float* x, const float* weights, const float* roots, float peak) {
    uint32_t off_book[kRuns];  // columns of each run
    try_candidates(x, roots, peak, off_book);
    CodeSums sums[kCandidates];
    sum_columns(x, weights, tried_, sums);
    float best = 0;
    for (int i = 0; i < kCandidates; i++) {
      if (!(sums[i].l2 > 0 && sums[i].xl * sums[i].xl > best * sums[i].l2)) continue;
      scale = sums[i].xl / sums[i].l2;
      best = scale * sums[i].xl;
      chosen_ = i;
    }
    if (chosen_ == kCandidates) return Rules::kAgain == Again::kAllIfOffBook ? kAllRuns : 0;
    uint32_t chosen_off_book = 0;
    for (int r = 0; r < kRuns; r++)
      chosen_off_book |= (off_book[r] >> chosen_ & 1) << r;
    return chosen_off_book;
  }

  // Brings all runs to the book with each candidate.
  void try_candidates(const float* x, const float* roots, float peak, uint32_t (&off_book)[kRuns]) {
    alignas(4 * kCodeLanes) float inverse_scales[Tried::kColumns] = {};
    LevelValues<Book> values[kCandidates];
    for (int i = 0; i < kCandidates; i++)
      inverse_scales[i] = (kTop + static_cast<float>(i - Rules::kSteps) * Rules::kStep) / peak;
    for (int i = 0; i < kCandidates; i++)
      values[i] = LevelValues<Book>::odd(1 / inverse_scales[i]);
    round_columns(x, inverse_scales, tried_);
    const CodeBook<Book>& book = CodeBook<Book>::get();
    for (int r = 0; r < kRuns; r++) {
      const Run<Book> run{x + r * Book::kElements, roots + r * Book::kElements};
      off_book[r] = columns_off_book(book, tried_.codes[r]);
      for (uint32_t columns = off_book[r]; columns != 0; columns &= columns - 1) {
        const int column = __builtin_ctz(columns);
        uint16_t& code = tried_.codes[r][column];
        code = static_cast<uint16_t>(nearest(book.near(code), run, values[column]));
      }
    }
  }

  // Brings the runs of a mask to the book, with the scale, into the chosen column.
  void bring_to_book(const float* x, const float* roots, uint32_t runs) {
    const CodeBook<Book>& book = CodeBook<Book>::get();
    const LevelValues<Book> values = LevelValues<Book>::odd(scale);
    uint32_t codes[kRuns];
    round_to_levels<Book, Format::kGroup>(x, 1 / scale, codes);
    for (; runs != 0; runs &= runs - 1) {
      const int r = __builtin_ctz(runs);
      uint32_t code = codes[r];
      if (!book.has(code))
        code = nearest(book.near(code), Run<Book>{x + r * Book::kElements, roots + r * Book::kElements}, values);
      tried_.codes[r][chosen_] = static_cast<uint16_t>(code);
    }
  }

  CodeSums sums_of_chosen(const float* x, const float* weights) const {
    CodeSums sums;
    for (int i = 0; i < Format::kGroup; i++)
      sums.add(weights[i], x[i], 2 * CodeBook<Book>::level(code(i / Book::kElements), i % Book::kElements) + 1);
    return sums;
  }

  Tried tried_;
  int chosen_ = kCandidates;  // a column of zeros
};

// All groups of a block, fitted. Groups with nothing in them keep zeros everywhere.
template <class Format>
struct FittedBlock {
  static constexpr int kGroups = 256 / Format::kGroup, kRuns = 256 / Search<Format>::Book::kElements;

  Half d = {};
  uint8_t scale_codes[kGroups] = {};
  uint32_t entries[kRuns] = {};
  uint8_t signs[32] = {};
  uint32_t with_something = 0;  // groups
  bool is_empty = false;        // no group has a scale

  explicit FittedBlock(const Values& v) {
    using Book = typename Search<Format>::Book;
    const CodeBook<Book>& book = CodeBook<Book>::get();
    const float mean_square = Search<Format>::kMeanSquares * sum_of_squares<256>(v.x) / 256;
    float scales[kGroups], largest = 0;
    for (int g = 0; g < kGroups; g++) {
      float weights[Format::kGroup], magnitudes[Format::kGroup];
      uint8_t group_signs[Format::kGroup / 8];
      weigh_group<Format>(v, g * Format::kGroup, mean_square, weights);
      for (int r = 0; r < Format::kGroup / 8; r++)
        group_signs[r] = take_signs<Search<Format>::kEvenSigns>(v.x + g * Format::kGroup + 8 * r, weights + 8 * r,
                                                                magnitudes + 8 * r);
      GroupFit<Format> fit;
      const bool something = fit.fit(magnitudes, weights);
      scales[g] = magnitude(fit.scale);
      largest = largest > scales[g] ? largest : scales[g];
      if (!something) continue;
      with_something |= 1u << g;
      for (int r = 0; r < Format::kGroup / 8; r++)
        signs[g * Format::kGroup / 8 + r] = static_cast<uint8_t>(fit.scale < 0 ? ~group_signs[r] : group_signs[r]);
      for (int r = 0; r < GroupFit<Format>::kRuns; r++)
        entries[g * GroupFit<Format>::kRuns + r] = book.entry(fit.code(r));
    }
    is_empty = largest == 0;
    if (is_empty) return;
    const float scale = largest / 31, inverse_scale = 1 / scale;
    d = half(scale * Search<Format>::kCorrection);
    for (int g = 0; g < kGroups; g++)
      scale_codes[g] = static_cast<uint8_t>(odd_scale_code<15>(inverse_scale, scales[g]));
  }

  // Seven signs of each of four runs, and the scale of their group.
  uint32_t signs_and_scale(int group) const {
    uint32_t bits = uint32_t{scale_codes[group]} << 28;
    for (int r = 0; r < 4; r++)
      bits |= (signs[4 * group + r] & 127u) << 7 * r;
    return bits;
  }
};

QN_HD void encode(const Values& v, IQ2_XXS& block) {
  const FittedBlock<IQ2_XXS> fitted(v);
  memset(&block, 0, sizeof block);
  if (fitted.is_empty) return;
  block.d = fitted.d;
  for (int g = 0; g < 8; g++) {
    for (int r = 0; r < 4; r++)
      block.groups[g].indices[r] = static_cast<uint8_t>(fitted.entries[4 * g + r]);
    block.groups[g].signs_and_scale = le32(fitted.signs_and_scale(g));
  }
}

QN_HD void encode(const Values& v, IQ2_XS& block) {
  const FittedBlock<IQ2_XS> fitted(v);
  memset(&block, 0, sizeof block);
  if (fitted.is_empty) return;
  block.d = fitted.d;
  for (int r = 0; r < 32; r++)
    block.qs[r] = le16(fitted.entries[r] | (fitted.signs[r] & 127u) << 9);
  for (int j = 0; j < 8; j++)
    block.scales[j] = static_cast<uint8_t>(fitted.scale_codes[2 * j] | fitted.scale_codes[2 * j + 1] << 4);
}

QN_HD void encode(const Values& v, IQ2_S& block) {
  const FittedBlock<IQ2_S> fitted(v);
  memset(&block, 0, sizeof block);
  block.d = fitted.d;
  for (int r = 0; r < 32; r++) {
    block.indices[r] = static_cast<uint8_t>(fitted.entries[r]);
    block.qh[r / 4] = static_cast<uint8_t>(block.qh[r / 4] | fitted.entries[r] >> 8 << 2 * (r % 4));
  }
  memcpy(block.signs, fitted.signs, sizeof block.signs);
  for (int j = 0; j < 8; j++)
    block.scales[j] = static_cast<uint8_t>(fitted.scale_codes[2 * j] | fitted.scale_codes[2 * j + 1] << 4);
}

QN_HD void encode(const Values& v, IQ3_XXS& block) {
  const FittedBlock<IQ3_XXS> fitted(v);
  memset(&block, 0, sizeof block);
  if (fitted.is_empty) return;
  block.d = fitted.d;
  for (int r = 0; r < 64; r++)
    block.indices[r] = static_cast<uint8_t>(fitted.entries[r]);
  for (int g = 0; g < 8; g++)
    block.signs_and_scales[g] = le32(fitted.signs_and_scale(g));
}

// ggml writes the indices and signs of a group behind those of the last one that had something in it, so after a group
// of zeros they stand too early, while scales and ninth bits are at their places. Its bytes are the contract.
QN_HD void encode(const Values& v, IQ3_S& block) {
  const FittedBlock<IQ3_S> fitted(v);
  memset(&block, 0, sizeof block);
  block.d = fitted.d;
  int to = 0;
  for (int g = 0; g < 8; g++) {
    if (!(fitted.with_something >> g & 1)) continue;
    for (int r = 0; r < 8; r++) {
      const uint32_t entry = fitted.entries[8 * g + r];
      block.indices[8 * to + r] = static_cast<uint8_t>(entry);
      block.qh[g] = static_cast<uint8_t>(block.qh[g] | entry >> 8 << r);
    }
    memcpy(block.signs + 4 * to, fitted.signs + 4 * g, 4);
    to++;
  }
  for (int j = 0; j < 4; j++)
    block.scales[j] = static_cast<uint8_t>(fitted.scale_codes[2 * j] | fitted.scale_codes[2 * j + 1] << 4);
}

}  // namespace qn::QN_TARGET
