// SPDX-License-Identifier: MIT
//
// Where weights go. T is the format of the result (F32, F16 or BF16); the address may be any, so everything is written
// through memcpy or unaligned vector stores.
#pragma once

#include "../formats/plain.h"

namespace qn::QN_TARGET {

template <class T>
struct Output {
  uint8_t* bytes;

  Output at(size_t weight) const { return {bytes + weight * sizeof(T)}; }

  // One weight, rounded once. Vectors are stored by the instruction set's store().
  void put(size_t weight, float value) const {
    uint8_t* const to = bytes + weight * sizeof(T);
    if constexpr (sizeof(T) == 4) {
      memcpy(to, &value, 4);
    } else {
      const uint16_t rounded = decltype(T::x)::from_float(value);
      memcpy(to, &rounded, 2);
    }
  }
};

}  // namespace qn::QN_TARGET
