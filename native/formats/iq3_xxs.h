// SPDX-License-Identifier: MIT
//
// IQ3_XXS: 256 weights in 98 bytes (3.0625 bits per weight), eight groups of 32, each four runs of 8.
//   w = d * (0.5 + scale) / 2 * +-magnitude
//   indices[2 r], indices[2 r + 1]   into kGridIQ3_XXS: the first and the last four weights of run r
//   signs_and_scales[g] = ssss 3333333 2222222 1111111 0000000
//                         seven sign bits of each run of group g (see kSigns), four bits of scale
// Source of the layout: ggml, ggml-common.h (block_iq3_xxs) and ggml-quants.c (dequantize_row_iq3_xxs).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ3_XXS {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr float kScaleFactor = 0.5f;
  static constexpr char kFormula[] = "w = d * (0.5 + scale) / 2 * +-grid, 4 weights by 8 bits, 8 by 7 of signs";

  Half d;
  uint8_t indices[64];
  Le32 signs_and_scales[8];

  QN_HD float unit() const { return d.to_scale(); }

  QN_HD uint32_t scale_code(int pair) const { return signs_and_scales[pair / 2].get() >> 28; }

  QN_HD uint32_t sign_bits(int r) const { return kSigns[signs_and_scales[r / 4].get() >> 7 * (r % 4) & 127]; }

  QN_HD SignedRun run(int r) const {
    const uint64_t low = kGridIQ3_XXS[indices[2 * r]], high = kGridIQ3_XXS[indices[2 * r + 1]];
    return {low | high << 32, sign_bits(r)};
  }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ3_XXS) == 98 && alignof(IQ3_XXS) == 1);

}  // namespace qn::QN_TARGET
