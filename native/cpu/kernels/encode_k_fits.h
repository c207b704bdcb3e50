// SPDX-License-Identifier: MIT
//
// The other searches of formats/encode/fit.h, most of them for K formats, for sixteen groups at once, each in a lane:
// columns hold number i of each group. A lane does what the search there does, in its order of operations; where that
// one skips numbers or stops, a mask keeps what was.
#pragma once

#include "encode_fits.h"

namespace qn::QN_TARGET {

// A code is found as the bits of a float: kRounder with the code added to its fraction. See round_even().
inline constexpr uint32_t kCodeZero = 0x4b400000;  // the bits of kRounder
static_assert(kRounder == 0x1.8p23f);

// round_even() of any numbers, brought to kLow to kHigh: as bits, and as floats.
template <int kLow, int kHigh>
QN_HD Ints code_bits(Floats values) {
  constexpr uint32_t kExponent = kCodeZero - kRoundedZero;
  const Ints bits = and_or(bits_of(add(values, splat(kRounder))), splat_int(kRoundedBits), splat_int(kExponent));
  return least(greatest(bits, splat_int(kCodeZero + kLow)), splat_int(kCodeZero + kHigh));
}

template <int kLow, int kHigh>
QN_HD Floats codes_of(Floats values) {
  return sub(floats_of(code_bits<kLow, kHigh>(values)), splat(kRounder));
}

QN_HD bool any(Mask a) { return bits(a) != 0; }
QN_HD Mask differ(Floats a, Floats b) { return either(above(a, b), above(b, a)); }

// See CodeSums.
struct CodeSumsOfGroups {
  Floats xl = splat(0), l2 = splat(0);

  // What a number of each group adds. `weighted` is weight * x.
  QN_HD static CodeSumsOfGroups terms(Floats weight, Floats weighted, Floats code) {
    return {mul(weighted, code), mul(mul(weight, code), code)};
  }
  QN_HD CodeSumsOfGroups with(const CodeSumsOfGroups& terms) const { return {add(xl, terms.xl), add(l2, terms.l2)}; }
  QN_HD CodeSumsOfGroups without(const CodeSumsOfGroups& terms) const { return {sub(xl, terms.xl), sub(l2, terms.l2)}; }
  // Is the scale that follows from these the better one? Both l2 are positive.
  QN_HD Mask better_than(const CodeSumsOfGroups& old) const {
    return above(mul(mul(xl, xl), old.l2), mul(mul(old.xl, old.xl), l2));
  }
  QN_HD void replace_where(Mask where, const CodeSumsOfGroups& by) {
    xl = select(where, by.xl, xl);
    l2 = select(where, by.l2, l2);
  }
  QN_HD Floats scales() const { return select(above(l2, splat(0)), div(xl, l2), splat(0)); }
};

// See Peak.
struct PeaksOfGroups {
  Floats magnitude = splat(0), value = splat(0);

  template <int N>
  QN_HD explicit PeaksOfGroups(const Floats (&x)[N]) {
    for (int i = 0; i < N; i++) {
      const Floats m = magnitudes(x[i]);
      value = select(above(m, magnitude), x[i], value);
      magnitude = larger(m, magnitude);
    }
  }
  QN_HD Mask nearly_zero() const { return above(splat(kNothing), magnitude); }
};

// See fit_symmetric_by_codes(). Few codes ever change. That a code stays is told without a division, and then steps do
// not wait for each other. Where codes change, the next step of their groups waits, so that several searches in turn
// take less time than one search after the other; and a search in which a round changed nothing has ended.
template <int N, int kLimit>
class SymmetricSearch {
 public:
  CodeSumsOfGroups sums;

  QN_HD explicit SymmetricSearch(const float* x) {
    Floats columns[N];
    by_columns<N>(x, columns);
    const PeaksOfGroups peaks(columns);
    const Floats inverse_scale = div(splat(-kLimit), peaks.value);
    nothing_ = bits(peaks.nearly_zero());
    for (int i = 0; i < N; i++) {
      numbers_[i] = Coded(columns[i], code_of(mul(inverse_scale, columns[i])));
      sums = sums.with(numbers_[i].terms);
    }
  }

  // Takes better codes for number i of the groups, and their sums. Returns whether there are any.
  QN_HD bool try_number(int i, CodeSumsOfGroups& sums) {
    Coded& old = numbers_[i];
    const CodeSumsOfGroups others = sums.without(old.terms);
    const Floats product = mul(old.x, others.l2);
    const Mask can_change = above(others.xl, splat(0));
    const Mask too_low = both(can_change, at_least(mul(old.low, others.xl), product));
    const Mask too_high = both(can_change, at_least(product, mul(old.high, others.xl)));
    if (!any(either(too_low, too_high))) return false;
    const Coded found(old.x, code_of(div(product, others.xl)));
    const Mask is_new = both(can_change, differ(found.code, old.code));
    const CodeSumsOfGroups tried = others.with(found.terms);
    const Mask better = both(both(is_new, above(tried.l2, splat(0))), tried.better_than(sums));
    old.replace_where(better, found);
    sums.replace_where(better, tried);
    return any(better);
  }

  QN_HD Floats scales() const { return select(nothing_, splat(0), sums.scales()); }

  QN_HD void encode(int group, uint8_t* codes) const {
    for (int i = 0; i < N; i++) {
      const float code = nothing_ >> group & 1 ? 0 : Sixteen(numbers_[i].code)[group] + kLimit;
      codes[i] = static_cast<uint8_t>(code);
    }
  }

 private:
  QN_HD static Floats code_of(Floats values) { return codes_of<-kLimit, kLimit - 1>(values); }

  // A number of each group, and its code.
  struct Coded {
    Floats x, code;
    CodeSumsOfGroups terms;  // what it adds to the sums
    Floats low, high;        // what is between surely becomes the code, however products of these are rounded

    Coded() = default;
    QN_HD Coded(Floats number, Floats of_number) : x(number), code(of_number) {
      constexpr float kSurely = 0.49999f, kAnything = 0x1p20f;
      const Floats weight = mul(x, x);
      terms = CodeSumsOfGroups::terms(weight, mul(weight, x), code);
      low = select(equal(code, splat(-kLimit)), splat(-kAnything), sub(code, splat(kSurely)));
      high = select(equal(code, splat(kLimit - 1)), splat(kAnything), add(code, splat(kSurely)));
    }
    QN_HD void replace_where(Mask where, const Coded& by) {
      code = select(where, by.code, code);
      terms.replace_where(where, by.terms);
      low = select(where, by.low, low);
      high = select(where, by.high, high);
    }
  };

  Coded numbers_[N];
  uint32_t nothing_;
};

template <int N, int kLimit, int kSets>
QN_HD void search(SymmetricSearch<N, kLimit> (&sets)[kSets]) {
  CodeSumsOfGroups sums[kSets];
  bool changes[kSets];
  for (int s = 0; s < kSets; s++) {
    sums[s] = sets[s].sums;
    changes[s] = true;
  }
  for (int round = 0; round < 5; round++) {
    bool changed[kSets] = {};
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 4  // which keeps sums in registers
      for (int s = 0; s < kSets; s++)
        if (changes[s]) changed[s] |= sets[s].try_number(i, sums[s]);
    }
    memcpy(changes, changed, sizeof changes);
  }
  for (int s = 0; s < kSets; s++)
    sets[s].sums = sums[s];
}

// What is found for sixteen groups. Codes are those of inverse_scales * (x - begins).
struct AffineFits {
  Floats scales, mins;
  Floats inverse_scales, begins;
  Floats weights;  // their sums
};

// See fit_affine(). After begin(), a candidate is tried at a time: each step waits for the one before it, so that steps
// of several searches in turn take less time than one search after the other.
template <int N, int kLimit, bool kAbsolute>
struct AffineSearch {
  Floats x[N], weights[N];

  QN_HD void begin() {
    Floats smallest = x[0];
    high_ = x[0], sum_w_ = weights[0], sum_x_ = mul(weights[0], x[0]);
    for (int i = 1; i < N; i++) {
      smallest = smaller(x[i], smallest);
      high_ = larger(x[i], high_);
      sum_w_ = add(sum_w_, weights[i]);
      sum_x_ = add(sum_x_, mul(weights[i], x[i]));
    }
    low_ = begin_ = first_low_ = smaller(splat(0), smallest);
    inverse_scale_ = inverse_for(kLimit);
    scale_ = div(splat(1), inverse_scale_);
    for (int i = 0; i < N; i++)
      codes_[i] = code_with(inverse_scale_, i);
    error_ = measure(scale_, low_);
  }

  // Is there anything to find?
  QN_HD bool has_range() const { return any(above(high_, first_low_)); }

  // Encodes with that many steps from the best offset so far to the largest number.
  QN_HD void try_steps(float steps) {
    const Floats inverse_scale = inverse_for(steps);
    Floats sum_l = splat(0), sum_l2 = splat(0), sum_xl = splat(0);
    for (int i = 0; i < N; i++) {
      codes_[i] = code_with(inverse_scale, i);
      const Floats weighted = mul(weights[i], codes_[i]);
      sum_l = add(sum_l, weighted);
      sum_l2 = add(sum_l2, mul(weighted, codes_[i]));
      sum_xl = add(sum_xl, mul(weighted, x[i]));
    }
    const Floats determinant = sub(mul(sum_w_, sum_l2), mul(sum_l, sum_l));
    Floats scale = div(sub(mul(sum_w_, sum_xl), mul(sum_x_, sum_l)), determinant);
    Floats low = div(sub(mul(sum_l2, sum_x_), mul(sum_l, sum_xl)), determinant);
    const Mask is_above = above(low, splat(0));
    if (any(is_above)) {
      low = select(is_above, splat(0), low);
      scale = select(is_above, div(sum_xl, sum_l2), scale);
    }
    const Floats error = measure(scale, low);
    const Mask better = both(above(determinant, splat(0)), above(error_, error));
    error_ = select(better, error, error_);
    scale_ = select(better, scale, scale_);
    inverse_scale_ = select(better, inverse_scale, inverse_scale_);
    begin_ = select(better, low_, begin_);
    low_ = select(better, low, low_);
  }

  QN_HD AffineFits result() const {
    const Mask has_range = above(high_, first_low_);
    const Floats low = select(has_range, low_, first_low_);
    return {select(has_range, scale_, splat(0)), floats_of(sub_ints(bits_of(low), splat_int(0x80000000u))),
            select(has_range, inverse_scale_, splat(0)), begin_, sum_w_};
  }

 private:
  QN_HD Floats inverse_for(float steps) const { return div(splat(steps), sub(high_, low_)); }

  QN_HD Floats code_with(Floats inverse_scale, int i) const {
    return codes_of<0, kLimit>(mul(inverse_scale, sub(x[i], low_)));
  }

  QN_HD Floats measure(Floats scale, Floats offset) const {
    Floats error = splat(0);
    for (int i = 0; i < N; i++) {
      const Floats difference = sub(add(mul(scale, codes_[i]), offset), x[i]);
      error = add(error, mul(weights[i], kAbsolute ? magnitudes(difference) : mul(difference, difference)));
    }
    return error;
  }

  Floats codes_[N];
  Floats low_, high_, first_low_, begin_, sum_w_, sum_x_, inverse_scale_, scale_, error_;
};

template <int N, int kLimit, bool kAbsolute, int kSets>
QN_HD void search(AffineSearch<N, kLimit, kAbsolute> (&sets)[kSets], const Steps& steps) {
  for (auto& set : sets)
    set.begin();
  for (int step = 0; step <= steps.last; step++)
    for (auto& set : sets)
      if (set.has_range()) set.try_steps(steps.first + steps.step * static_cast<float>(step) + kLimit);
}

// See fit_positive(). Codes are what a byte keeps of them.
template <int N, int kLimit>
QN_HD Floats fit_positive(const Floats (&x)[N], const Floats (&weights)[N], Floats (&codes)[N]) {
  constexpr float kTop = kLimit;
  constexpr int kLowest = -kRoundedZero;
  const auto code = [](Floats values) { return codes_of<kLowest, kLimit>(values); };
  const auto as_byte = [](Floats code) {
    const Ints byte = and_or(bits_of(add(code, splat(kRounder))), splat_int(255), splat_int(kCodeZero));
    return sub(floats_of(byte), splat(kRounder));
  };
  Floats max = splat(0);
  for (int i = 0; i < N; i++)
    max = larger(max, x[i]);
  Floats inverse_scale = div(splat(kTop), max), best = splat(0);
  const Floats first_scale = div(splat(1), inverse_scale);
  for (int i = 0; i < N; i++) {
    const Floats byte = as_byte(codes_of<kLowest, kRoundedZero - 1>(mul(inverse_scale, x[i])));
    const Floats difference = sub(x[i], mul(first_scale, byte));
    best = add(best, mul(mul(weights[i], difference), difference));
  }
  for (int step = -4; step <= 4; step++) {
    if (step == 0) continue;
    const Floats candidate = div(splat(0.1f * static_cast<float>(step) + kTop), max);
    const Floats scale = div(splat(1), candidate);
    Floats error = splat(0);
    for (int i = 0; i < N; i++) {
      const Floats difference = sub(x[i], mul(scale, code(mul(candidate, x[i]))));
      error = add(error, mul(mul(weights[i], difference), difference));
    }
    const Mask better = above(best, error);
    best = select(better, error, best);
    inverse_scale = select(better, candidate, inverse_scale);
  }
  CodeSumsOfGroups sums;
  for (int i = 0; i < N; i++) {
    const Floats found = code(mul(inverse_scale, x[i]));
    sums = sums.with(sums.terms(weights[i], mul(weights[i], x[i]), found));
    codes[i] = as_byte(found);
  }
  bool changed = true;
  for (int round = 0; round < 5 && changed; round++) {
    changed = false;
    for (int i = 0; i < N; i++) {
      const Floats weighted = mul(weights[i], x[i]), old = codes[i];
      CodeSumsOfGroups others = sums.without(sums.terms(weights[i], weighted, old));
      const Mask is_valid = both(above(others.xl, splat(0)), above(others.l2, splat(0)));
      const Floats found = code(div(mul(x[i], others.l2), others.xl));
      const Mask is_new = both(is_valid, differ(found, old));
      others = others.with(sums.terms(weights[i], weighted, found));
      const Mask better = both(is_new, others.better_than(sums));
      codes[i] = select(better, as_byte(found), old);
      sums.replace_where(better, others);
      changed |= any(better);
    }
  }
  const Mask nothing = above(splat(kNothing), max);
  for (int i = 0; i < N; i++)
    codes[i] = select(nothing, splat(0), codes[i]);
  return select(nothing, splat(0), sums.scales());
}

}  // namespace qn::QN_TARGET
