// SPDX-License-Identifier: MIT
//
// What decoders of runs share. A run's eight codes are brought into the bytes of two words, whatever their layout in
// the block, and become floats there without a conversion: 0x4b0000cc is 2^23 + cc, from which 2^23 is subtracted.
#pragma once

#include "../formats/half.h"
#include "gpu.h"
#include "launch.h"

namespace qn::QN_TARGET {

// Words that hold a run's last bytes may reach past the tile.
inline constexpr uint32_t kSlack = 16;

struct OneRun {
  static constexpr int kTogether = 1, kStride = 1;
};

struct NoBook : OneRun {
  static constexpr int kBookBytes = 0;
  QN_DEVICE static void load_book(uint8_t*) {}
};

// Where a run is: its block, and which of the block's runs it is.
template <class Block>
struct At {
  static constexpr uint32_t kRuns = Block::kValues / 8;

  const uint8_t* bytes;
  uint32_t run;

  QN_DEVICE At(const uint8_t* tile, uint32_t run_of_tile)
      : bytes(tile + run_of_tile / kRuns * sizeof(Block)), run(run_of_tile % kRuns) {}
  QN_DEVICE const Block* block() const { return reinterpret_cast<const Block*>(bytes); }
};

// Eight codes, weight k in byte k.
struct Codes {
  uint32_t low, high;

  QN_DEVICE Codes shifted(uint32_t bits, uint32_t mask) const { return {low >> bits & mask, high >> bits & mask}; }
};

QN_DEVICE Codes operator|(Codes a, Codes b) { return {a.low | b.low, a.high | b.high}; }

// Four bytes at an even address.
QN_DEVICE uint32_t load4_even(const uint8_t* from) {
  return permute(load_aligned<uint16_t>(from), load_aligned<uint16_t>(from + 2), 0x5410);
}

// Eight bytes in shared memory, at a multiple of kAlign.
template <uint32_t kAlign>
QN_DEVICE Codes load8(const uint8_t* from) {
  if constexpr (kAlign % 8 == 0) {
    const Words2 words = load8_aligned(from);
    return {words.word[0], words.word[1]};
  } else if constexpr (kAlign % 4 == 0) {
    return {load_aligned<uint32_t>(from), load_aligned<uint32_t>(from + 4)};
  } else if constexpr (kAlign == 2) {
    return {load4_even(from), load4_even(from + 4)};
  } else {
    const uint32_t past = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(from) & 3);
    const uint8_t* const words = from - past;
    const uint32_t middle = load_aligned<uint32_t>(words + 4);
    return {funnel(load_aligned<uint32_t>(words), middle, past * 8),
            funnel(middle, load_aligned<uint32_t>(words + 8), past * 8)};
  }
}

QN_DEVICE float load_half(const uint8_t* from) { return Half::to_float(load_aligned<uint16_t>(from)); }

// Bit k of `bits` (0..15) to the lowest bit of byte k, times `unit`: no two products of bits meet.
QN_DEVICE uint32_t spread_bits(uint32_t bits, uint32_t unit) {
  return bits * (0x00204081u * unit) & 0x01010101u * unit;
}

// Pair k of `pairs` (0..255) to the lowest two bits of byte k, times 2^kShift.
template <int kShift>
QN_DEVICE uint32_t spread_pairs(uint32_t pairs) {
  const uint32_t two = pairs | pairs << 12;
  return (two | two << 6) << kShift & 0x03030303u << kShift;
}

// Byte k of the codes as a float, less `zero`: exact.
QN_DEVICE float code(const Codes& codes, int k, int zero) {
  const uint32_t word = k < 4 ? codes.low : codes.high;
  return float_from_bits(permute(word, 0x4b000000, 0x7440u + static_cast<uint32_t>(k % 4))) -
         static_cast<float>((1 << 23) + zero);
}

// The lower and the upper half of a word as a float, less `zero`: exact.
QN_DEVICE float low_half(uint32_t word, int zero) {
  return float_from_bits(permute(word, 0x4b000000, 0x7410)) - static_cast<float>((1 << 23) + zero);
}
QN_DEVICE float high_half(uint32_t word, int zero) {
  return float_from_bits(permute(word, 0x4b000000, 0x7432)) - static_cast<float>((1 << 23) + zero);
}

// w = scale * (code - zero)
QN_DEVICE void scaled(const Codes& codes, int zero, float scale, float (&w)[8]) {
  for (int k = 0; k < 8; k++)
    w[k] = scale * code(codes, k, zero);
}

// w = scale * code + offset. The product is exact in all formats that use this, so that rounding once changes no bit.
QN_DEVICE void scaled_plus(const Codes& codes, float scale, float offset, float (&w)[8]) {
  for (int k = 0; k < 8; k++)
    w[k] = multiply_add(scale, code(codes, k, 0), offset);
}

// Signed bytes, as codes with a zero of 128.
QN_DEVICE Codes from_signed(Codes bytes) { return {bytes.low ^ 0x80808080u, bytes.high ^ 0x80808080u}; }

template <class T, int kCount>
struct alignas(16) Table {
  T entries[kCount];
};

// Brings a table to shared memory, by all threads.
template <class T, int kCount>
QN_DEVICE void load_table(uint8_t* book, const Table<T, kCount>& table) {
  constexpr uint32_t kBytes = sizeof table, kStep = cuda::kThreads * 16;
  static_assert(kBytes == kCount * sizeof(T));
  const uint8_t* const from = reinterpret_cast<const uint8_t*>(table.entries);
  const uint32_t at = thread_index() * 16;
  QN_UNROLLED
  for (uint32_t i = 0; i * kStep < kBytes; i++)
    if (at + i * kStep < kBytes) store16(book + at + i * kStep, load16(from + at + i * kStep));
}

}  // namespace qn::QN_TARGET
