// SPDX-License-Identifier: MIT
//
// IQ3_S: 256 weights in 110 bytes (3.4375 bits per weight), eight groups of 32, each four runs of 8.
//   w = d * (1 + 2 * scale) * +-magnitude
//   indices[2 r], indices[2 r + 1]   low eight bits of the indices into kGridIQ3_S of the first and the last four
//   weights
//                                    of run r
//   qh[g]     bit k: the ninth bit of indices[8 g + k]
//   signs[r]  bit k: weight k of run r is negative
//   scales[h] = bbbbaaaa             a: scale of group 2 h, b: of group 2 h + 1
// Source of the layout: ggml, ggml-common.h (block_iq3_s) and ggml-quants.c (dequantize_row_iq3_s).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ3_S {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr float kScaleFactor = 2.0f;
  static constexpr char kFormula[] = "w = d * (1 + 2 * scale) * +-grid, 4 weights by 9 bits, 8 by 8 of signs";

  Half d;
  uint8_t indices[64];
  uint8_t qh[8];
  uint8_t signs[32];
  uint8_t scales[4];

  QN_HD float unit() const { return d.to_scale(); }

  QN_HD uint32_t scale_code(int pair) const { return scales[pair / 4] >> pair / 2 % 2 * 4 & 15; }

  QN_HD uint32_t sign_bits(int r) const { return signs[r]; }

  QN_HD SignedRun run(int r) const {
    const uint32_t ninth = uint32_t{qh[r / 4]} >> r % 4 * 2;
    const uint64_t low = kGridIQ3_S[indices[2 * r] | (ninth & 1) << 8];
    const uint64_t high = kGridIQ3_S[indices[2 * r + 1] | (ninth & 2) << 7];
    return {low | high << 32, sign_bits(r)};
  }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ3_S) == 110 && alignof(IQ3_S) == 1);

}  // namespace qn::QN_TARGET
