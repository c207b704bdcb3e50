// SPDX-License-Identifier: MIT
//
// The formats with code books. Two runs of 8 weights share a scale and make a vector.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

// The scales of all sixteen pairs of runs.
template <class Block>
QN_HD Sixteen grid_scales(const Block& block) {
  uint8_t codes[16];
  for (int pair = 0; pair < 16; pair++)
    codes[pair] = static_cast<uint8_t>(block.scale_code(pair));
  const Floats from_half = add(splat(0.5f), to_floats(widen_unsigned(load_bytes(codes))));
  return Sixteen(mul(mul(splat(block.unit()), from_half), splat(Block::kScaleFactor)));
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
