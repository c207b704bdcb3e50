// SPDX-License-Identifier: MIT
//
// IQ2_XS: 256 weights in 74 bytes (2.3125 bits per weight), sixteen groups of 16, each two runs of 8.
//   w = d * (0.5 + scale) / 4 * +-magnitude
//   qs[r]     = sssssss iiiiiiiii   i: index of run r into kGridIQ2_XS, s: its seven sign bits (see kSigns)
//   scales[g] = bbbbaaaa            a: scale of weights 32 g .. 32 g + 15, b: of the next 16
// Source of the layout: ggml, ggml-common.h (block_iq2_xs) and ggml-quants.c (dequantize_row_iq2_xs).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ2_XS {
  static constexpr int kValues = 256, kGroup = 16;
  static constexpr float kScaleFactor = 0.25f;
  static constexpr char kFormula[] = "w = d * (0.5 + scale) / 4 * +-grid, 8 weights by 9 bits and 7 of signs";

  Half d;
  Le16 qs[32];
  uint8_t scales[8];

  QN_HD float unit() const { return d.to_scale(); }

  QN_HD uint32_t scale_code(int pair) const { return scales[pair / 2] >> pair % 2 * 4 & 15; }

  QN_HD int index(int r) const { return static_cast<int>(qs[r].get() & 511); }
  QN_HD uint32_t sign_bits(int r) const { return kSigns[qs[r].get() >> 9]; }

  QN_HD SignedRun run(int r) const { return {kGridIQ2_XS[index(r)], sign_bits(r)}; }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ2_XS) == 74 && alignof(IQ2_XS) == 1);

}  // namespace qn::QN_TARGET
