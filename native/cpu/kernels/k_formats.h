// SPDX-License-Identifier: MIT
//
// Q2_K to Q6_K, Q8_K and IQ4_XS: 256 weights in groups of 16 or 32, each with a scale of its own.
#pragma once

#include "blocks_of_32.h"

namespace qn::QN_TARGET {

template <class Out>
QN_HD void dequantize(const Q2_K& block, Out out) {
  const Bytes packed_scales = load_bytes(block.scales);
  const Sixteen scales(scaled(splat(block.d.to_scale()), field<0, 4>(packed_scales)));
  const Sixteen offsets(scaled(splat(-block.dmin.to_scale()), field<4, 4>(packed_scales)));
  unroll<0, 2>([&](auto half) {  // 32 bytes of qs: four pairs of groups, 32 weights apart
    const Ints even = widen_unsigned(load_bytes(block.qs + 32 * half));
    const Ints odd = widen_unsigned(load_bytes(block.qs + 32 * half + 16));
    unroll<0, 4>([&](auto pair) {
      constexpr int kGroup = half * 8 + pair * 2;
      store(out, 16 * kGroup, affine_table<2>(scales[kGroup], offsets[kGroup]).template at<2 * pair>(even),
            affine_table<2>(scales[kGroup + 1], offsets[kGroup + 1]).template at<2 * pair>(odd));
    });
  });
}

// Group `kGroup` of Q3_K, less the zero point.
template <int kGroup>
QN_HD Bytes codes_of(const Q3_K& block) {
  const Bytes low = load_bytes(block.qs + kGroup / 8 * 32 + kGroup % 2 * 16);
  const Bytes high = load_bytes(block.hmask + kGroup % 2 * 16);
  const Bytes q = or_bytes(field<kGroup % 8 / 2 * 2, 2>(low), field<kGroup / 2, 1, 2>(high));
  return sub_bytes(q, splat_byte(4));
}

template <class Out>
QN_HD void dequantize(const Q3_K& block, Out out) {
  uint8_t packed_scales[16];
  block.unpack_scales(packed_scales);
  const Bytes centered_scales = sub_bytes(load_bytes(packed_scales), splat_byte(32));
  const Sixteen scales(scaled(splat(block.d.to_scale()), centered_scales));
  unroll<0, 8>([&](auto pair) {
    store(out, 32 * pair, scaled(splat(scales[2 * pair]), codes_of<2 * pair>(block)),
          scaled(splat(scales[2 * pair + 1]), codes_of<2 * pair + 1>(block)));
  });
}

// d * scale of the eight groups of Q4_K and Q5_K, then -dmin * min of each.
template <class Block>
QN_HD Sixteen scales_and_offsets(const Block& block) {
  uint8_t packed[16];
  block.scales.unpack(packed);
  const Floats factors = select(0x00ff, splat(block.d.to_scale()), splat(-block.dmin.to_scale()));
  return Sixteen(scaled(factors, load_bytes(packed)));
}

template <class Out>
QN_HD void dequantize(const Q4_K& block, Out out) {
  const Sixteen factors = scales_and_offsets(block);
  unroll<0, 4>([&](auto n) {
    const auto even = affine_table<4>(factors[2 * n], factors[2 * n + 8]);
    const auto odd = affine_table<4>(factors[2 * n + 1], factors[2 * n + 9]);
    const Ints first = widen_unsigned(load_bytes(block.qs + 32 * n));
    const Ints second = widen_unsigned(load_bytes(block.qs + 32 * n + 16));
    store(out, 64 * n, even.template at<0>(first), even.template at<0>(second));
    store(out, 64 * n + 32, odd.template at<4>(first), odd.template at<4>(second));
  });
}

// Sixteen weights of group `kGroup` of Q5_K, from its weight `first` on.
template <int kGroup>
QN_HD Bytes codes_of(const Q5_K& block, int first) {
  const Bytes low = field<kGroup % 2 * 4, 4>(load_bytes(block.qs + kGroup / 2 * 32 + first));
  return or_bytes(low, field<kGroup, 1, 4>(load_bytes(block.qh + first)));
}

template <class Out>
QN_HD void dequantize(const Q5_K& block, Out out) {
  const Sixteen factors = scales_and_offsets(block);
  unroll<0, 8>([&](auto group) {
    const Floats scale = splat(factors[group]), offset = splat(factors[group + 8]);
    store(out, 32 * group, affine(scale, codes_of<group>(block, 0), offset),
          affine(scale, codes_of<group>(block, 16), offset));
  });
}

// Group `kGroup` of Q6_K, less the zero point.
template <int kGroup>
QN_HD Bytes codes_of(const Q6_K& block) {
  constexpr int kHalf = kGroup / 8, kInHalf = kGroup % 8;
  const Bytes low = load_bytes(block.ql + 64 * kHalf + kInHalf % 4 * 16);
  const Bytes high = load_bytes(block.qh + 32 * kHalf + kInHalf % 2 * 16);
  const Bytes q = or_bytes(field<kInHalf / 4 * 4, 4>(low), field<kInHalf / 2 * 2, 2, 4>(high));
  return sub_bytes(q, splat_byte(32));
}

template <class Out>
QN_HD void dequantize(const Q6_K& block, Out out) {
  const Sixteen scales(scaled(splat(block.d.to_scale()), load_bytes(block.scales)));
  unroll<0, 8>([&](auto pair) {
    store(out, 32 * pair, scaled(splat(scales[2 * pair]), codes_of<2 * pair>(block)),
          scaled(splat(scales[2 * pair + 1]), codes_of<2 * pair + 1>(block)));
  });
}

template <class Out>
QN_HD void dequantize(const Q8_K& block, Out out) {
  store_signed_bytes(plain_nan(splat(float_from_bits(block.d.get()))), block.qs, 256, out);
}

template <class Out>
QN_HD void dequantize(const IQ4_XS& block, Out out) {
  for (int group = 0; group < 8; group++)
    store_nibbles(level_table(block.scale(group), kLevelsIQ4), block.qs + 16 * group, out, 32 * group);
}

}  // namespace qn::QN_TARGET
