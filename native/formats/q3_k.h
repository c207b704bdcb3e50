// SPDX-License-Identifier: MIT
//
// Q3_K: 256 weights in 110 bytes (3.4375 bits per weight), sixteen groups of 16.
//   w[i] = d * (scale[i/16] - 32) * (q[i] - 4),   q = two low bits from qs, the third from hmask
//   qs[32 n + j] = 33221100                 pair k: q[128 n + 32 k + j]   (n = 0..1, j = 0..31)
//   hmask[j]     bit 4 n + k: the third bit of q[128 n + 32 k + j]
//   scales       six bits each, twelve bytes:
//     scales[g]     = bbbbaaaa              a: low bits of scale g, b: of scale g + 8   (g = 0..7)
//     scales[8 + g] = ddccbbaa              high bits of scales g, g + 4, g + 8, g + 12   (g = 0..3)
// Source of the layout: ggml, ggml-common.h (block_q3_K) and ggml-quants.c (dequantize_row_q3_K).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q3_K {
  static constexpr int kValues = 256, kGroup = 16;
  static constexpr char kFormula[] = "w = d * (scale - 32) * (q - 4), q of 3 bits";

  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];
  Half d;

  QN_HD int scale(int group) const {
    const int low = scales[group % 8] >> 4 * (group / 8) & 15;
    const int high = scales[8 + group % 4] >> 2 * (group / 4) & 3;
    return (low | high << 4) - 32;
  }

  // All of them at once, one byte each, still 32 too large.
  QN_HD void unpack_scales(uint8_t (&all)[16]) const {
    uint32_t words[3];
    memcpy(words, scales, 12);
    for (int i = 0; i < 4; i++) {
      const uint32_t low = words[i % 2] >> 4 * (i / 2) & 0x0f0f0f0f;
      const uint32_t packed = low | (words[2] >> 2 * i & 0x03030303) << 4;
      memcpy(all + 4 * i, &packed, 4);
    }
  }

  // Stores all of them, 32 too large.
  QN_HD void pack_scales(const uint8_t (&all)[16]) {
    for (int g = 0; g < 8; g++)
      scales[g] = static_cast<uint8_t>((all[g] & 15) | all[g + 8] << 4);
    for (int g = 0; g < 4; g++)
      scales[8 + g] =
          static_cast<uint8_t>(all[g] >> 4 | all[g + 4] >> 4 << 2 | all[g + 8] >> 4 << 4 | all[g + 12] >> 4 << 6);
  }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float factor = d.to_float() * static_cast<float>(scale(first / 16));
    const uint8_t* const low = qs + first / 128 * 32 + first % 32;
    const uint8_t* const high = hmask + first % 32;
    const int pair = first / 32;
    for (int i = 0; i < N; i++) {
      const int q = (low[i] >> pair % 4 * 2 & 3) | (high[i] >> pair & 1) << 2;
      w[i] = factor * static_cast<float>(q - 4);
    }
  }
};
static_assert(sizeof(Q3_K) == 110 && alignof(Q3_K) == 1);

}  // namespace qn::QN_TARGET
