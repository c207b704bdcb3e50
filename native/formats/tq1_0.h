// SPDX-License-Identifier: MIT
//
// TQ1_0: 256 weights in 54 bytes (1.6875 bits per weight), ternary, five to a byte.
//   w[i] = d * (t[i] - 1),   t of 0, 1, 2
// A byte b holds t0..t4 as the fraction b / 256 = 0.t0t1t2t3t4 in base 3 (rounded up): the first digit is b * 3 / 256,
// and b * 3^n mod 256 brings digit n to the front.
//   qs[j]       digit n: t[32 n + j]             (n = 0..4, j = 0..31)
//   qs[32 + j]  digit n: t[160 + 16 n + j]       (n = 0..4, j = 0..15)
//   qh[j]       digit n: t[240 + 4 n + j]        (n = 0..3, j = 0..3)
// Source of the layout: ggml, ggml-common.h (block_tq1_0) and ggml-quants.c (dequantize_row_tq1_0).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct TQ1_0 {
  static constexpr int kValues = 256, kGroup = 256;
  static constexpr char kFormula[] = "w = d * (t - 1), five t of 0..2 in a byte";

  uint8_t qs[48];
  uint8_t qh[4];
  Half d;

  QN_HD static int digit(int byte, int n) {
    constexpr int kPowersOf3[5] = {1, 3, 9, 27, 81};
    return (byte * kPowersOf3[n] & 255) * 3 >> 8;
  }

  QN_HD int ternary(int at) const {
    if (at < 160) return digit(qs[at % 32], at / 32);
    if (at < 240) return digit(qs[32 + at % 16], (at - 160) / 16);
    return digit(qh[at % 4], (at - 240) / 4);
  }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++)
      w[i] = scale * static_cast<float>(ternary(first + i) - 1);
  }
};
static_assert(sizeof(TQ1_0) == 54 && alignof(TQ1_0) == 1);

}  // namespace qn::QN_TARGET
