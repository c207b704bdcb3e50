// SPDX-License-Identifier: MIT
//
// The two 16-bit floating-point formats, as scales inside blocks and as formats of their own.
//
//   Half      IEEE binary16   seeeeeff ffffffff
//   BFloat16  upper half of a binary32   seeeeeee efffffff
//
// Conversions from float round to nearest even, keep subnormals, overflow to infinity, and keep NaN a (quiet) NaN.
#pragma once

#include "common.h"

#ifdef __F16C__
#include <immintrin.h>
#endif

namespace qn::QN_TARGET {

struct Half {
  uint8_t bytes[2];

  QN_HD uint32_t bits() const { return bytes[0] | uint32_t{bytes[1]} << 8; }

  QN_HD float to_float() const { return to_float(bits()); }

  QN_HD static float to_float(uint32_t half) {
#ifdef __F16C__
    return _cvtsh_ss(static_cast<unsigned short>(half));
#elif defined(__CUDA_ARCH__)
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(static_cast<uint16_t>(half)));
    return value;
#else
    constexpr uint32_t kExponent = 0x7c00u << 13;
    uint32_t magnitude = (half & 0x7fffu) << 13;
    const uint32_t exponent = magnitude & kExponent;
    magnitude += (127u - 15) << 23;
    if (exponent == kExponent) {
      magnitude += (128u - 16) << 23;  // infinity and NaN have the largest exponent there as here
    } else if (exponent == 0) {
      // A subnormal is f * 2^-24: give it an exponent as if there were a leading one, and take that one away again.
      magnitude = bits_from_float(float_from_bits(magnitude + (1u << 23)) - float_from_bits(113u << 23));
    }
    return float_from_bits(magnitude | (half & 0x8000u) << 16);
#endif
  }

  // As a scale: NaN becomes the plain one, whose lower bits are 0. What is computed with it has no other NaN, which
  // makes rounding the results cheaper (see store() in cpu/simd).
  QN_HD float to_scale() const { return to_scale(bits()); }
  QN_HD static float to_scale(uint32_t half) {
#ifdef __CUDA_ARCH__
    return to_float(half);  // rounding takes any NaN there
#else
    return to_float((half & 0x7fffu) > 0x7c00u ? 0x7e00u : half);
#endif
  }

  // A float as a scale: the same is done to it.
  QN_HD static float to_plain_nan(float scale) { return scale == scale ? scale : float_from_bits(0x7fc00000); }

  QN_HD static uint16_t from_float(float value) {
    const uint32_t bits = bits_from_float(value);
    const uint32_t sign = bits & 0x80000000u;
    uint32_t magnitude = bits ^ sign;
    uint32_t half;
    if (magnitude >= (127u + 16) << 23) {
      half = magnitude > 0x7f800000u ? 0x7e00 : 0x7c00;
    } else if (magnitude < 113u << 23) {
      // The result is subnormal. Adding 0.5 leaves its ten bits at the bottom of the fraction, rounded by the addition.
      constexpr uint32_t kOneHalf = 126u << 23;
      half = bits_from_float(float_from_bits(magnitude) + float_from_bits(kOneHalf)) - kOneHalf;
    } else {
      const uint32_t odd = magnitude >> 13 & 1;
      magnitude += ((15u - 127) << 23) + 0xfff + odd;
      half = magnitude >> 13;
    }
    return static_cast<uint16_t>(half | sign >> 16);
  }
};
static_assert(sizeof(Half) == 2 && alignof(Half) == 1);

struct BFloat16 {
  uint8_t bytes[2];

  QN_HD uint32_t bits() const { return bytes[0] | uint32_t{bytes[1]} << 8; }

  QN_HD float to_float() const { return float_from_bits(bits() << 16); }

  QN_HD static uint16_t from_float(float value) {
    const uint32_t bits = bits_from_float(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40);  // NaN, made quiet
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
};
static_assert(sizeof(BFloat16) == 2 && alignof(BFloat16) == 1);

}  // namespace qn::QN_TARGET
