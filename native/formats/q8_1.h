// SPDX-License-Identifier: MIT
//
// Q8_1: 32 activations in 36 bytes (9 bits per value), the partner of Q4_1 and Q5_1 in ggml's dot products.
//   w[i] = d * qs[i],   s = d * sum(qs), not needed to decode
// Source of the layout: ggml, ggml-common.h (block_q8_1). ggml never decodes it; d * q is what its dot products mean.
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q8_1 {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = d * q, q of 8 bits";

  Half d;
  Half s;
  int8_t qs[32];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++)
      w[i] = scale * static_cast<float>(qs[first + i]);
  }
};
static_assert(sizeof(Q8_1) == 36 && alignof(Q8_1) == 1);

}  // namespace qn::QN_TARGET
