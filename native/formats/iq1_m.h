// SPDX-License-Identifier: MIT
//
// IQ1_M: 256 weights in 56 bytes (1.75 bits per weight), sixteen groups of 16, each two runs of 8.
//   w = d * (2 * scale + 1) * (value +- 1/8)
//   indices[r]              low eight bits of the index of run r into kGridIQ1
//   qh[r / 2] = obbb oaaa   a: the three high bits of the index of the even run, b: of the odd; o: its offset is -1/8
//   scales[w] = dddd 333 222 111 000   k: scale of group 4 w + k, d: four bits of d, the lowest in scales[0]
// Source of the layout: ggml, ggml-common.h (block_iq1_m, iq1m_scale_t) and ggml-quants.c (dequantize_row_iq1_m).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ1_M {
  static constexpr int kValues = 256, kGroup = 16;
  static constexpr float kScaleFactor = 2.0f;
  static constexpr char kFormula[] = "w = d * (2 * scale + 1) * (grid +- 1/8), 8 weights by 11 bits and one of offset";

  uint8_t indices[32];
  uint8_t qh[16];
  Le16 scales[4];

  QN_HD float unit() const {
    return Half::to_scale(scales[0].get() >> 12 | (scales[1].get() >> 8 & 0xf0) | (scales[2].get() >> 4 & 0xf00) |
                          (scales[3].get() & 0xf000));
  }

  QN_HD uint32_t scale_code(int pair) const { return scales[pair / 4].get() >> 3 * (pair % 4) & 7; }

  QN_HD uint32_t index(int r) const { return indices[r] | (qh[r / 2] >> r % 2 * 4 & 7u) << 8; }
  QN_HD uint32_t negative(int r) const { return qh[r / 2] >> (r % 2 * 4 + 3) & 1u; }

  QN_HD OffsetRun run(int r) const { return {kGridIQ1[index(r)], negative(r)}; }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ1_M) == 56 && alignof(IQ1_M) == 1);

}  // namespace qn::QN_TARGET
