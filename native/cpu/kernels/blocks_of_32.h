// SPDX-License-Identifier: MIT
//
// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1 and IQ4_NL, MXFP4, NVFP4: small blocks with a scale for all their weights, or few.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

// ---- scales
//
// A scale for every 32 weights is as much work as the weights. The scales of sixteen blocks are brought together and
// converted at once, and each is spread over a vector from memory, which costs no arithmetic.

struct Scales {
  float d;
  float m = 0;  // of Q4_1 and Q5_1
};

template <class Block>
inline constexpr bool kHasOffset = requires(const Block& block) { block.m; };
template <class Block>
inline constexpr bool kHasHalfScale = requires(const Block& block) { block.d.to_scale(); };

template <class Block>
QN_HD Scales scales_of(const Block& block) {
  if constexpr (kHasOffset<Block>)
    return {block.d.to_scale(), block.m.to_scale()};
  else if constexpr (kHasHalfScale<Block>)
    return {block.d.to_scale()};
  else
    return {block.half_scale()};
}

// One half of each of sixteen blocks.
template <class Block>
QN_HD Sixteen scales_of_sixteen(const Block* blocks, Half Block::* half) {
  // Four at a time: compilers make slow vector code of anything simpler.
  alignas(32) uint64_t fours[4];
  for (int i = 0; i < 4; i++) {
    const auto bits = [&](int k) { return uint64_t{(blocks[4 * i + k].*half).bits()} << 16 * k; };
    fours[i] = bits(0) | bits(1) | bits(2) | bits(3);
  }
  return Sixteen(load_scales(fours));
}

template <class Block>
struct ScalesOfSixteen {
  Sixteen d;
  QN_HD explicit ScalesOfSixteen(const Block* blocks) : d(scales_of_sixteen(blocks, &Block::d)) {}
  QN_HD Scales operator[](int i) const { return {d[i]}; }
};

template <class Block>
  requires kHasOffset<Block>
struct ScalesOfSixteen<Block> {
  Sixteen d, m;
  QN_HD explicit ScalesOfSixteen(const Block* blocks)
      : d(scales_of_sixteen(blocks, &Block::d)), m(scales_of_sixteen(blocks, &Block::m)) {}
  QN_HD Scales operator[](int i) const { return {d[i], m[i]}; }
};

template <class Block>
  requires(!kHasHalfScale<Block>)
struct ScalesOfSixteen<Block> {
  alignas(64) float d[16];
  QN_HD explicit ScalesOfSixteen(const Block* blocks) {
    for (int i = 0; i < 16; i++)
      d[i] = blocks[i].half_scale();
  }
  QN_HD Scales operator[](int i) const { return {d[i]}; }
};

template <class Block, class Out>
  requires requires(const Block& block, Out out) { dequantize(block, Scales(), out); }
QN_HD void dequantize_run(const Block* blocks, size_t count, Out out) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const ScalesOfSixteen<Block> scales(blocks + i);
    for (int k = 0; k < 16; k++)
      dequantize(blocks[i + k], scales[k], out.at((i + k) * Block::kValues));
  }
  for (; i < count; i++)
    dequantize(blocks[i], scales_of(blocks[i]), out.at(i * Block::kValues));
}

// ---- weights

// Low nibbles of sixteen bytes, then their high nibbles.
template <class Table, class Out>
QN_HD void store_nibbles(const Table& table, const void* packed, Out out, int at) {
  const Ints wide = widen_unsigned(load_bytes(packed));
  store(out, at, table.template at<0>(wide), table.template at<4>(wide));
}

template <class Out>
QN_HD void dequantize(const Q4_0& block, Scales scales, Out out) {
  store_nibbles(centered_table<4>(scales.d, 8), block.qs, out, 0);
}

template <class Out>
QN_HD void dequantize(const Q4_1& block, Scales scales, Out out) {
  store_nibbles(affine_table<4>(scales.d, scales.m), block.qs, out, 0);
}

// Weights 16 half .. 16 half + 15 of Q5_0 and Q5_1, of five bits.
template <int kHalf, class Block>
QN_HD Bytes five_bits(const Block& block) {
  const Bytes low = field<4 * kHalf, 4>(load_bytes(block.qs));
  return or_bytes(low, bytes_where(block.qh.get() >> 16 * kHalf & 0xffff, 16));
}

template <class Out>
QN_HD void dequantize(const Q5_0& block, Scales scales, Out out) {
  const Floats scale = splat(scales.d);
  const Bytes zero = splat_byte(16);
  store(out, 0, scaled(scale, sub_bytes(five_bits<0>(block), zero)),
        scaled(scale, sub_bytes(five_bits<1>(block), zero)));
}

template <class Out>
QN_HD void dequantize(const Q5_1& block, Scales scales, Out out) {
  const Floats scale = splat(scales.d), offset = splat(scales.m);
  store(out, 0, affine(scale, five_bits<0>(block), offset), affine(scale, five_bits<1>(block), offset));
}

template <class Out>
QN_HD void store_signed_bytes(Floats scale, const int8_t* q, int count, Out out) {
  for (int i = 0; i < count; i += 32)
    store(out, i, scaled(scale, load_bytes(q + i)), scaled(scale, load_bytes(q + i + 16)));
}

template <class Out>
QN_HD void dequantize(const Q8_0& block, Scales scales, Out out) {
  store_signed_bytes(splat(scales.d), block.qs, 32, out);
}

template <class Out>
QN_HD void dequantize(const Q8_1& block, Scales scales, Out out) {
  store_signed_bytes(splat(scales.d), block.qs, 32, out);
}

template <class Out>
QN_HD void dequantize(const IQ4_NL& block, Scales scales, Out out) {
  store_nibbles(level_table(scales.d, kLevelsIQ4), block.qs, out, 0);
}

template <class Out>
QN_HD void dequantize(const MXFP4& block, Scales scales, Out out) {
  store_nibbles(level_table(scales.d, kE2M1Doubled), block.qs, out, 0);
}

// NVFP4::half_scale() of every code, so that a scale is spread over a vector from memory.
struct HalfScalesNVFP4 {
  float of[256];

  constexpr HalfScalesNVFP4() : of() {
    for (int code = 0; code < 256; code++) {
      const int exponent = code >> 3 & 15, fraction = code & 7;
      float value = static_cast<float>(exponent == 0 ? fraction : 8 + fraction) * 0x1p-10f;
      for (int i = 1; i < exponent; i++)
        value *= 2;
      of[code] = code == 0x7f ? 0 : value;
    }
  }
};
inline constexpr HalfScalesNVFP4 kHalfScalesNVFP4;

QN_HD auto table_of(const NVFP4& block, int group) {
  return level_table(kHalfScalesNVFP4.of[block.d[group]], kE2M1Doubled);
}

QN_HD Floats group_of(const NVFP4& block, int group) {
  uint64_t packed;
  memcpy(&packed, block.qs + 8 * group, 8);
  const Ints wide = widen_unsigned(bytes_of(packed, packed >> 4));
  return table_of(block, group).template at<0>(wide);
}

template <class Out>
QN_HD void dequantize(const NVFP4& block, Out out) {
  store(out, 0, group_of(block, 0), group_of(block, 1));
  store(out, 32, group_of(block, 2), group_of(block, 3));
}

}  // namespace qn::QN_TARGET
