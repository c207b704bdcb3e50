// SPDX-License-Identifier: MIT
//
// IQ4_NL: 32 weights in 18 bytes (4.5 bits per weight), on sixteen uneven levels.
//   w[i] = d * kLevelsIQ4[q[i]]
//   qs[j] = hhhhllll   l: q[j], h: q[j + 16]   (j = 0..15)
// Source of the layout: ggml, ggml-common.h (block_iq4_nl) and ggml-quants.c (dequantize_row_iq4_nl).
#pragma once

#include "codebooks.h"
#include "half.h"

namespace qn::QN_TARGET {

struct IQ4_NL {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = d * level[q], q of 4 bits";

  Half d;
  uint8_t qs[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      w[i] = scale * static_cast<float>(kLevelsIQ4[qs[at % 16] >> 4 * (at / 16) & 15]);
    }
  }
};
static_assert(sizeof(IQ4_NL) == 18 && alignof(IQ4_NL) == 1);

}  // namespace qn::QN_TARGET
