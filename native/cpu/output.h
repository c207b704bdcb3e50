// SPDX-License-Identifier: MIT
//
// Where weights go. Type is the format of the result: F32, F16 or BF16.
//
// Results that are larger than the caches are streamed: written past the caches, so that a line is not read from memory
// only to be overwritten, and nothing useful is thrown out. Such destinations are aligned to a cache line. All others
// may stand at any address, and are written through memcpy or unaligned vector stores.
#pragma once

#include "../formats/plain.h"

namespace qn::QN_TARGET {

template <class T, bool kStream = false>
struct Output {
  using Type = T;
  static constexpr bool kStreamed = kStream;

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
