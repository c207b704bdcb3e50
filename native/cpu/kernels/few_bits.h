// SPDX-License-Identifier: MIT
//
// Q1_0, Q2_0, TQ1_0 and TQ2_0: one scale, one or two levels on each side.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

template <class Out>
QN_HD void dequantize(const Q1_0& block, Out out) {
  const float d = block.d.to_scale();
  for (int i = 0; i < 4; i++) {
    uint32_t bits;
    memcpy(&bits, block.qs + 4 * i, 4);
    store(out, 32 * i, select(bits & 0xffff, splat(d), splat(-d)), select(bits >> 16, splat(d), splat(-d)));
  }
}

template <class Out>
QN_HD void dequantize(const Q2_0& block, Out out) {
  const auto table = centered_table<2>(block.d.to_scale(), 1);
  uint32_t packed[4];
  memcpy(packed, block.qs, 16);
  store(out, 0, table.template at<0>(pairs(packed[0])), table.template at<0>(pairs(packed[1])));
  store(out, 32, table.template at<0>(pairs(packed[2])), table.template at<0>(pairs(packed[3])));
}

template <class Out>
QN_HD void dequantize(const TQ2_0& block, Out out) {
  const auto table = centered_table<2>(block.d.to_scale(), 1);
  unroll<0, 2>([&](auto half) {
    const Ints first = widen_unsigned(load_bytes(block.qs + 32 * half));
    const Ints second = widen_unsigned(load_bytes(block.qs + 32 * half + 16));
    unroll<0, 4>([&](auto pair) {
      store(out, 128 * half + 32 * pair, table.template at<2 * pair>(first), table.template at<2 * pair>(second));
    });
  });
}

// The first digits in base 3, less one: -1 + (b >= 86) + (b >= 171), since b * 3 / 256 is 1 from 86 on and 2 from 171.
QN_HD Bytes centered_digits(Bytes b) { return sub_bytes(sub_bytes(splat_byte(-1), at_least(b, 86)), at_least(b, 171)); }

// Brings the next digits to the front: b * 3 mod 256.
QN_HD Bytes next_digits(Bytes b) { return add_bytes(b, add_bytes(b, b)); }

template <class Out>
QN_HD void dequantize(const TQ1_0& block, Out out) {
  const Floats d = splat(block.d.to_scale());
  Bytes first = load_bytes(block.qs), second = load_bytes(block.qs + 16);
  for (int n = 0; n < 5; n++) {
    store(out, 32 * n, scaled(d, centered_digits(first)), scaled(d, centered_digits(second)));
    first = next_digits(first);
    second = next_digits(second);
  }
  // Sixteen bytes with five digits each, then four bytes with four digits: their columns are brought to the front one
  // after the other, and make a sixth sixteen.
  uint32_t columns[4], four;
  memcpy(&four, block.qh, 4);
  for (uint32_t& column : columns) {
    column = four;
    const uint32_t even = (four & 0x00ff00ff) * 3 & 0x00ff00ff, odd = (four >> 8 & 0x00ff00ff) * 3 & 0x00ff00ff;
    four = even | odd << 8;
  }
  Bytes digits[6] = {load_bytes(block.qs + 32)};
  for (int n = 1; n < 5; n++)
    digits[n] = next_digits(digits[n - 1]);
  digits[5] = load_bytes(columns);
  for (int n = 0; n < 6; n += 2)
    store(out, 160 + 16 * n, scaled(d, centered_digits(digits[n])), scaled(d, centered_digits(digits[n + 1])));
}

}  // namespace qn::QN_TARGET
