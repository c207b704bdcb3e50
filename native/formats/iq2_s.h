// SPDX-License-Identifier: MIT
//
// IQ2_S: 256 weights in 82 bytes (2.5625 bits per weight), sixteen groups of 16, each two runs of 8.
//   w = d * (0.5 + scale) / 4 * +-magnitude
//   indices[r]            low eight bits of the index of run r into kGridIQ2_S
//   qh[g]     = 33221100  pair k: the two high bits of the index of run 4 g + k
//   signs[r]              bit k: weight k of run r is negative
//   scales[g] = bbbbaaaa  a: scale of weights 32 g .. 32 g + 15, b: of the next 16
// Source of the layout: ggml, ggml-common.h (block_iq2_s) and ggml-quants.c (dequantize_row_iq2_s).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ2_S {
  static constexpr int kValues = 256, kGroup = 16;
  static constexpr float kScaleFactor = 0.25f;
  static constexpr char kFormula[] = "w = d * (0.5 + scale) / 4 * +-grid, 8 weights by 10 bits and 8 of signs";

  Half d;
  uint8_t indices[32];
  uint8_t signs[32];
  uint8_t qh[8];
  uint8_t scales[8];

  QN_HD float unit() const { return d.to_scale(); }

  QN_HD uint32_t scale_code(int pair) const { return scales[pair / 2] >> pair % 2 * 4 & 15; }

  QN_HD int index(int r) const { return indices[r] | (qh[r / 4] >> r % 4 * 2 & 3) << 8; }
  QN_HD uint32_t sign_bits(int r) const { return signs[r]; }

  QN_HD SignedRun run(int r) const { return {kGridIQ2_S[index(r)], sign_bits(r)}; }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ2_S) == 82 && alignof(IQ2_S) == 1);

}  // namespace qn::QN_TARGET
