// SPDX-License-Identifier: MIT
//
// MXFP4: 32 weights in 17 bytes (4.25 bits per weight).
//   w[i] = 2^(e - 127) * E2M1(q[i])
//   qs[j] = hhhhllll   l: q[j], h: q[j + 16]   (j = 0..15)
// e = 255 is taken as 2^128, not as NaN, as in ggml. (Checkpoints of gpt-oss order the nibbles differently.)
// Source of the layout: ggml, ggml-common.h (block_mxfp4), ggml-impl.h (ggml_e8m0_to_fp32_half) and ggml-quants.c
// (dequantize_row_mxfp4).
#pragma once

#include "e2m1.h"

namespace qn::QN_TARGET {

struct MXFP4 {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = 2^(e - 127) * q, q of E2M1";

  uint8_t e;
  uint8_t qs[16];

  // 2^(e - 128), the scale of doubled E2M1 values; subnormal for e of 0 and 1.
  QN_HD float half_scale() const { return float_from_bits(e < 2 ? 0x00200000u << e : (e - 1u) << 23); }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = half_scale();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      w[i] = scale * static_cast<float>(kE2M1Doubled[qs[at % 16] >> 4 * (at / 16) & 15]);
    }
  }
};
static_assert(sizeof(MXFP4) == 17 && alignof(MXFP4) == 1);

}  // namespace qn::QN_TARGET
