// SPDX-License-Identifier: MIT
//
// Vector encoders of MXFP4 and NVFP4.
//
// The nearest number of E2M1 follows from comparisons with the seven places halfway between two of them; at such a
// place the smaller magnitude is taken. That is what comparing distances gives: they are exact there, and farther away
// they differ by more than rounding can hide, as long as numbers are not millions of times as large as their scale.
#pragma once

#include "encode_common.h"

namespace qn::QN_TARGET {

template <>
inline constexpr int kBatch<MXFP4> = 16;
template <>
inline constexpr int kBatch<NVFP4> = 4;

// The places of sixteen groups, from half the values of their scales. With a scale of 0 all codes are 0.
struct PlacesE2M1 {
  alignas(64) float of[7][16];

  QN_HD explicit PlacesE2M1(Floats half_scales) {
    const Floats used = select(equal(half_scales, splat(0)), splat(__builtin_inff()), half_scales);
    for (int i = 0; i < 7; i++)
      keep(of[i], mul(used, splat(0.5f * static_cast<float>(kE2M1Doubled[i] + kE2M1Doubled[i + 1]))));
    in_memory(of);
  }

  // The codes of sixteen numbers of a group.
  QN_HD Bytes codes(const float* numbers, int group) const {
    const Floats x = load_floats(numbers), size = magnitudes(x);
    Ints code = splat_int(0);
    for (const auto& place : of)
      code = count_above(code, size, splat(place[group]));
    const Ints sign = and_ints(shift_ints_right<28>(bits_of(x)), splat_int(kNegative));
    return zero_where(low_bytes(or_ints(code, sign)), kNegative);  // there is no negative zero
  }

  static constexpr int kNegative = 8;
};

QN_HD void encode_batch(const Values& v, MXFP4 (&blocks)[16]) {
  const Floats peaks = peaks_of<32>(v.x);
  // Infinity is equally far from all numbers.
  if (bits(equal(peaks, splat(__builtin_inff())))) return encode_one_by_one(v, blocks);
  const Sixteen peak(peaks);
  float half_scales[16];
  for (int k = 0; k < 16; k++) {
    blocks[k].e = exponent_for(peak[k]);
    half_scales[k] = blocks[k].half_scale();
  }
  const PlacesE2M1 places(load_floats(half_scales));
  for (int k = 0; k < 16; k++)
    keep_bytes(blocks[k].qs, pack_nibbles(places.codes(v.x + 32 * k, k), places.codes(v.x + 32 * k + 16, k)));
}

QN_HD void encode_batch(const Values& v, NVFP4 (&blocks)[4]) {
  const Floats peaks = peaks_of<16>(v.x);
  // Scales end at 448.
  if (bits(at_least(peaks, splat(0x1p24f)))) return encode_one_by_one(v, blocks);
  const Sixteen sixths(div(peaks, splat(6)));
  float half_scales[16];
  for (int g = 0; g < 16; g++) {
    blocks[g / 4].d[g % 4] = encode_e4m3(sixths[g]);
    half_scales[g] = blocks[g / 4].half_scale(g % 4);
  }
  const PlacesE2M1 places(load_floats(half_scales));
  for (int g = 0; g < 16; g++) {
    const Bytes codes = places.codes(v.x + 16 * g, g);
    keep_8_bytes(blocks[g / 4].qs + g % 4 * 8, pack_nibbles(codes, second_8(codes)));
  }
}

}  // namespace qn::QN_TARGET
