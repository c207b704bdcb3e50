// SPDX-License-Identifier: MIT
//
// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1 and IQ4_NL, MXFP4, NVFP4: small blocks with a scale for all their weights.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

// Low nibbles of sixteen bytes, then their high nibbles.
template <class Table, class Out>
QN_HD void store_nibbles(const Table& table, const void* packed, Out out, int at) {
  const Ints wide = widen_unsigned(load_bytes(packed));
  store(out, at, table.template at<0>(wide), table.template at<4>(wide));
}

template <class Out>
QN_HD void dequantize(const Q4_0& block, Out out) {
  store_nibbles(centered_table<4>(block.d.to_scale(), 8), block.qs, out, 0);
}

template <class Out>
QN_HD void dequantize(const Q4_1& block, Out out) {
  store_nibbles(affine_table<4>(block.d.to_scale(), block.m.to_scale()), block.qs, out, 0);
}

// Weights 16 half .. 16 half + 15 of Q5_0 and Q5_1, of five bits.
template <int kHalf, class Block>
QN_HD Bytes five_bits(const Block& block) {
  const Bytes low = field<4 * kHalf, 4>(load_bytes(block.qs));
  return or_bytes(low, bytes_where(block.qh.get() >> 16 * kHalf & 0xffff, 16));
}

template <class Out>
QN_HD void dequantize(const Q5_0& block, Out out) {
  const Floats scale = splat(block.d.to_scale());
  const Bytes zero = splat_byte(16);
  store(out, 0, scaled(scale, sub_bytes(five_bits<0>(block), zero)),
        scaled(scale, sub_bytes(five_bits<1>(block), zero)));
}

template <class Out>
QN_HD void dequantize(const Q5_1& block, Out out) {
  const Floats scale = splat(block.d.to_scale()), offset = splat(block.m.to_scale());
  store(out, 0, affine(scale, five_bits<0>(block), offset), affine(scale, five_bits<1>(block), offset));
}

template <class Out>
QN_HD void store_signed_bytes(Floats scale, const int8_t* q, int count, Out out) {
  for (int i = 0; i < count; i += 32)
    store(out, i, scaled(scale, load_bytes(q + i)), scaled(scale, load_bytes(q + i + 16)));
}

template <class Out>
QN_HD void dequantize(const Q8_0& block, Out out) {
  store_signed_bytes(splat(block.d.to_scale()), block.qs, 32, out);
}

template <class Out>
QN_HD void dequantize(const Q8_1& block, Out out) {
  store_signed_bytes(splat(block.d.to_scale()), block.qs, 32, out);
}

template <class Out>
QN_HD void dequantize(const IQ4_NL& block, Out out) {
  store_nibbles(level_table(block.d.to_scale(), kLevelsIQ4), block.qs, out, 0);
}

template <class Out>
QN_HD void dequantize(const MXFP4& block, Out out) {
  store_nibbles(level_table(block.half_scale(), kE2M1Doubled), block.qs, out, 0);
}

QN_HD Floats group_of(const NVFP4& block, int group) {
  uint64_t packed;
  memcpy(&packed, block.qs + 8 * group, 8);
  const Ints wide = widen_unsigned(bytes_of(packed, packed >> 4));
  return level_table(block.half_scale(group), kE2M1Doubled).template at<0>(wide);
}

template <class Out>
QN_HD void dequantize(const NVFP4& block, Out out) {
  store(out, 0, group_of(block, 0), group_of(block, 1));
  store(out, 32, group_of(block, 2), group_of(block, 3));
}

}  // namespace qn::QN_TARGET
