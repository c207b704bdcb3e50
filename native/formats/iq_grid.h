// SPDX-License-Identifier: MIT
//
// The IQ2, IQ3 and IQ1 formats store weights in runs of 8, looked up in a code book, and two runs share a scale. A
// format describes its scales and runs; what becomes of them is written here, once for all.
//
//   float unit() const;                    d, the scale of the block
//   uint32_t scale_code(int pair) const;   of runs 2 pair and 2 pair + 1; scale = d * (0.5 + code) * kScaleFactor
//   run(int r) const:
//     SignedRun (IQ2, IQ3)                 w = scale * +-magnitude
//     OffsetRun (IQ1)                      w = scale * (value + offset)
#pragma once

#include "codebooks.h"
#include "half.h"

namespace qn::QN_TARGET {

struct SignedRun {
  uint64_t magnitudes;  // element k in byte k
  uint32_t signs;       // bit k: element k is negative

  QN_HD float weight(float scale, int k) const {
    const float product = scale * static_cast<float>(magnitudes >> 8 * k & 255);
    return negate_if(product, signs >> k & 1);
  }
};

struct OffsetRun {
  uint64_t values;    // element k in byte k, signed
  uint32_t negative;  // not 0: the offset is -1/8 instead of 1/8

  QN_HD float offset() const { return negative ? -0.125f : 0.125f; }

  QN_HD float weight(float scale, int k) const {
    const float value = static_cast<float>(static_cast<int8_t>(values >> 8 * k & 255));
    return scale * (value + offset());
  }
};

// N weights of `block` from `first` on; N is 8 or a multiple of it.
template <class Block, int N>
QN_HD void decode_runs(const Block& block, int first, float (&w)[N]) {
  static_assert(N % 8 == 0);
  for (int i = 0; i < N; i += 8) {
    const auto run = block.run((first + i) / 8);
    const float code = static_cast<float>(block.scale_code((first + i) / 16));
    const float scale = block.unit() * (0.5f + code) * Block::kScaleFactor;
    for (int k = 0; k < 8; k++)
      w[i + k] = run.weight(scale, k);
  }
}

}  // namespace qn::QN_TARGET
