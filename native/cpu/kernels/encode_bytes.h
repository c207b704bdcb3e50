// SPDX-License-Identifier: MIT
//
// Vector encoders of Q8_0, Q8_1 and Q8_K.
#pragma once

#include "encode_common.h"

namespace qn::QN_TARGET {

template <>
inline constexpr int kBatch<Q8_0> = 16;
template <>
inline constexpr int kBatch<Q8_1> = 16;

QN_HD Bytes encode_bytes(const float* x, Floats inverse_scale) {
  return low_bytes(rounded_away(mul(load_floats(x), inverse_scale)));
}

QN_HD void encode_batch(const Values& v, Q8_0 (&blocks)[16]) {
  const Floats scales = div(peaks_of<32>(v.x), splat(127));
  const SixteenHalves halves(scales);
  const Sixteen inverse_scales(inverses(scales));
  for (int k = 0; k < 16; k++) {
    const Floats inverse_scale = splat(inverse_scales[k]);
    blocks[k].d = halves[k];
    for (int i = 0; i < 32; i += 16)
      keep_bytes(blocks[k].qs + i, encode_bytes(v.x + 32 * k + i, inverse_scale));
  }
}

QN_HD void encode_batch(const Values& v, Q8_1 (&blocks)[16]) {
  const Floats scales = div(peaks_of<32>(v.x), splat(127));
  const SixteenHalves halves(scales);
  const Sixteen inverse_scales(inverses(scales));
  int sums[16];
  for (int k = 0; k < 16; k++) {
    const Floats inverse_scale = splat(inverse_scales[k]);
    const Bytes first = encode_bytes(v.x + 32 * k, inverse_scale);
    const Bytes second = encode_bytes(v.x + 32 * k + 16, inverse_scale);
    keep_bytes(blocks[k].qs, first);
    keep_bytes(blocks[k].qs + 16, second);
    sums[k] = first_int(sum_bytes(first)) + first_int(sum_bytes(second));
    blocks[k].d = halves[k];
  }
  const SixteenHalves products(mul(to_floats(load_ints(sums)), scales));
  for (int k = 0; k < 16; k++)
    blocks[k].s = products[k];
}

QN_HD void encode_batch(const Values& v, Q8_K (&blocks)[1]) {
  Q8_K& block = blocks[0];
  const float magnitude = peak_of_256(v.x);
  if (magnitude == 0) {
    memset(&block, 0, sizeof block);
    return;
  }
  int at = 0;
  uint32_t has = 0;
  for (; !has; at += 16)
    has = bits(equal(magnitudes(load_floats(v.x + at)), splat(magnitude)));
  const float inverse_scale = -127 / v.x[at - 16 + __builtin_ctz(has)];
  for (int i = 0; i < 256; i += 16) {
    const Ints codes = rounded_even(mul(splat(inverse_scale), load_floats(v.x + i)));
    const Bytes bytes = low_bytes(least(codes, splat_int(127)));
    keep_bytes(block.qs + i, bytes);
    const int sum = first_int(sum_bytes(bytes));
    block.bsums[i / 16] = {{static_cast<uint8_t>(sum), static_cast<uint8_t>(sum >> 8)}};
  }
  block.d = le32(bits_from_float(1 / inverse_scale));
}

}  // namespace qn::QN_TARGET
