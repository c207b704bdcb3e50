// SPDX-License-Identifier: MIT
//
// Conversions between plain formats, 32 numbers at a time.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

// store() wants plain NaNs where it rounds to bfloat16, and integers are none.
template <class Number, class Type>
inline constexpr bool kNeedsPlainNan = false;
template <>
inline constexpr bool kNeedsPlainNan<F32, BF16> = true;
template <>
inline constexpr bool kNeedsPlainNan<F16, BF16> = true;
template <>
inline constexpr bool kNeedsPlainNan<F64, BF16> = true;

// Sixteen numbers, ready for store().
template <class Number, class Out>
QN_HD Floats load_for(Out, const Number* from) {
  if constexpr (kNeedsPlainNan<Number, typename Out::Type>) return plain_nan(load(from));
  return load(from);
}

template <class Number, class Out>
  requires requires(const Number* from) { load(from); }
QN_HD void dequantize_run(const Number* numbers, size_t count, Out out) {
  size_t i = 0;
  for (; i + 32 <= count; i += 32)
    store(out, i, load_for(out, numbers + i), load_for(out, numbers + i + 16));
  for (; i < count; i++)
    out.put(i, numbers[i].to_float());
}

}  // namespace qn::QN_TARGET
