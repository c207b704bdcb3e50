// SPDX-License-Identifier: MIT
//
// fit_symmetric() of formats/encode/fit.h for sixteen groups at once, each in a lane.
#pragma once

#include "encode_common.h"

namespace qn::QN_TARGET {

struct SymmetricFits {
  Floats scales;
  Floats inverse_scales;  // with which the numbers are to be encoded
  uint32_t nothing;       // groups whose numbers are all nearly 0: codes and scale are 0
};

// The numbers and weights of the groups stand in columns; all are finite.
template <int N, int kLimit>
QN_HD SymmetricFits fit_symmetric(const Floats (&x)[N], const Floats (&weights)[N], Floats peaks, Floats first_peaks) {
  Floats weighted[N];
  for (int i = 0; i < N; i++)
    weighted[i] = mul(weights[i], x[i]);
  struct Sums {
    Floats xl, l2;
  };
  const auto sums_for = [&](Floats inverse_scale) {
    Sums sums{splat(0), splat(0)};
    for (int i = 0; i < N; i++) {
      const Floats rounded = rounded_even_floats(mul(inverse_scale, x[i]));
      const Floats code = larger(smaller(rounded, splat(kLimit - 1)), splat(-kLimit));
      sums.xl = add(sums.xl, mul(weighted[i], code));
      sums.l2 = add(sums.l2, mul(mul(weights[i], code), code));
    }
    return sums;
  };
  SymmetricFits fits;
  fits.nothing = bits(above(splat(kNothing), peaks));
  fits.inverse_scales = div(splat(-kLimit), first_peaks);
  Sums sums = sums_for(fits.inverse_scales);
  fits.scales = select(equal(sums.l2, splat(0)), splat(0), div(sums.xl, sums.l2));
  Floats best = mul(fits.scales, sums.xl);
  for (int step = -9; step <= 9; step++) {
    if (step == 0) continue;
    const Floats candidate = div(splat(-(static_cast<float>(kLimit) + 0.1f * static_cast<float>(step))), first_peaks);
    sums = sums_for(candidate);
    const Mask better = both(above(sums.l2, splat(0)), above(mul(sums.xl, sums.xl), mul(best, sums.l2)));
    const Floats scale = div(sums.xl, sums.l2);
    fits.inverse_scales = select(better, candidate, fits.inverse_scales);
    fits.scales = select(better, scale, fits.scales);
    best = select(better, mul(scale, sums.xl), best);
  }
  fits.scales = select(fits.nothing, splat(0), fits.scales);
  return fits;
}

}  // namespace qn::QN_TARGET
