// SPDX-License-Identifier: MIT
//
// IQ2_XXS: 256 weights in 66 bytes (2.0625 bits per weight), eight groups of 32, each four runs of 8.
//   w = d * (0.5 + scale) / 4 * +-magnitude
//   A group g is 8 bytes of qs: four indices into kGridIQ2_XXS, then 32 bits
//     ssss 3333333 2222222 1111111 0000000   seven sign bits of each run (see kSigns), four bits of scale
// Source of the layout: ggml, ggml-common.h (block_iq2_xxs) and ggml-quants.c (dequantize_row_iq2_xxs).
#pragma once

#include "iq_grid.h"

namespace qn::QN_TARGET {

struct IQ2_XXS {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr float kScaleFactor = 0.25f;
  static constexpr char kFormula[] = "w = d * (0.5 + scale) / 4 * +-grid, 8 weights by 8 bits and 7 of signs";

  struct Group {
    uint8_t indices[4];
    Le32 signs_and_scale;
  };

  Half d;
  Group groups[8];

  QN_HD float unit() const { return d.to_scale(); }

  QN_HD uint32_t scale_code(int pair) const { return groups[pair / 2].signs_and_scale.get() >> 28; }

  QN_HD int index(int r) const { return groups[r / 4].indices[r % 4]; }
  QN_HD uint32_t sign_bits(int r) const { return kSigns[groups[r / 4].signs_and_scale.get() >> 7 * (r % 4) & 127]; }

  QN_HD SignedRun run(int r) const { return {kGridIQ2_XXS[index(r)], sign_bits(r)}; }

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    decode_runs(*this, first, w);
  }
};
static_assert(sizeof(IQ2_XXS) == 66 && alignof(IQ2_XXS) == 1);

}  // namespace qn::QN_TARGET
