// SPDX-License-Identifier: MIT
//
// Vector encoders of IQ4_NL and IQ4_XS: see fit_levels() of formats/encode/iq4.h, here for sixteen groups of 32 at
// once, each in a lane.
#pragma once

#include "encode_common.h"

namespace qn::QN_TARGET {

template <>
inline constexpr int kBatch<IQ4_NL> = 16;
template <>
inline constexpr int kBatch<IQ4_XS> = 2;

// Comparing distances, as nearest_level() does, is comparing with the place between two levels: the distances there are
// exact.
struct LevelsIQ4 {
  static constexpr float level(int code) { return kLevelsIQ4[code]; }
  static constexpr float between(int code) {
    return 0.5f * static_cast<float>(kLevelsIQ4[code] + kLevelsIQ4[code + 1]);
  }
};

// The scales of sixteen groups, whose numbers and weights stand in columns.
QN_HD Floats fit_levels(const Floats (&x)[32], const Floats (&weights)[32], Floats peaks, Floats first_peaks) {
  struct Sums {
    Floats xl, l2;
  };
  const auto sums_for = [&](Floats inverse_scale) {
    Sums sums{splat(0), splat(0)};
    for (int i = 0; i < 32; i++) {
      const Floats level = nearest_levels<LevelsIQ4>(mul(inverse_scale, x[i]));
      const Floats weighted = mul(weights[i], level);
      sums.xl = add(sums.xl, mul(weighted, x[i]));
      sums.l2 = add(sums.l2, mul(weighted, level));
    }
    return sums;
  };
  constexpr float kLowest = kLevelsIQ4[0];
  Sums sums = sums_for(div(splat(1), div(first_peaks, splat(-kLowest))));
  Floats scales = select(above(sums.l2, splat(0)), div(sums.xl, sums.l2), splat(0));
  Floats best = mul(scales, sums.xl);
  for (int step = -7; step <= 7; step++) {
    sums = sums_for(div(splat(static_cast<float>(step) + kLowest), first_peaks));
    const Mask better = both(above(sums.l2, splat(0)), above(mul(sums.xl, sums.xl), mul(best, sums.l2)));
    const Floats scale = div(sums.xl, sums.l2);
    scales = select(better, scale, scales);
    best = select(better, mul(scale, sums.xl), best);
  }
  return select(above(splat(kNothing), peaks), splat(0), scales);
}

// The scales of sixteen groups of 32; twice the mean square of each one's block is needed with importance only.
template <class MeanSquares>
QN_HD Floats fit_groups(const Values& v, const MeanSquares& mean_squares) {
  Floats x[32], weights[32];
  by_columns(v.x, x);
  if (v.importance) {
    weigh_columns(x, v.importance, mean_squares(x), weights);
  } else {
    for (int i = 0; i < 32; i++)
      weights[i] = mul(x[i], x[i]);
  }
  const Floats peaks = peaks_of<32>(v.x);
  return fit_levels(x, weights, peaks, first_peaks<32>(v.x, peaks));
}

QN_HD void encode_levels(const float* x, Floats inverse_scale, uint8_t* qs) {
  const auto codes = [&](int first) {
    return low_bytes(nearest_codes<LevelsIQ4>(mul(inverse_scale, load_floats(x + first))));
  };
  keep_bytes(qs, pack_nibbles(codes(0), codes(16)));
}

QN_HD void encode_batch(const Values& v, IQ4_NL (&blocks)[16]) {
  if (has_nonfinite<512>(v.x)) return encode_one_by_one(v, blocks);
  const Floats scales = fit_groups(v, [](const Floats(&x)[32]) {
    Floats sum = splat(0);
    for (const Floats& one : x)
      sum = add(sum, mul(one, one));
    return mul(sum, splat(2.f / 32));
  });
  const SixteenHalves halves(scales);
  const Sixteen inverse_scales(inverses(scales));
  for (int k = 0; k < 16; k++) {
    blocks[k].d = halves[k];
    encode_levels(v.x + 32 * k, splat(inverse_scales[k]), blocks[k].qs);
  }
}

QN_HD void encode_batch(const Values& v, IQ4_XS (&blocks)[2]) {
  if (has_nonfinite<512>(v.x)) return encode_one_by_one(v, blocks);
  const Sixteen scales(fit_groups(v, [&](const Floats(&)[32]) {
    float first = 0, second = 0;  // side by side, since each is one chain of additions
    for (int i = 0; i < 256; i++) {
      first += v.x[i] * v.x[i];
      second += v.x[256 + i] * v.x[256 + i];
    }
    return mul(select(0xff, splat(first), splat(second)), splat(2.f / 256));
  }));
  for (int k = 0; k < 2; k++) {
    IQ4_XS& block = blocks[k];
    const float scale = -peak_of<8>(scales.values + 8 * k).value / 32;
    const float inverse_scale = inverse(scale);
    block.d = half(scale);
    uint8_t codes[8];
    for (int g = 0; g < 8; g++) {
      const int code = clamp(round_even(inverse_scale * scales[8 * k + g]), -32, 31);
      codes[g] = static_cast<uint8_t>(code + 32);
      encode_levels(v.x + 256 * k + 32 * g, splat(inverse(scale * static_cast<float>(code))), block.qs + 16 * g);
    }
    block.pack_scales(codes);
  }
}

}  // namespace qn::QN_TARGET
