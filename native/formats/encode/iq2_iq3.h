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

// Turns the sign of the number of a run that matters least; its magnitude becomes negative.
QN_HD void turn_sign(const float* x, const float* weights, float* magnitudes, uint8_t& signs) {
  int least = 0;
  float loss = weights[0] * x[0] * x[0];
  for (int i = 1; i < 8; i++) {
    const float other = weights[i] * x[i] * x[i];
    least = other < loss ? i : least;
    loss = other < loss ? other : loss;
  }
  magnitudes[least] = -magnitudes[least];
  signs ^= static_cast<uint8_t>(1 << least);
}

// The scale of a group and what its runs became. Each step is made for all groups of a block before the next one, which
// lets a processor work on several groups at once.
template <class Format>
class GroupFit {
  using Rules = Search<Format>;
  using Book = typename Rules::Book;
  static constexpr int N = Format::kGroup;

 public:
  static constexpr int kRuns = N / Book::kElements;

  bool has_something;  // else it stays without a scale
  float scale = 0;
  uint8_t signs[N / 8];  // of runs of 8, before a negative scale turns them

  // Takes the signs off. If the number of minus signs has to be even, one may be turned.
  void begin(const Values& v, int first, float mean_square) {
    const float* const x = v.x + first;
    weigh_group<Format>(v, first, mean_square, weights_);
    for (int i = 0; i < N; i++) {
      x_[i] = x[i] >= 0 ? x[i] : -x[i];
      roots_[i] = square_root(weights_[i]);
    }
    for (int i = 0; i < N; i += 8) {
      uint8_t& of_run = signs[i / 8];
      of_run = negatives_of_8(x + i);
      if (Rules::kEvenSigns && __builtin_popcount(of_run) % 2 != 0) turn_sign(x + i, weights_ + i, x_ + i, of_run);
    }
    peak_ = x_[0];
    for (int i = 1; i < N; i++)
      peak_ = peak_ > x_[i] ? peak_ : x_[i];
    has_something = !(peak_ < Rules::kNothing);
    if (!has_something) return;
    scale = peak_ / kTop;
    if constexpr (Rules::kFitsPeak) {
      uint8_t first_codes[N];
      scale = fit_positive<N, kLevels + 1>(x_, weights_, first_codes);
      peak_ = scale * kLevels;
      has_something = !(peak_ <= 0);
      if (!has_something) scale = 0;
    }
  }

  // Brings all runs to the book with each candidate.
  void try_candidates() {
    alignas(4 * kCodeLanes) float inverse_scales[Tried::kColumns] = {};
    LevelValues<Book> values[kCandidates];
    for (int i = 0; i < kCandidates; i++)
      inverse_scales[i] = (kTop + static_cast<float>(i - Rules::kSteps) * Rules::kStep) / peak_;
    for (int i = 0; i < kCandidates; i++)
      values[i] = LevelValues<Book>::odd(1 / inverse_scales[i]);
    round_columns(x_, inverse_scales, tried_);
    const CodeBook<Book>& book = CodeBook<Book>::get();
    for (int r = 0; r < kRuns; r++) {
      const Run<Book> run = this->run(r);
      off_book_[r] = columns_off_book(book, tried_.codes[r]) & ((1u << kCandidates) - 1);
      for (uint32_t columns = off_book_[r]; columns != 0; columns &= columns - 1) {
        const int column = lowest_bit(columns);
        uint16_t& code = tried_.codes[r][column];
        code = static_cast<uint16_t>(nearest(book.near(code), run, values[column]));
      }
    }
  }

  void choose_candidate() {
    CodeSums sums[kCandidates];
    sum_columns(x_, weights_, tried_, sums);
    float best = 0;
    for (int i = 0; i < kCandidates; i++) {
      if (!(sums[i].l2 > 0 && sums[i].xl * sums[i].xl > best * sums[i].l2)) continue;
      scale = sums[i].xl / sums[i].l2;
      best = scale * sums[i].xl;
      chosen_ = i;
    }
    // NaNs give sums that are no better than nothing, and codes in this column too.
    for (int r = 0; chosen_ == kCandidates && r < kRuns; r++)
      tried_.codes[r][kCandidates] = 0;
  }

  // Brings runs to the book once more.
  void try_again() {
    const uint32_t runs = runs_again();
    if (!(scale > 0) || runs == 0) return;
    bring_to_book(runs);
    CodeSums sums;
    for (int i = 0; i < N; i++)
      sums.add(weights_[i], x_[i], 2 * CodeBook<Book>::level(code(i / Book::kElements), i % Book::kElements) + 1);
    if (sums.l2 > 0) scale = sums.xl / sums.l2;
  }

  uint32_t code(int run) const { return tried_.codes[run][chosen_]; }

 private:
  static constexpr int kLevels = Book::kLevels, kCandidates = 2 * Rules::kSteps + 1;
  using Tried = TriedCodes<Book, N, kCandidates>;
  static constexpr float kTop = 2 * kLevels - 1;

  Run<Book> run(int r) const { return {x_ + r * Book::kElements, roots_ + r * Book::kElements}; }

  uint32_t runs_again() const {
    constexpr uint32_t kAllRuns = (1u << kRuns) - 1;
    if (Rules::kAgain == Again::kAll) return kAllRuns;
    if (chosen_ == kCandidates) return Rules::kAgain == Again::kAllIfOffBook ? kAllRuns : 0;
    uint32_t off_book = 0;
    for (int r = 0; r < kRuns; r++)
      off_book |= (off_book_[r] >> chosen_ & 1) << r;
    return Rules::kAgain == Again::kAllIfOffBook && off_book != 0 ? kAllRuns : off_book;
  }

  // Brings the runs of a mask to the book, with the scale, into the chosen column.
  void bring_to_book(uint32_t runs) {
    const CodeBook<Book>& book = CodeBook<Book>::get();
    const LevelValues<Book> values = LevelValues<Book>::odd(scale);
    uint32_t codes[kRuns];
    round_to_levels<Book, N>(x_, 1 / scale, codes);
    for (; runs != 0; runs &= runs - 1) {
      const int r = lowest_bit(runs);
      const uint32_t code = codes[r];
      tried_.codes[r][chosen_] =
          static_cast<uint16_t>(book.has(code) ? code : nearest(book.near(code), run(r), values));
    }
  }

  float x_[N], weights_[N], roots_[N];  // magnitudes; of weights
  float peak_;
  Tried tried_;
  uint32_t off_book_[kRuns];  // columns whose codes were not in the book as they were
  int chosen_ = kCandidates;  // a column; this one has zeros, a code that is in every book
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
    GroupFit<Format> fits[kGroups];
    fit(v, fits);
    float scales[kGroups], largest = 0;
    for (int g = 0; g < kGroups; g++) {
      scales[g] = magnitude(fits[g].scale);
      largest = largest > scales[g] ? largest : scales[g];
      if (fits[g].has_something) take(g, fits[g]);
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

 private:
  static void fit(const Values& v, GroupFit<Format> (&fits)[kGroups]) {
    const float mean_square = Search<Format>::kMeanSquares * sum_of_squares<256>(v.x) / 256;
    for (int g = 0; g < kGroups; g++)
      fits[g].begin(v, g * Format::kGroup, mean_square);
    for (auto& fit : fits)
      if (fit.has_something) fit.try_candidates();
    for (auto& fit : fits)
      if (fit.has_something) fit.choose_candidate();
    for (auto& fit : fits)
      if (fit.has_something) fit.try_again();
  }

  void take(int group, const GroupFit<Format>& fit) {
    constexpr int kRunsOfGroup = GroupFit<Format>::kRuns, kSigns = sizeof fit.signs;
    const auto& book = CodeBook<typename Search<Format>::Book>::get();
    with_something |= 1u << group;
    for (int r = 0; r < kSigns; r++)
      signs[group * kSigns + r] = static_cast<uint8_t>(fit.scale < 0 ? ~fit.signs[r] : fit.signs[r]);
    for (int r = 0; r < kRunsOfGroup; r++)
      entries[group * kRunsOfGroup + r] = book.entry(fit.code(r));
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
