// SPDX-License-Identifier: MIT
//
// Formats without scales: one number in each block. All become float by one conversion, rounded to nearest even
// (only I32, I64 and F64 can need rounding).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

// What the plain formats share; `Self` has to_float().
template <class Self>
struct Plain {
  static constexpr int kValues = 1, kGroup = 1;
  static constexpr char kFormula[] = "w = x";

  template <int N>
  QN_HD void decode(int, float (&w)[N]) const {
    static_assert(N == 1);
    w[0] = static_cast<const Self*>(this)->to_float();
  }
};

struct F32 : Plain<F32> {
  Le32 x;
  QN_HD float to_float() const { return float_from_bits(x.get()); }
};

struct F64 : Plain<F64> {
  Le64 x;
  QN_HD float to_float() const {
    const uint64_t bits = x.get();
    double value;
    memcpy(&value, &bits, 8);
    return static_cast<float>(value);
  }
};

struct F16 : Plain<F16> {
  Half x;
  QN_HD float to_float() const { return x.to_float(); }
};

struct BF16 : Plain<BF16> {
  BFloat16 x;
  QN_HD float to_float() const { return x.to_float(); }
};

struct I8 : Plain<I8> {
  int8_t x;
  QN_HD float to_float() const { return static_cast<float>(x); }
};

struct I16 : Plain<I16> {
  Le16 x;
  QN_HD float to_float() const { return static_cast<float>(static_cast<int16_t>(x.get())); }
};

struct I32 : Plain<I32> {
  Le32 x;
  QN_HD float to_float() const { return static_cast<float>(static_cast<int32_t>(x.get())); }
};

struct I64 : Plain<I64> {
  Le64 x;
  QN_HD float to_float() const { return static_cast<float>(static_cast<int64_t>(x.get())); }
};

static_assert(sizeof(F32) == 4 && sizeof(F64) == 8 && sizeof(F16) == 2 && sizeof(BF16) == 2);
static_assert(sizeof(I8) == 1 && sizeof(I16) == 2 && sizeof(I32) == 4 && sizeof(I64) == 8);

}  // namespace qn::QN_TARGET
