// SPDX-License-Identifier: MIT
//
// The formats with code books. Two runs of 8 weights share a scale and make a vector.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

// The codes of the scales of all sixteen pairs of runs.
template <class Block>
QN_HD Bytes scale_codes(const Block& block) {
  uint64_t eights[2] = {};
  for (int pair = 0; pair < 16; pair++)
    eights[pair / 8] |= uint64_t{block.scale_code(pair)} << 8 * (pair % 8);
  return bytes_of(eights[0], eights[1]);
}

// Low and high nibbles in turn.
QN_HD Bytes nibbles_in_turn(const uint8_t (&packed)[8]) {
  const Bytes bytes = load_8_bytes(packed);
  return interleave(field<0, 4>(bytes), field<4, 4>(bytes));
}
QN_HD Bytes scale_codes(const IQ2_XS& block) { return nibbles_in_turn(block.scales); }
QN_HD Bytes scale_codes(const IQ2_S& block) { return nibbles_in_turn(block.scales); }

// The scales of codes, one in each lane.
template <class Block>
QN_HD Sixteen scales_of_codes(const Block& block, Ints codes) {
  const Floats from_half = add(splat(0.5f), to_floats(codes));
  return Sixteen(mul(mul(splat(block.unit()), from_half), splat(Block::kScaleFactor)));
}

template <class Block>
QN_HD Sixteen grid_scales(const Block& block) {
  return scales_of_codes(block, widen_unsigned(scale_codes(block)));
}

// IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S
QN_HD Floats weights_of(float scale, SignedRun even, SignedRun odd) {
  const Bytes magnitudes = bytes_of(even.magnitudes, odd.magnitudes);
  return scaled(splat(scale), negate_where(magnitudes, even.signs | odd.signs << 8));
}

// IQ1_S, IQ1_M. scale * (value +- 1/8) is (scale / 8) * (8 * value +- 1) to the bit, and that is a signed byte.
QN_HD Floats weights_of(float scale, OffsetRun even, OffsetRun odd) {
  const auto eighths = [](OffsetRun run) { return run.negative ? ~uint64_t{0} : 0x0101010101010101u; };
  const Bytes eightfold = field<0, 5, 3>(bytes_of(even.values, odd.values));
  return scaled(splat(scale * 0.125f), add_bytes(eightfold, bytes_of(eighths(even), eighths(odd))));
}

template <class Block>
QN_HD Floats pair_of_runs(const Block& block, const Sixteen& scales, int pair) {
  return weights_of(scales[pair], block.run(2 * pair), block.run(2 * pair + 1));
}

template <class Block, class Out>
  requires requires(const Block& block) { weights_of(block.unit(), block.run(0), block.run(1)); }
QN_HD void dequantize(const Block& block, Out out) {
  const Sixteen scales = grid_scales(block);
  unroll<0, 8>(
      [&](auto i) { store(out, 32 * i, pair_of_runs(block, scales, 2 * i), pair_of_runs(block, scales, 2 * i + 1)); });
}

}  // namespace qn::QN_TARGET
