// SPDX-License-Identifier: MIT
//
// IQ4_XS: 256 weights in 136 bytes (4.25 bits per weight), eight groups of 32, on sixteen uneven levels.
//   w[i] = d * (scale[i/32] - 32) * kLevelsIQ4[q[i]],   scale = four low bits from scales_l, two high from scales_h
//   qs[16 g + j]  = hhhhllll   l: q[32 g + j], h: q[32 g + 16 + j]   (g = 0..7, j = 0..15)
//   scales_l[h]   = bbbbaaaa   a: low bits of scale 2 h, b: of scale 2 h + 1
//   scales_h      pair g: high bits of scale g
// Source of the layout: ggml, ggml-common.h (block_iq4_xs) and ggml-quants.c (dequantize_row_iq4_xs).
#pragma once

#include "codebooks.h"
#include "half.h"

namespace qn::QN_TARGET {

struct IQ4_XS {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr char kFormula[] = "w = d * (scale - 32) * level[q], q of 4 bits";

  Half d;
  Le16 scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];

  QN_HD float scale(int group) const {
    const int low = scales_l[group / 2] >> group % 2 * 4 & 15;
    const int high = static_cast<int>(scales_h.get() >> 2 * group & 3);
    return d.to_scale() * static_cast<float>((low | high << 4) - 32);
  }

  // Stores the scales of all groups, 32 too large.
  QN_HD void pack_scales(const uint8_t (&all)[8]) {
    uint32_t high = 0;
    for (int g = 0; g < 8; g++)
      high |= static_cast<uint32_t>(all[g] >> 4) << 2 * g;
    scales_h = {{static_cast<uint8_t>(high), static_cast<uint8_t>(high >> 8)}};
    for (int h = 0; h < 4; h++)
      scales_l[h] = static_cast<uint8_t>((all[2 * h] & 15) | all[2 * h + 1] << 4);
  }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const int group = first / 32;
    const float factor = scale(group);
    for (int i = 0; i < N; i++) {
      const int at = first % 32 + i;
      w[i] = factor * static_cast<float>(kLevelsIQ4[qs[group * 16 + at % 16] >> 4 * (at / 16) & 15]);
    }
  }
};
static_assert(sizeof(IQ4_XS) == 136 && alignof(IQ4_XS) == 1);

}  // namespace qn::QN_TARGET
