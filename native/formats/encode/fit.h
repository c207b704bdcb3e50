// SPDX-License-Identifier: MIT
//
// Searches for scales, shared by the formats. Each finds integer codes and a scale (and an offset) that come near the
// given numbers, in the sense of weighted squares.
// Source of the searches: ggml, ggml-quants.c (make_qx_quants, make_q3_quants, make_qkx2_quants, make_qkx3_quants,
// make_qp_quants), whose order of operations is kept.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

// Sums over x and its codes l, from which the best scale follows.
struct CodeSums {
  float xl = 0, l2 = 0;

  QN_HD void add(float weight, float x, int l) {
    const float code = static_cast<float>(l);
    xl += weight * x * code;
    l2 += weight * code * code;
  }
  QN_HD void remove(float weight, float x, int l) {
    const float code = static_cast<float>(l);
    xl -= weight * x * code;
    l2 -= weight * code * code;
  }
};

// x[i] = scale * (codes[i] - kLimit), codes of 0 to 2 * kLimit - 1, from nineteen candidates for the scale. Without
// weights a number weighs its square. Codes are all 0 where all numbers are nearly 0; where only all weights are, the
// scale alone is.
template <int N, int kLimit>
QN_HD float fit_symmetric(const float* x, const float* weights, uint8_t* codes) {
  const Peak peak = peak_of<N>(x);
  if (peak.magnitude < kNothing) {
    memset(codes, 0, N);
    return 0;
  }
  const auto code = [&](float inverse_scale, int i) {
    return clamp(round_even(inverse_scale * x[i]), -kLimit, kLimit - 1);
  };
  const auto sums_for = [&](float inverse_scale) {
    CodeSums sums;
    for (int i = 0; i < N; i++)
      sums.add(weights ? weights[i] : x[i] * x[i], x[i], code(inverse_scale, i));
    return sums;
  };
  float best_inverse = -static_cast<float>(kLimit) / peak.value;
  CodeSums sums = sums_for(best_inverse);
  float scale = sums.l2 != 0 ? sums.xl / sums.l2 : 0;
  float best = scale * sums.xl;
  for (int step = -9; step <= 9; step++) {
    if (step == 0) continue;
    const float candidate = -(static_cast<float>(kLimit) + 0.1f * static_cast<float>(step)) / peak.value;
    sums = sums_for(candidate);
    if (sums.l2 > 0 && sums.xl * sums.xl > best * sums.l2) {
      best_inverse = candidate;
      scale = sums.xl / sums.l2;
      best = scale * sums.xl;
    }
  }
  for (int i = 0; i < N; i++)
    codes[i] = static_cast<uint8_t>(code(best_inverse, i) + kLimit);
  return scale;
}

// The same, improved code by code in up to five rounds instead of by candidates for the scale. A number weighs its
// square.
template <int N, int kLimit>
QN_HD float fit_symmetric_by_codes(const float* x, uint8_t* codes) {
  const Peak peak = peak_of<N>(x);
  if (peak.magnitude < kNothing) {
    memset(codes, 0, N);
    return 0;
  }
  const float inverse_scale = -static_cast<float>(kLimit) / peak.value;
  int best[N];
  CodeSums sums;
  for (int i = 0; i < N; i++) {
    best[i] = clamp(round_even(inverse_scale * x[i]), -kLimit, kLimit - 1);
    sums.add(x[i] * x[i], x[i], best[i]);
  }
  bool changed = true;
  for (int round = 0; round < 5 && changed; round++) {
    changed = false;
    for (int i = 0; i < N; i++) {
      const float weight = x[i] * x[i];
      CodeSums others = sums;
      others.remove(weight, x[i], best[i]);
      if (!(others.xl > 0)) continue;
      const int code = clamp(round_even(x[i] * others.l2 / others.xl), -kLimit, kLimit - 1);
      if (code == best[i]) continue;
      others.add(weight, x[i], code);
      if (others.l2 > 0 && others.xl * others.xl * sums.l2 > sums.xl * sums.xl * others.l2) {
        best[i] = code;
        sums = others;
        changed = true;
      }
    }
  }
  for (int i = 0; i < N; i++)
    codes[i] = static_cast<uint8_t>(best[i] + kLimit);
  return sums.l2 > 0 ? sums.xl / sums.l2 : 0;
}

// How fit_affine searches: candidates for 1 / scale are (limit + first + step * i) / range, for i of 0 to last. The
// range begins at the offset that is the best so far.
struct Steps {
  float first, step;
  int last;
  bool absolute = false;  // compares sums of weighted magnitudes instead of weighted squares
};

// With an importance matrix all formats search alike.
constexpr Steps kWeightedSteps = {-0.9f, 0.05f, 36};

// Vectors of floats and of integers, one lane for each group: the vector extensions of g++ and clang, which make of
// them what the instruction set has.
template <int>
struct Lanes;
template <>
struct Lanes<1> {
  typedef float Floats __attribute__((vector_size(4)));
  typedef int32_t Ints __attribute__((vector_size(4)));
};
template <>
struct Lanes<8> {
  typedef float Floats __attribute__((vector_size(32)));
  typedef int32_t Ints __attribute__((vector_size(32)));
};
template <>
struct Lanes<16> {
  typedef float Floats __attribute__((vector_size(64)));
  typedef int32_t Ints __attribute__((vector_size(64)));
};

// x[i] = scale * codes[i] - min, codes of 0 to kLimit, for kGroups groups of N that stand behind each other, each with
// a scale and a min of its own; mins are never negative. All groups are searched at once, each in its own lane and its
// own order of operations.
template <int N, int kLimit, int kGroups>
QN_HD void fit_affine(const float* x, const float* weights, const Steps& steps, uint8_t* codes, float* scales,
                      float* mins) {
  using Floats = typename Lanes<kGroups>::Floats;
  using Ints = typename Lanes<kGroups>::Ints;
  constexpr float kTop = kLimit;
  const Floats zero = {};
  Floats xs[N], ws[N];
  for (int i = 0; i < N; i++) {
    for (int g = 0; g < kGroups; g++) {
      xs[i][g] = x[g * N + i];
      ws[i][g] = weights[g * N + i];
    }
  }
  Floats low = xs[0], high = xs[0], sum_w = ws[0], sum_x = sum_w * xs[0];
  for (int i = 1; i < N; i++) {
    low = xs[i] < low ? xs[i] : low;
    high = xs[i] > high ? xs[i] : high;
    sum_w += ws[i];
    sum_x += ws[i] * xs[i];
  }
  low = low > zero ? zero : low;
  const Ints empty = high <= low;

  // Vectors go in and out by reference: how they are passed would depend on the instruction set.
  Floats tried[N];  // codes
  const auto encode_with = [&](float steps_of_range, Floats& inverse_scale) {
    inverse_scale = steps_of_range / (high - low);
    for (int i = 0; i < N; i++) {
      Floats shifted = inverse_scale * (xs[i] - low) + kRounder;
#ifdef __CUDA_ARCH__
      for (int g = 0; g < kGroups; g++)
        shifted[g] = as_rounded(shifted[g]);
#endif
      Ints bits;
      memcpy(&bits, &shifted, sizeof bits);
      Ints code = (bits & kRoundedBits) - kRoundedZero;
      code = code < 0 ? Ints{} : code;
      code = code > kLimit ? Ints{} + kLimit : code;
      tried[i] = __builtin_convertvector(code, Floats);
    }
  };
  const auto measure = [&](const Floats& scale, const Floats& offset, Floats& error) {
    error = zero;
    for (int i = 0; i < N; i++) {
      const Floats difference = scale * tried[i] + offset - xs[i];
      const Floats size = difference < zero ? -difference : difference;
      error += ws[i] * (steps.absolute ? size : difference * difference);
    }
  };
  Floats best_inverse, best, scale, best_begin = low;
  encode_with(kTop, best_inverse);
  scale = 1 / best_inverse;
  measure(scale, low, best);
  for (int step = 0; step <= steps.last; step++) {
    Floats inverse_scale, error;
    encode_with(steps.first + steps.step * static_cast<float>(step) + kTop, inverse_scale);
    Floats sum_l = zero, sum_l2 = zero, sum_xl = zero;
    for (int i = 0; i < N; i++) {
      const Floats weighted = ws[i] * tried[i];
      sum_l += weighted;
      sum_l2 += weighted * tried[i];
      sum_xl += weighted * xs[i];
    }
    const Floats determinant = sum_w * sum_l2 - sum_l * sum_l;
    Floats tried_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    Floats tried_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
    const Ints above = tried_low > zero;
    tried_low = above ? zero : tried_low;
    tried_scale = above ? sum_xl / sum_l2 : tried_scale;
    measure(tried_scale, tried_low, error);
    const Ints better = (determinant > zero) & (error < best);
    best = better ? error : best;
    scale = better ? tried_scale : scale;
    best_inverse = better ? inverse_scale : best_inverse;
    best_begin = better ? low : best_begin;
    low = better ? tried_low : low;
  }
  for (int g = 0; g < kGroups; g++) {
    uint8_t* const to = codes + g * N;
    mins[g] = -low[g];
    scales[g] = scale[g];
    for (int i = 0; i < N; i++)
      to[i] = static_cast<uint8_t>(clamp(round_even(best_inverse[g] * (x[g * N + i] - best_begin[g])), 0, kLimit));
    if (!empty[g]) continue;
    mins[g] = -best_begin[g];
    scales[g] = 0;
    memset(to, 0, N);
  }
}

// x[i] = scale * codes[i], codes of 0 to kLimit, for numbers that are not negative: the scales of groups, to be stored
// as codes for a scale of the block.
template <int N, int kLimit>
QN_HD float fit_positive(const float* x, const float* weights, uint8_t* codes) {
  float max = 0;
  for (int i = 0; i < N; i++)
    max = max > x[i] ? max : x[i];
  if (max < kNothing) {
    memset(codes, 0, N);
    return 0;
  }
  constexpr float kTop = kLimit;
  float inverse_scale = kTop / max;
  const float first_scale = 1 / inverse_scale;
  float best = 0;
  for (int i = 0; i < N; i++) {
    const float difference =
        x[i] - first_scale * static_cast<float>(static_cast<uint8_t>(round_even(inverse_scale * x[i])));
    best += weights[i] * difference * difference;
  }
  for (int step = -4; step <= 4; step++) {
    if (step == 0) continue;
    const float candidate = (0.1f * static_cast<float>(step) + kTop) / max;
    const float scale = 1 / candidate;
    float error = 0;
    for (int i = 0; i < N; i++) {
      const float difference = x[i] - scale * static_cast<float>(at_most(round_even(candidate * x[i]), kLimit));
      error += weights[i] * difference * difference;
    }
    if (error < best) {
      best = error;
      inverse_scale = candidate;
    }
  }
  CodeSums sums;
  for (int i = 0; i < N; i++) {
    const int code = at_most(round_even(inverse_scale * x[i]), kLimit);
    codes[i] = static_cast<uint8_t>(code);
    sums.add(weights[i], x[i], code);
  }
  bool changed = true;
  for (int round = 0; round < 5 && changed; round++) {
    changed = false;
    for (int i = 0; i < N; i++) {
      CodeSums others = sums;
      others.remove(weights[i], x[i], codes[i]);
      if (!(others.xl > 0 && others.l2 > 0)) continue;
      const int code = at_most(round_even(x[i] * others.l2 / others.xl), kLimit);
      if (code == codes[i]) continue;
      others.add(weights[i], x[i], code);
      if (others.xl * others.xl * sums.l2 > sums.xl * sums.xl * others.l2) {
        codes[i] = static_cast<uint8_t>(code);
        sums = others;
        changed = true;
      }
    }
  }
  return sums.l2 > 0 ? sums.xl / sums.l2 : 0;
}

}  // namespace qn::QN_TARGET
