// SPDX-License-Identifier: MIT
//
// Q8_K: 256 activations in 292 bytes (9.125 bits per value), the partner of the K formats in ggml's dot products.
//   w[i] = d * qs[i],   bsums[g] = sum of qs[16 g .. 16 g + 15], not needed to decode
// Source of the layout: ggml, ggml-common.h (block_q8_K) and ggml-quants.c (dequantize_row_q8_K).
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

struct Q8_K {
  static constexpr int kValues = 256, kGroup = 256;
  static constexpr char kFormula[] = "w = d * q, q of 8 bits, d of 32";

  Le32 d;
  int8_t qs[256];
  Le16 bsums[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = float_from_bits(d.get());
    for (int i = 0; i < N; i++)
      w[i] = scale * static_cast<float>(qs[first + i]);
  }
};
static_assert(sizeof(Q8_K) == 292 && alignof(Q8_K) == 1);

}  // namespace qn::QN_TARGET
