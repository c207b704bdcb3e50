// SPDX-License-Identifier: MIT
//
// Vector encoders of F32, F16 and BF16, and the conversion of an encoder's input to floats.
#pragma once

#include "encode_common.h"

namespace qn::QN_TARGET {

template <>
inline constexpr int kBatch<F32> = 32;
template <>
inline constexpr int kBatch<F16> = 32;
template <>
inline constexpr int kBatch<BF16> = 32;

template <class T>
QN_HD void round_batch(const float* x, T (&numbers)[32]) {
  store(Output<T>{reinterpret_cast<uint8_t*>(numbers)}, 0, load_floats(x), load_floats(x + 16));
}

QN_HD void encode_batch(const Values& v, F32 (&numbers)[32]) { round_batch(v.x, numbers); }
QN_HD void encode_batch(const Values& v, F16 (&numbers)[32]) { round_batch(v.x, numbers); }
QN_HD void encode_batch(const Values& v, BF16 (&numbers)[32]) { round_batch(v.x, numbers); }

// Sixteen numbers of a source as floats, NaNs made plain; the larger one of their magnitudes and `largest`, as bits.
template <class T>
QN_HD Ints load_batch(const T* from, float* to, Ints largest) {
  const Floats read = load(from);
  const Floats numbers = select(equal(read, read), read, splat(__builtin_nanf("")));
  keep(to, numbers);
  return max_ints(largest, bits_of(magnitudes(numbers)));
}

}  // namespace qn::QN_TARGET
