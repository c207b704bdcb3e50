// SPDX-License-Identifier: MIT
//
// What every encoder stands on. A format that can be encoded has an overload
//
//   void encode(const Values& v, Format& block);
//
// which makes a block of Format::kValues numbers. Three things are kept apart: fitting scales (fit.h), packing bits
// (the encoder, beside the map of bits in the format's own header), and walking over rows (cpu/encoders.inl).
//
// Results are those of ggml's encoders (ggml-quants.c, quantize_row_*_ref and quantize_*), byte for byte. Each float
// operation is rounded by itself and in their order: sums are not reassociated, products not fused (see -ffp-contract
// in CMakeLists.txt).
#pragma once

#include "../common.h"
#include "../half.h"

namespace qn::QN_TARGET {

// The numbers of a block, all finite unless the caller allowed others, and how much each matters.
struct Values {
  const float* x;
  const float* importance;  // of each, or nullptr where there is no importance matrix
  float row_mean_square;    // of the whole row; 0 unless kNeedsRow<Format> and there is an importance matrix
};

// Does the encoder weigh with the mean square of the row, when there is an importance matrix?
template <class Format>
inline constexpr bool kNeedsRow = false;

// Is there no encoding without an importance matrix?
template <class Format>
inline constexpr bool kNeedsImportance = false;

// Groups whose largest magnitude is below this are taken as all zero by the fits without an offset (ggml,
// GROUP_MAX_EPS).
inline constexpr float kNothing = 1e-15f;

QN_HD float magnitude(float value) { return float_from_bits(bits_from_float(value) & 0x7fffffffu); }

QN_HD float square_root(float value) { return __builtin_sqrtf(value); }

// Truncates. What no int can hold becomes 0x80000000, as an x86 processor has it; ggml leaves it to the processor.
QN_HD int32_t truncate(float value) {
  return value >= -0x1p31f && value < 0x1p31f ? static_cast<int32_t>(value) : INT32_MIN;
}

// To the nearest integer, halves away from zero. The addend is the float before 1/2: with 1/2 itself the float before
// 1/2 would become 1.
QN_HD int32_t round_away(float value) {
  const uint32_t sign = bits_from_float(value) & 0x80000000u;
  return truncate(value + float_from_bits(0x3effffffu | sign));
}

// To the nearest integer, halves to even, for magnitudes below 2^22; what larger ones give is what ggml's trick makes
// of them: adding 1.5 * 2^23 leaves the integer in the low bits of the fraction.
inline constexpr float kRounder = 0x1.8p23f;
inline constexpr int32_t kRoundedBits = 0x7fffff, kRoundedZero = 0x400000;

// A NaN gives 0 there, because all but the highest bit of an x86 processor's fraction are 0; a GPU's are 1.
QN_HD float as_rounded(float value) {
#ifdef __CUDA_ARCH__
  return Half::to_plain_nan(value);
#else
  return value;
#endif
}

QN_HD int32_t round_even(float value) {
  return (static_cast<int32_t>(bits_from_float(as_rounded(value + kRounder))) & kRoundedBits) - kRoundedZero;
}

QN_HD int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

QN_HD int32_t at_most(int32_t value, int32_t high) { return value < high ? value : high; }

// 1 / value, and 0 for 0.
QN_HD float inverse(float value) { return value != 0 ? 1 / value : 0; }

// The largest magnitude, and the number that has it first.
struct Peak {
  float magnitude = 0, value = 0;
};

template <int N>
QN_HD Peak peak_of(const float* x) {
  Peak peak;
  for (int i = 0; i < N; i++) {
    const float m = magnitude(x[i]);
    if (m > peak.magnitude) peak = {m, x[i]};
  }
  return peak;
}

template <int N>
QN_HD float sum_of_squares(const float* x) {
  float sum = 0;
  for (int i = 0; i < N; i++)
    sum += x[i] * x[i];
  return sum;
}

// What each number weighs in a fit: its importance, more for large ones.
template <int N>
QN_HD void weigh(const float* x, const float* importance, float mean_square, float* weights) {
  for (int i = 0; i < N; i++)
    weights[i] = importance[i] * square_root(mean_square + x[i] * x[i]);
}

QN_HD Half half(float value) {
  const uint16_t bits = Half::from_float(value);
  return {{static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)}};
}

QN_HD Le16 le16(uint32_t value) { return {{static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8)}}; }

QN_HD Le32 le32(uint32_t value) {
  Le32 result;
  memcpy(result.bytes, &value, 4);
  return result;
}

}  // namespace qn::QN_TARGET
