// SPDX-License-Identifier: MIT
//
// NVFP4: 64 weights in 36 bytes (4.5 bits per weight), four groups of 16.
//   w[i] = E4M3(d[i/16]) * E2M1(q[i])
//   d[g]         = xeeeemmm    the sign bit x is ignored; code 0x7f (NaN elsewhere) is 0
//   qs[8 g + j]  = hhhhllll    l: q[16 g + j], h: q[16 g + 8 + j]   (g = 0..3, j = 0..7)
// Source of the layout: ggml, ggml-common.h (block_nvfp4), ggml-impl.h (ggml_ue4m3_to_fp32) and ggml-quants.c
// (dequantize_row_nvfp4).
#pragma once

#include "e2m1.h"

namespace qn::QN_TARGET {

struct NVFP4 {
  static constexpr int kValues = 64, kGroup = 16;
  static constexpr char kFormula[] = "w = d * q, d of E4M3, q of E2M1";

  uint8_t d[4];
  uint8_t qs[32];

  // Half the value of d[group], the scale of doubled E2M1 values.
  QN_HD float half_scale(int group) const {
    const uint32_t code = d[group];
    if (code == 0x7f) return 0;
    const uint32_t exponent = code >> 3 & 15, fraction = code & 7;
    if (exponent == 0) return static_cast<float>(fraction) * 0x1p-10f;
    return float_from_bits((exponent - 8 + 127) << 23 | fraction << 20);
  }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const int group = first / 16;
    const float scale = half_scale(group);
    for (int i = 0; i < N; i++) {
      const int at = first % 16 + i;
      w[i] = scale * static_cast<float>(kE2M1Doubled[qs[group * 8 + at % 8] >> 4 * (at / 8) & 15]);
    }
  }
};
static_assert(sizeof(NVFP4) == 36 && alignof(NVFP4) == 1);

}  // namespace qn::QN_TARGET
