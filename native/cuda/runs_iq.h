// SPDX-License-Identifier: MIT
//
// Runs of the formats with code books: IQ1, IQ2 and IQ3. The book stands in shared memory. Its entries are not weights
// but what selects them from a palette: for IQ2 (three magnitudes) a byte for each weight, for IQ3 (eight magnitudes) a
// nibble, for IQ1 (three values, 2048 entries) two bits. A thread has two runs, 0 and 2 or 1 and 3 of a group of 32.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

// Selectors for Palette4. The magnitudes' numbers are in bits 4 and 5 of 8, 25 and 43.
template <int kCount>
constexpr Table<uint64_t, kCount> selectors_of(const uint64_t (&grid)[kCount]) {
  Table<uint64_t, kCount> table{};
  for (int i = 0; i < kCount; i++)
    table.entries[i] = (grid[i] >> 4 & 0x0303030303030303) * 0x22 + 0x1010101010101010;
  return table;
}

// Nibbles for Palette8. The magnitudes' numbers are in the bits above the lowest kShift of a byte.
template <int kShift, int kCount>
constexpr Table<uint16_t, kCount> nibbles_of(const uint32_t (&grid)[kCount]) {
  Table<uint16_t, kCount> table{};
  for (int i = 0; i < kCount; i++) {
    const uint32_t numbers = grid[i] >> kShift & 0x07070707, two = numbers | numbers >> 4;
    table.entries[i] = static_cast<uint16_t>((two & 255) | (two >> 8 & 0xff00));
  }
  return table;
}

// Codes for Palette4, of weight k in the lowest two bits of byte k, and of weight 4 + k in the two above.
template <int kCount>
constexpr Table<uint32_t, kCount> codes_of(const uint64_t (&grid)[kCount]) {
  Table<uint32_t, kCount> table{};
  for (int i = 0; i < kCount; i++) {
    const uint64_t numbers = ((grid[i] & 0x0303030303030303) + 0x0101010101010101) & 0x0303030303030303;
    table.entries[i] = static_cast<uint32_t>(numbers | numbers >> 30);
  }
  return table;
}

QN_BOOK Table<uint64_t, 256> kBookIQ2_XXS = selectors_of(kGridIQ2_XXS);
QN_BOOK Table<uint64_t, 512> kBookIQ2_XS = selectors_of(kGridIQ2_XS);
QN_BOOK Table<uint64_t, 1024> kBookIQ2_S = selectors_of(kGridIQ2_S);
QN_BOOK Table<uint16_t, 256> kBookIQ3_XXS = nibbles_of<3>(kGridIQ3_XXS);
QN_BOOK Table<uint16_t, 512> kBookIQ3_S = nibbles_of<1>(kGridIQ3_S);
QN_BOOK Table<uint32_t, 2048> kBookIQ1 = codes_of(kGridIQ1);

struct TwoRunsOfGroup {
  static constexpr int kTogether = 2, kStride = 2;
};

// Seven bits of signs and the eighth that makes their number even (kSigns, computed), and two more bits that negate()
// does not read.
QN_DEVICE uint32_t with_parity(uint32_t seven) { return seven + (count_bits(seven) << 7); }

template <class Block>
QN_DEVICE float scale_of(float unit, uint32_t code) {
  return unit * (0.5f + static_cast<float>(code)) * Block::kScaleFactor;
}

// The scales of the halves of a group of 32, runs 0 and 1, and 2 and 3: the nibbles of a byte.
template <class Block>
struct HalfScales {
  float scale[2];

  QN_DEVICE explicit HalfScales(const At<Block>& at) {
    const float unit = load_half(at.bytes + offsetof(Block, d));
    const uint32_t codes = at.block()->scales[at.run / 4];
    scale[0] = scale_of<Block>(unit, codes & 15);
    scale[1] = scale_of<Block>(unit, codes >> 4);
  }
};

template <class Out>
QN_DEVICE Palette4<Out> palette_iq2(float scale) {
  return {scale, {8, 25, 43, 43}};
}

template <class Out>
QN_DEVICE Rounded<Out> run_iq2(const Palette4<Out>& palette, float scale, const uint8_t* book, uint32_t index,
                               uint32_t signs) {
  const Words2 selectors = load8_aligned(book + 8 * index);
  Pairs pairs = palette.look_up(selectors.word[0], selectors.word[1]);
  negate(pairs, signs);
  return results_of<Out>(pairs, scale);
}

template <>
struct Runs<IQ2_XXS> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ2_XXS;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ2_XXS); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ2_XXS> at(tile, run);
    const IQ2_XXS::Group& group = at.block()->groups[at.run / 4];
    const uint32_t signs_and_scale = load4_even(group.signs_and_scale.bytes);
    const float scale = scale_of<IQ2_XXS>(load_half(at.bytes), signs_and_scale >> 28);
    const Palette4<Out> palette = palette_iq2<Out>(scale);
    const uint32_t first = at.run % 4, signs = signs_and_scale >> 7 * first;
    runs[0] = run_iq2(palette, scale, book, group.indices[first], with_parity(signs & 127));
    runs[1] = run_iq2(palette, scale, book, group.indices[first + 2], with_parity(signs >> 14 & 127));
  }
};

template <>
struct Runs<IQ2_XS> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ2_XS;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ2_XS); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ2_XS> at(tile, run);
    const HalfScales<IQ2_XS> scales(at);
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const uint32_t packed = load_aligned<uint16_t>(at.block()->qs[at.run + 2 * i].bytes);
      runs[i] =
          run_iq2(palette_iq2<Out>(scales.scale[i]), scales.scale[i], book, packed & 511, with_parity(packed >> 9));
    }
  }
};

template <>
struct Runs<IQ2_S> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ2_S;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ2_S); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ2_S> at(tile, run);
    const IQ2_S* const block = at.block();
    const HalfScales<IQ2_S> scales(at);
    const uint32_t high = uint32_t{block->qh[at.run / 4]} << 8 >> at.run % 4 * 2;
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const uint32_t index = block->indices[at.run + 2 * i] | (high >> 4 * i & 0x300);
      runs[i] = run_iq2(palette_iq2<Out>(scales.scale[i]), scales.scale[i], book, index, block->signs[at.run + 2 * i]);
    }
  }
};

template <class Out>
QN_DEVICE Rounded<Out> run_iq3(const Palette8<Out>& palette, float scale, const uint8_t* book, uint32_t first,
                               uint32_t second, uint32_t signs) {
  Pairs pairs = palette.look_up(load_aligned<uint16_t>(book + 2 * first), load_aligned<uint16_t>(book + 2 * second));
  negate(pairs, signs);
  return results_of<Out>(pairs, scale);
}

template <>
struct Runs<IQ3_XXS> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ3_XXS;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ3_XXS); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ3_XXS> at(tile, run);
    const uint32_t signs_and_scale = load4_even(at.block()->signs_and_scales[at.run / 4].bytes);
    const float scale = scale_of<IQ3_XXS>(load_half(at.bytes), signs_and_scale >> 28);
    const Palette8<Out> palette(scale, {4, 12, 20, 28, 36, 44, 52, 62});
    const uint32_t signs = signs_and_scale >> 7 * (at.run % 4);
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const uint32_t indices = load_aligned<uint16_t>(at.block()->indices + (at.run + 2 * i) * 2);
      runs[i] = run_iq3(palette, scale, book, indices & 255, indices >> 8, with_parity(signs >> 14 * i & 127));
    }
  }
};

template <>
struct Runs<IQ3_S> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ3_S;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ3_S); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ3_S> at(tile, run);
    const IQ3_S* const block = at.block();
    const uint32_t code = block->scales[at.run / 8] >> at.run / 4 % 2 * 4 & 15;
    const float scale = scale_of<IQ3_S>(load_half(at.bytes), code);
    const Palette8<Out> palette(scale, {1, 3, 5, 7, 9, 11, 13, 15});
    const uint32_t ninth = uint32_t{block->qh[at.run / 4]} << 8 >> at.run % 4 * 2;
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const uint32_t indices = load_aligned<uint16_t>(block->indices + (at.run + 2 * i) * 2);
      runs[i] = run_iq3(palette, scale, book, (indices & 255) | (ninth >> 4 * i & 256),
                        indices >> 8 | (ninth >> (4 * i + 1) & 256), block->signs[at.run + 2 * i]);
    }
  }
};

// IQ1: w = scale * (value +- 1/8), of the values -1, 0 and 1.
template <class Out>
QN_DEVICE Rounded<Out> run_iq1(float scale, bool negative, const uint8_t* book, uint32_t index) {
  const float first = negative ? -1.125f : -0.875f, second = negative ? -0.125f : 0.125f,
              third = negative ? 0.875f : 1.125f;
  const Palette4<Out> palette(scale, {first, second, third, third});
  const uint32_t codes = load_aligned<uint32_t>(book + 4 * index);
  return results_of<Out>(palette.look_up({codes & 0x03030303, codes >> 2 & 0x03030303}), scale);
}

template <>
struct Runs<IQ1_S> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ1;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ1); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ1_S> at(tile, run);
    const uint32_t packed = load_aligned<uint16_t>(at.block()->qh[at.run / 4].bytes);
    const float scale = scale_of<IQ1_S>(load_half(at.bytes), packed >> 12 & 7);
    const uint32_t high = packed << 8 >> 3 * (at.run % 4);
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const uint32_t index = at.block()->indices[at.run + 2 * i] | (high >> 6 * i & 0x700);
      runs[i] = run_iq1<Out>(scale, packed & 0x8000, book, index);
    }
  }
};

template <>
struct Runs<IQ1_M> : TwoRunsOfGroup {
  static constexpr int kBookBytes = sizeof kBookIQ1;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ1); }
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ1_M> at(tile, run);
    const IQ1_M* const block = at.block();
    // The four words of scales: the uppermost nibbles are d, the rest has three bits for each half of a group.
    const Words2 scales = load8_aligned(at.bytes + offsetof(IQ1_M, scales));
    const uint32_t nibbles = (scales.word[0] >> 12 & 0x000f000f) + (scales.word[1] >> 12 & 0x000f000f) * 256;
    const float unit = Half::to_float((nibbles | nibbles >> 12) & 0xffff);
    const uint32_t group = at.run / 4;
    const uint32_t codes = (group < 4 ? scales.word[0] : scales.word[1]) >> (group / 2 % 2 * 16 + group % 2 * 6);
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const float scale = scale_of<IQ1_M>(unit, codes >> 3 * i & 7);
      const uint32_t packed = uint32_t{block->qh[at.run / 2 + i]} >> at.run % 2 * 4;
      const uint32_t index = block->indices[at.run + 2 * i] | (packed & 7) << 8;
      runs[i] = run_iq1<Out>(scale, packed & 8, book, index);
    }
  }
};

}  // namespace qn::QN_TARGET
