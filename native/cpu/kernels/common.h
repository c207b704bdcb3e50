// SPDX-License-Identifier: MIT
//
// What the kernels have in common. They are written in the words of simd/*.h, one text for every instruction set.
#pragma once

#include "../../formats/formats.h"

namespace qn::QN_TARGET {

// A number known at compile time, for loops whose counter selects shifts and masks.
template <int kValue>
struct Constant {
  constexpr operator int() const { return kValue; }
};

// body(Constant<kFrom>()), ..., body(Constant<kTo - 1>())
template <int kFrom, int kTo, class Body>
QN_HD void unroll(const Body& body) {
  if constexpr (kFrom < kTo) {
    body(Constant<kFrom>());
    unroll<kFrom + 1, kTo>(body);
  }
}

// w = scale * q, q signed bytes
QN_HD Floats scaled(Floats scale, Bytes q) { return mul(scale, to_floats(widen_signed(q))); }

// w = scale * q + offset, q unsigned bytes
QN_HD Floats affine(Floats scale, Bytes q, Floats offset) {
  return mul_add(scale, to_floats(widen_unsigned(q)), offset);
}

// Makes the compiler read `value` from memory again: it would rather take numbers out of vectors, and put them into
// others, by the instructions that these kernels have too many of.
template <class T>
QN_HD void in_memory([[maybe_unused]] T& value) {
#if defined(__GNUC__)
  __asm__("" : "+m"(value));
#endif
}

// Sixteen floats in memory, from where each can be spread over a vector.
struct Sixteen {
  alignas(64) float values[16];
  QN_HD explicit Sixteen(Floats v) {
    keep(values, v);
    in_memory(values);
  }
  QN_HD float operator[](int i) const { return values[i]; }
};

}  // namespace qn::QN_TARGET
