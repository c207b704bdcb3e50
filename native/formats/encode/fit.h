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
// weights a number weighs its square. Codes are all 0 when the scale is.
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

// x[i] = scale * codes[i] - min, codes of 0 to kLimit; min is never negative.
template <int N, int kLimit>
QN_HD float fit_affine(const float* x, const float* weights, const Steps& steps, uint8_t* codes, float& min) {
  constexpr float kTop = kLimit;
  float low = x[0], high = x[0];
  float sum_w = weights[0], sum_x = sum_w * x[0];
  for (int i = 1; i < N; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
  }
  if (low > 0) low = 0;
  if (high <= low) {
    memset(codes, 0, N);
    min = -low;
    return 0;
  }
  const auto encode_with = [&](float steps_of_range, uint8_t* to) {
    const float inverse_scale = steps_of_range / (high - low);
    for (int i = 0; i < N; i++)
      to[i] = static_cast<uint8_t>(clamp(round_even(inverse_scale * (x[i] - low)), 0, kLimit));
  };
  const auto error_of = [&](const uint8_t* tried, float scale, float offset) {
    float sum = 0;
    for (int i = 0; i < N; i++) {
      const float difference = scale * static_cast<float>(tried[i]) + offset - x[i];
      sum += weights[i] * (steps.absolute ? magnitude(difference) : difference * difference);
    }
    return sum;
  };
  float scale = 1 / (kTop / (high - low));
  encode_with(kTop, codes);
  float best = error_of(codes, scale, low);
  for (int step = 0; step <= steps.last; step++) {
    uint8_t tried[N];
    encode_with(steps.first + steps.step * static_cast<float>(step) + kTop, tried);
    float sum_l = 0, sum_l2 = 0, sum_xl = 0;
    for (int i = 0; i < N; i++) {
      const float code = static_cast<float>(tried[i]), weighted = weights[i] * code;
      sum_l += weighted;
      sum_l2 += weighted * code;
      sum_xl += weighted * x[i];
    }
    const float determinant = sum_w * sum_l2 - sum_l * sum_l;
    if (!(determinant > 0)) continue;
    float tried_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    float tried_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
    if (tried_low > 0) {
      tried_low = 0;
      tried_scale = sum_xl / sum_l2;
    }
    const float error = error_of(tried, tried_scale, tried_low);
    if (error < best) {
      memcpy(codes, tried, N);
      best = error;
      scale = tried_scale;
      low = tried_low;
    }
  }
  min = -low;
  return scale;
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
