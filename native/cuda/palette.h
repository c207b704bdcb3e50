// SPDX-License-Identifier: MIT
//
// Weights of few levels. Where the weights of a group have at most eight levels, each level is scaled and rounded once
// for the group, and weights are looked up: a permutation brings two results of 16 bits, against a permutation, a
// subtraction, a multiplication and half a rounding for each weight. The bits are those of any other way: a weight is
// its scaled level, rounded once, wherever that is done.
//
// Results of float32 do not fit in so few registers. For them the levels themselves are looked up, as bfloat16, which
// holds them exactly and becomes a float32 by a shift; each is then multiplied by the scale.
#pragma once

#include "codes.h"
#include "result.h"

namespace qn::QN_TARGET {

// Eight numbers of 16 bits, the first in the lower half of word 0.
struct Pairs {
  uint32_t word[4];
};

// Two levels, as they are kept in a palette.
template <class Out>
QN_DEVICE uint32_t palette_pair(float scale, float first, float second) {
  if constexpr (kSame<Out, F32>)
    return bits_from_float(first) >> 16 | (bits_from_float(second) & 0xffff0000u);
  else
    return round2<Out>(scale * first, scale * second);
}

// The results of a run whose weights were looked up.
template <class Out>
QN_DEVICE Rounded<Out> results_of(const Pairs& pairs, [[maybe_unused]] float scale) {
  Rounded<Out> run;
  for (int k = 0; k < 4; k++) {
    if constexpr (kSame<Out, F32>) {
      run.word[2 * k] = bits_from_float(scale * float_from_bits(pairs.word[k] << 16));
      run.word[2 * k + 1] = bits_from_float(scale * float_from_bits(pairs.word[k] & 0xffff0000u));
    } else {
      run.word[k] = pairs.word[k];
    }
  }
  return run;
}

// Weight k is negated if bit k of `signs` (0..255) is set. The product has bit 2k at 15 and bit 2k + 1 at 31, and none
// of its bits meet.
QN_DEVICE void negate(Pairs& pairs, uint32_t signs) {
  for (int k = 0; k < 4; k++)
    pairs.word[k] ^= signs * (0x40008000u >> 2 * k) & 0x80008000u;
}

// Up to four levels, two to a word. A selector for permute() is 16 bits for two weights: nibbles 2n and 2n + 1 for
// level n.
template <class Out>
struct Palette4 {
  uint32_t low, high;

  QN_DEVICE Palette4(float scale, const float (&levels)[4])
      : low(palette_pair<Out>(scale, levels[0], levels[1])), high(palette_pair<Out>(scale, levels[2], levels[3])) {}

  // By selectors, four weights to a word.
  QN_DEVICE Pairs look_up(uint32_t first, uint32_t second) const {
    return {{permute(low, high, first), permute(low, high, first >> 16), permute(low, high, second),
             permute(low, high, second >> 16)}};
  }

  // By codes 0..3.
  QN_DEVICE Pairs look_up(const Codes& codes) const {
    return look_up(codes.low * 0x22 + 0x10101010, codes.high * 0x22 + 0x10101010);
  }
};

// Up to eight levels: their lower bytes and their upper bytes, each looked up by a nibble.
template <class Out>
struct Palette8 {
  uint32_t low[2], high[2];

  QN_DEVICE Palette8(float scale, const float (&levels)[8]) {
    for (int i = 0; i < 2; i++) {
      const uint32_t first = palette_pair<Out>(scale, levels[4 * i], levels[4 * i + 1]),
                     second = palette_pair<Out>(scale, levels[4 * i + 2], levels[4 * i + 3]);
      low[i] = bytes_of(first, second, 0x6420);
      high[i] = bytes_of(first, second, 0x7531);
    }
  }

  // By the nibbles 0..7 of the lower halves of two words, four weights each.
  QN_DEVICE Pairs look_up(uint32_t first, uint32_t second) const {
    const uint32_t low1 = permute(low[0], low[1], first), high1 = permute(high[0], high[1], first),
                   low2 = permute(low[0], low[1], second), high2 = permute(high[0], high[1], second);
    return {{permute(low1, high1, 0x5140), permute(low1, high1, 0x7362), permute(low2, high2, 0x5140),
             permute(low2, high2, 0x7362)}};
  }

 private:
  // permute(), but for levels of float32, which the compiler knows, by what it can compute.
  QN_DEVICE static uint32_t bytes_of(uint32_t first, uint32_t second, uint32_t selector) {
    if constexpr (!kSame<Out, F32>) return permute(first, second, selector);
    const uint32_t shift = selector % 2 * 8;
    first >>= shift;
    second >>= shift;
    return (first & 255) | (first >> 8 & 0xff00) | (second & 255) << 16 | (second << 8 & 0xff000000);
  }
};

}  // namespace qn::QN_TARGET
