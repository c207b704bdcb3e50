// SPDX-License-Identifier: MIT
//
// Vector encoders of Q1_0, Q2_0, TQ1_0 and TQ2_0.
#pragma once

#include "encode_common.h"

namespace qn::QN_TARGET {

template <>
inline constexpr int kBatch<Q1_0> = 16;
template <>
inline constexpr int kBatch<Q2_0> = 16;

// Means of magnitudes are summed number by number, so each block has a lane.
QN_HD void encode_batch(const Values& v, Q1_0 (&blocks)[16]) {
  Floats sums = splat(0);
  for (int first = 0; first < 128; first += 16) {
    Ints square[16];
    for (int k = 0; k < 16; k++)
      square[k] = bits_of(load_floats(v.x + 128 * k + first));
    transpose(square);
    for (int i = 0; i < 16; i++)
      sums = add(sums, magnitudes(floats_of(square[i])));
  }
  const SixteenHalves halves(div(sums, splat(128)));
  for (int k = 0; k < 16; k++) {
    blocks[k].d = halves[k];
    for (int i = 0; i < 8; i++) {
      const auto positive = static_cast<uint16_t>(bits(at_least(load_floats(v.x + 128 * k + 16 * i), splat(0))));
      memcpy(blocks[k].qs + 2 * i, &positive, 2);
    }
  }
}

QN_HD void encode_batch(const Values& v, Q2_0 (&blocks)[16]) {
  const Floats scales = peaks_of<64>(v.x);
  const SixteenHalves halves(scales);
  const Sixteen inverse_scales(inverses(scales));
  for (int k = 0; k < 16; k++) {
    const Floats inverse_scale = splat(inverse_scales[k]);
    Bytes codes[4];
    for (int i = 0; i < 4; i++) {
      const Ints raised = add_ints(rounded_away(mul(load_floats(v.x + 64 * k + 16 * i), inverse_scale)), splat_int(1));
      codes[i] = low_bytes(least(greatest(raised, splat_int(0)), splat_int(3)));
    }
    blocks[k].d = halves[k];
    keep_bytes(blocks[k].qs, pack_neighbours(codes));
  }
}

// See encode_ternary().
struct Ternary {
  Half scale;
  Bytes digits[16];

  QN_HD explicit Ternary(const float* x) {
    const float peak = peak_of_256(x);
    scale = half(peak);
    const Floats inverse_scale = splat(inverse(peak));
    for (int i = 0; i < 16; i++)
      digits[i] = add_bytes(low_bytes(rounded_away(mul(load_floats(x + 16 * i), inverse_scale))), splat_byte(1));
  }

  // Five digits of each byte, from digits[first] on.
  template <int kStride>
  QN_HD Bytes fives(int first) const {
    Bytes number = digits[first];
    for (int n = 1; n < 5; n++)
      number = three_times(number, digits[first + n * kStride]);
    return fraction_of_243(number);
  }
};

QN_HD void encode_batch(const Values& v, TQ1_0 (&blocks)[1]) {
  const Ternary all(v.x);
  keep_bytes(blocks[0].qs, all.fives<2>(0));
  keep_bytes(blocks[0].qs + 16, all.fives<2>(1));
  keep_bytes(blocks[0].qs + 32, all.fives<1>(10));
  uint8_t last[16];
  keep_bytes(last, all.digits[15]);
  for (int j = 0; j < 4; j++)
    blocks[0].qh[j] = pack_digits<4>(last + j, 4);
  blocks[0].d = all.scale;
}

QN_HD void encode_batch(const Values& v, TQ2_0 (&blocks)[1]) {
  const Ternary all(v.x);
  for (int i = 0; i < 4; i++) {
    const Bytes* const at = all.digits + i / 2 * 8 + i % 2;
    keep_bytes(blocks[0].qs + 16 * i, four_times(four_times(four_times(at[6], at[4]), at[2]), at[0]));
  }
  blocks[0].d = all.scale;
}

}  // namespace qn::QN_TARGET
