// SPDX-License-Identifier: MIT
//
// Encoders of MXFP4 and NVFP4.
// Source: ggml, ggml-quants.c (quantize_row_mxfp4_ref, quantize_row_nvfp4_ref) and ggml-impl.h (ggml_fp32_to_ue4m3).
#pragma once

#include "../mxfp4.h"
#include "../nvfp4.h"
#include "common.h"

namespace qn::QN_TARGET {

// The code whose value is nearest; of equally near ones the first. half_scale is that of kE2M1Doubled.
QN_HD uint8_t nearest_e2m1(float x, float half_scale) {
  int best = 0;
  float best_error = magnitude(static_cast<float>(kE2M1Doubled[0]) * half_scale - x);
  for (int code = 1; code < 16; code++) {
    const float error = magnitude(static_cast<float>(kE2M1Doubled[code]) * half_scale - x);
    best = error < best_error ? code : best;
    best_error = error < best_error ? error : best_error;
  }
  return static_cast<uint8_t>(best);
}

// floor(log2(x)) of a positive number, where log2 is rounded to float: just below a power of two it is that power
// already. Exact, without the C library's log2f.
QN_HD int floor_of_rounded_log2(float x) {
  int exponent = 0;
  if (x < 0x1p-126f) {
    x *= 0x1p23f;
    exponent = -23;
  }
  const uint32_t bits = bits_from_float(x);
  exponent += static_cast<int>(bits >> 23) - 127;
  // x is 2^next * (1 - missing * 2^-24), its logarithm next - missing * 2^-24 / ln(2). That rounds to `next` if it is
  // nearer than half a step of the floats before `next`: 2^-24 * reach.
  const int next = exponent + 1;
  const uint32_t fraction = bits & 0x7fffffu;
  if (fraction < 0x800000u - 128) return exponent;  // no reach is that far
  const float missing = static_cast<float>(0x800000u - fraction);
  const int distance = next < 0 ? -next : next;
  float reach = 0;
  for (int power = 1; power <= 128; power *= 2)
    // Towards zero from a power of two, steps are half as large.
    if (distance >= power) reach = static_cast<float>(power) * (next == power ? 0.5f : 1);
  constexpr float kLn2 = 0.693147182f;
  return missing < reach * kLn2 ? next : exponent;
}

// MXFP4::e for numbers of up to `peak`. E2M1's largest number has the exponent 2. Exponents below 0 wrap: ggml leaves
// that conversion to the processor.
QN_HD uint8_t exponent_for(float peak) {
  return peak > 0 ? static_cast<uint8_t>(floor_of_rounded_log2(peak) - 2 + 127) : uint8_t{0};
}

QN_HD void encode(const Values& v, MXFP4& block) {
  block.e = exponent_for(peak_of<32>(v.x).magnitude);
  const float scale = block.half_scale();
  for (int j = 0; j < 16; j++)
    block.qs[j] = static_cast<uint8_t>(nearest_e2m1(v.x[j], scale) | nearest_e2m1(v.x[j + 16], scale) << 4);
}

// E4M3 without a sign, rounded to nearest by the first bit that is dropped. All that would get the largest exponent
// becomes the largest number, 448.
QN_HD uint8_t encode_e4m3(float x) {
  constexpr uint8_t kLargest = 0x7e, kLargestExponent = 15 << 3;
  if (!(x > 0)) return 0;
  if (x >= 256) return kLargest;
  if (x < 0x1p-6f) return static_cast<uint8_t>(at_most(truncate(x * 512 + 0.5f), 7));
  // The exponent moves from a bias of 127 to one of 7; rounding may carry into it.
  const uint32_t code = (bits_from_float(x) >> 20) - (120u << 3) + (bits_from_float(x) >> 19 & 1);
  return code < kLargestExponent ? static_cast<uint8_t>(code) : kLargest;
}

QN_HD void encode(const Values& v, NVFP4& block) {
  for (int group = 0; group < 4; group++) {
    const float* const x = v.x + 16 * group;
    block.d[group] = encode_e4m3(peak_of<16>(x).magnitude / 6);
    const float scale = block.half_scale(group);
    for (int j = 0; j < 8; j++)
      block.qs[8 * group + j] = static_cast<uint8_t>(nearest_e2m1(x[j], scale) | nearest_e2m1(x[j + 8], scale) << 4);
  }
}

}  // namespace qn::QN_TARGET
