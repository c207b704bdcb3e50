// SPDX-License-Identifier: MIT
//
// Q1_0, Q2_0, TQ1_0 and TQ2_0: one scale, one or two levels on each side.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

template <class Out>
QN_HD void dequantize(const Q1_0& block, Out out) {
  const float d = block.d.to_float();
  for (int i = 0; i < 8; i++) {
    const uint32_t bits = block.qs[2 * i] | uint32_t{block.qs[2 * i + 1]} << 8;
    store(out, 16 * i, select(bits, splat(d), splat(-d)));
  }
}

template <class Out>
QN_HD void dequantize(const Q2_0& block, Out out) {
  const auto table = centered_table<2>(block.d.to_float(), 1);
  for (int i = 0; i < 4; i++) {
    uint32_t packed;
    memcpy(&packed, block.qs + 4 * i, 4);
    store(out, 16 * i, table.template at<0>(pairs(packed)));
  }
}

template <class Out>
QN_HD void dequantize(const TQ2_0& block, Out out) {
  const auto table = centered_table<2>(block.d.to_float(), 1);
  unroll<0, 4>([&](auto part) {
    const Ints packed = widen_unsigned(load_bytes(block.qs + 16 * part));
    unroll<0, 4>([&](auto pair) {
      store(out, 128 * (part / 2) + 32 * pair + 16 * (part % 2), table.template at<2 * pair>(packed));
    });
  });
}

// The first digits in base 3, less one: -1 + (b >= 86) + (b >= 171), since b * 3 / 256 is 1 from 86 on and 2 from 171.
QN_HD Bytes centered_digits(Bytes b) { return sub_bytes(sub_bytes(splat_byte(-1), at_least(b, 86)), at_least(b, 171)); }

// Brings the next digits to the front: b * 3 mod 256.
QN_HD Bytes next_digits(Bytes b) { return add_bytes(b, add_bytes(b, b)); }

template <class Out>
QN_HD void dequantize(const TQ1_0& block, Out out) {
  const Floats d = splat(block.d.to_float());
  const auto store_digits = [&](Bytes packed, int at, int stride) {
    for (int n = 0; n < 5; n++, packed = next_digits(packed))
      store(out, at + stride * n, scaled(d, centered_digits(packed)));
  };
  store_digits(load_bytes(block.qs), 0, 32);
  store_digits(load_bytes(block.qs + 16), 16, 32);
  store_digits(load_bytes(block.qs + 32), 160, 16);
  // The last sixteen weights are four digits of four bytes: each byte is brought forward by as many digits as it has
  // columns before it.
  uint32_t four;
  memcpy(&four, block.qh, 4);
  uint32_t columns[4];
  for (uint32_t& column : columns) {
    column = four;
    const uint32_t even = (four & 0x00ff00ff) * 3 & 0x00ff00ff, odd = (four >> 8 & 0x00ff00ff) * 3 & 0x00ff00ff;
    four = even | odd << 8;
  }
  store(out, 240, scaled(d, centered_digits(load_bytes(columns))));
}

}  // namespace qn::QN_TARGET
