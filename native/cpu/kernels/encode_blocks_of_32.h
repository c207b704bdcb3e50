// SPDX-License-Identifier: MIT
//
// Vector encoders of Q4_0, Q4_1, Q5_0 and Q5_1, sixteen blocks at a time.
#pragma once

#include "encode_k_fits.h"

namespace qn::QN_TARGET {

template <>
inline constexpr int kBatch<Q4_0> = 16;
template <>
inline constexpr int kBatch<Q4_1> = 16;
template <>
inline constexpr int kBatch<Q5_0> = 16;
template <>
inline constexpr int kBatch<Q5_1> = 16;

// Codes of four bits, and a fifth where the block has it.
template <class Block>
QN_HD void pack(Bytes first, Bytes second, Block& block) {
  keep_bytes(block.qs, pack_nibbles(first, second));
  if constexpr (requires { block.qh; }) block.qh = le32(bits_at<4>(first) | bits_at<4>(second) << 16);
}

// ---- Q4_0 and Q5_0: see encode_symmetric()

template <int kLimit, class Block>
QN_HD void fit_symmetric_batch(const Values& v, Block (&blocks)[16]) {
  if (has_nonfinite<512>(v.x)) return encode_one_by_one(v, blocks);
  const Floats peaks = peaks_of<32>(v.x);
  Floats x[32], weights[32];
  by_columns(v.x, x);
  weigh_columns(x, v.importance, splat(v.row_mean_square), weights);
  const SymmetricFits fits = fit_symmetric<32, kLimit>(x, weights, peaks, first_peaks<32>(v.x, peaks));
  const SixteenHalves halves(fits.scales);
  const Sixteen inverse_scales(fits.inverse_scales);
  for (int k = 0; k < 16; k++) {
    blocks[k].d = halves[k];
    const auto codes = [&](int first) {
      const Floats steps = mul(splat(inverse_scales[k]), load_floats(v.x + 32 * k + first));
      const Bytes code = low_bytes(code_bits<-kLimit, kLimit - 1>(steps));
      return fits.nothing >> k & 1 ? splat_byte(0) : add_bytes(code, splat_byte(kLimit));
    };
    pack(codes(0), codes(16), blocks[k]);
  }
}

template <int kLimit, class Block>
QN_HD void encode_symmetric_batch(const Values& v, Block (&blocks)[16]) {
  if (v.importance) return fit_symmetric_batch<kLimit>(v, blocks);
  const Floats scales = div(first_peaks<32>(v.x, peaks_of<32>(v.x)), splat(-kLimit));
  const SixteenHalves halves(scales);
  const Sixteen inverse_scales(inverses(scales));
  for (int k = 0; k < 16; k++) {
    const Floats inverse_scale = splat(inverse_scales[k]);
    const auto codes = [&](int first) {
      const Floats raised = add(mul(load_floats(v.x + 32 * k + first), inverse_scale), splat(kLimit + 0.5f));
      return min_bytes(low_bytes(truncated(raised)), splat_byte(2 * kLimit - 1));
    };
    blocks[k].d = halves[k];
    pack(codes(0), codes(16), blocks[k]);
  }
}

QN_HD void encode_batch(const Values& v, Q4_0 (&blocks)[16]) { encode_symmetric_batch<8>(v, blocks); }
QN_HD void encode_batch(const Values& v, Q5_0 (&blocks)[16]) { encode_symmetric_batch<16>(v, blocks); }

// ---- Q4_1 and Q5_1: see encode_affine()

struct Ranges {
  alignas(64) float low[16], high[16];
};

// The smallest and the largest number of each block. Of zeros with different signs the first one counts.
QN_HD void ranges_of(const float* x, Ranges& ranges) {
  constexpr float kLargest = 0x1.fffffep127f;
  Floats lows[16], highs[16];
  for (int k = 0; k < 16; k++) {
    const Floats first = load_floats(x + 32 * k), second = load_floats(x + 32 * k + 16);
    lows[k] = smaller(second, smaller(first, splat(kLargest)));
    highs[k] = larger(second, larger(first, splat(-kLargest)));
  }
  const Floats low = across(lows, smaller), high = across(highs, larger);
  keep(ranges.low, low);
  keep(ranges.high, high);
  uint32_t zeros = bits(either(equal(low, splat(0)), equal(high, splat(0))));
  for (; zeros; zeros &= zeros - 1) {
    const int k = __builtin_ctz(zeros);
    int i = 32 * k;
    while (x[i] != 0)
      i++;
    if (ranges.low[k] == 0) ranges.low[k] = x[i];
    if (ranges.high[k] == 0) ranges.high[k] = x[i];
  }
}

template <int kLimit, class Block>
QN_HD void fit_affine_batch(const Values& v, Block (&blocks)[16]) {
  if (has_nonfinite<512>(v.x)) return encode_one_by_one(v, blocks);
  AffineSearch<32, kLimit, false> groups[1];
  by_columns(v.x, groups[0].x);
  weigh_columns(groups[0].x, v.importance, splat(v.row_mean_square), groups[0].weights);
  search(groups, kWeightedSteps);
  const AffineFits fits = groups[0].result();
  const SixteenHalves halves(fits.scales), offsets(mul(fits.mins, splat(-1)));
  const Sixteen inverse_scales(fits.inverse_scales), begins(fits.begins);
  for (int k = 0; k < 16; k++) {
    const Floats begin = splat(begins[k]), inverse_scale = splat(inverse_scales[k]);
    const auto codes = [&](int first) {
      const Floats steps = mul(inverse_scale, sub(load_floats(v.x + 32 * k + first), begin));
      return low_bytes(code_bits<0, kLimit>(steps));
    };
    blocks[k].d = halves[k];
    blocks[k].m = offsets[k];
    pack(codes(0), codes(16), blocks[k]);
  }
}

template <int kLimit, class Block>
QN_HD void encode_affine_batch(const Values& v, Block (&blocks)[16]) {
  if (v.importance) return fit_affine_batch<kLimit>(v, blocks);
  Ranges ranges;
  ranges_of(v.x, ranges);
  const Floats low = load_floats(ranges.low);
  const Floats scales = div(sub(load_floats(ranges.high), low), splat(kLimit));
  const SixteenHalves halves(scales), offsets(low);
  const Sixteen inverse_scales(inverses(scales));
  for (int k = 0; k < 16; k++) {
    const Floats offset = splat(ranges.low[k]), inverse_scale = splat(inverse_scales[k]);
    const auto codes = [&](int first) {
      const Floats steps = mul(sub(load_floats(v.x + 32 * k + first), offset), inverse_scale);
      return min_bytes(low_bytes(truncated(add(steps, splat(0.5f)))), splat_byte(kLimit));
    };
    blocks[k].d = halves[k];
    blocks[k].m = offsets[k];
    pack(codes(0), codes(16), blocks[k]);
  }
}

QN_HD void encode_batch(const Values& v, Q4_1 (&blocks)[16]) { encode_affine_batch<15>(v, blocks); }
QN_HD void encode_batch(const Values& v, Q5_1 (&blocks)[16]) { encode_affine_batch<31>(v, blocks); }

}  // namespace qn::QN_TARGET
