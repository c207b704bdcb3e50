// SPDX-License-Identifier: MIT
//
// Q5_1: 32 weights in 24 bytes (6 bits per weight).
//   w[i] = d * q[i] + m,   q = four low bits from qs, the fifth from qh
//   qs[j] = hhhhllll   l: q[j], h: q[j + 16]   (j = 0..15)
//   qh    bit i: the fifth bit of q[i]
// Source of the layout: ggml, ggml-common.h (block_q5_1) and ggml-quants.c (dequantize_row_q5_1).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q5_1 {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = d * q + m, q of 5 bits";

  Half d;
  Half m;
  Le32 qh;
  uint8_t qs[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float(), offset = m.to_float();
    const uint32_t high = qh.get();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      const int q = (qs[at % 16] >> 4 * (at / 16) & 15) | static_cast<int>(high >> at & 1) << 4;
      w[i] = scale * static_cast<float>(q) + offset;
    }
  }
};
static_assert(sizeof(Q5_1) == 24 && alignof(Q5_1) == 1);

}  // namespace qn::QN_TARGET
