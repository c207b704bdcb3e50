// SPDX-License-Identifier: MIT
//
// IQ1_S: 256 weights in 50 bytes (1.5625 bits per weight), eight groups of 32, each four runs of 8.
//   w = d * (2 * scale + 1) * (value +- 1/8)
//   indices[r]   low eight bits of the index of run r into kGridIQ1
//   qh[g] = osss 333 222 111 000   k: the three high bits of the index of run 4 g + k, s: scale, o: the offset is -1/8
// Source of the layout: ggml, ggml-common.h (block_iq1_s) and ggml-quants.c (dequantize_row_iq1_s).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ1_S {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr float kScaleFactor = 2.0f;
  static constexpr char kFormula[] = "w = d * (2 * scale + 1) * (grid +- 1/8), 8 weights by 11 bits";

  Half d;
  uint8_t indices[32];
  Le16 qh[8];

  QN_HD float unit() const { return d.to_scale(); }

  QN_HD uint32_t scale_code(int pair) const { return qh[pair / 2].get() >> 12 & 7; }

  QN_HD uint32_t index(int r) const { return indices[r] | (qh[r / 4].get() >> 3 * (r % 4) & 7) << 8; }
  QN_HD uint32_t negative(int r) const { return qh[r / 4].get() >> 15; }

  QN_HD OffsetRun run(int r) const { return {kGridIQ1[index(r)], negative(r)}; }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ1_S) == 50 && alignof(IQ1_S) == 1);

}  // namespace qn::QN_TARGET
