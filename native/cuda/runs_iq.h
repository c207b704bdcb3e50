// SPDX-License-Identifier: MIT
//
// Runs of the formats with code books: IQ1, IQ2 and IQ3. The book stands in shared memory, where lanes that look up
// different entries wait least. An entry of IQ2 is eight magnitudes of three values, and is kept as four bits each,
// which select the magnitude; one of IQ1 is eight of -1, 0, 1 and is kept as two bits each; IQ3's are as in ../formats.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

template <class T, int kCount>
struct alignas(16) Table {
  T entries[kCount];
};

// The magnitudes of IQ2, by number.
inline constexpr uint32_t kMagnitudesIQ2 = 0x002b1908;

// The numbers are in bits 4 and 5 of 8, 25 and 43. Few steps: the compiler goes through all entries.
template <int kCount>
constexpr Table<uint32_t, kCount> selectors_of(const uint64_t (&grid)[kCount]) {
  Table<uint32_t, kCount> table{};
  for (int i = 0; i < kCount; i++) {
    uint64_t numbers = grid[i] >> 4 & 0x0303030303030303;
    numbers = (numbers | numbers >> 4) & 0x00ff00ff00ff00ff;
    numbers = (numbers | numbers >> 8) & 0x0000ffff0000ffff;
    table.entries[i] = static_cast<uint32_t>(numbers | numbers >> 16);
  }
  return table;
}

template <int kCount>
constexpr Table<uint16_t, kCount> pairs_of(const uint64_t (&grid)[kCount]) {
  Table<uint16_t, kCount> table{};
  for (int i = 0; i < kCount; i++) {
    uint64_t pairs = ((grid[i] & 0x0303030303030303) + 0x0101010101010101) & 0x0303030303030303;
    pairs |= pairs >> 6 | pairs >> 12 | pairs >> 18;
    table.entries[i] = static_cast<uint16_t>((pairs & 255) | (pairs >> 24 & 0xff00));
  }
  return table;
}

QN_TABLE Table<uint32_t, 256> kBookIQ2_XXS = selectors_of(kGridIQ2_XXS);
QN_TABLE Table<uint32_t, 512> kBookIQ2_XS = selectors_of(kGridIQ2_XS);
QN_TABLE Table<uint32_t, 1024> kBookIQ2_S = selectors_of(kGridIQ2_S);
QN_TABLE Table<uint16_t, 2048> kBookIQ1 = pairs_of(kGridIQ1);

// Seven bits of signs and the eighth that makes their number even (kSigns, computed).
QN_DEVICE uint32_t with_parity(uint32_t seven) { return seven | (count_bits(seven) & 1) << 7; }

QN_DEVICE Codes select_magnitudes(uint32_t selectors) {
  return {permute(kMagnitudesIQ2, 0, selectors & 0xffff), permute(kMagnitudesIQ2, 0, selectors >> 16)};
}

// w = scale * +-magnitude
QN_DEVICE void signed_run(const Codes& magnitudes, uint32_t signs, float scale, float (&w)[8]) {
  for (int k = 0; k < 8; k++) {
    const uint32_t product = bits_from_float(scale * code(magnitudes, k, 0));
    w[k] = float_from_bits(product ^ (signs << (31 - k) & 0x80000000u));
  }
}

// The scale of the pair of runs that a run is in.
template <class Block>
QN_DEVICE float scale_of(const At<Block>& at) {
  const float code = static_cast<float>(at.block()->scale_code(static_cast<int>(at.run / 2)));
  return at.block()->unit() * (0.5f + code) * Block::kScaleFactor;
}

template <>
struct Runs<IQ2_XXS> {
  static constexpr int kBookBytes = sizeof kBookIQ2_XXS;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ2_XXS.entries); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ2_XXS> at(tile, run);
    const IQ2_XXS::Group& group = at.block()->groups[at.run / 4];
    const uint32_t selectors = load_aligned<uint32_t>(book + 4 * group.indices[at.run % 4]);
    const uint32_t signs = group.signs_and_scale.get() >> 7 * (at.run % 4) & 127;
    signed_run(select_magnitudes(selectors), with_parity(signs), scale_of(at), w);
  }
};

template <>
struct Runs<IQ2_XS> {
  static constexpr int kBookBytes = sizeof kBookIQ2_XS;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ2_XS.entries); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ2_XS> at(tile, run);
    const uint32_t packed = load_aligned<uint16_t>(at.block()->qs[at.run].bytes);
    const uint32_t selectors = load_aligned<uint32_t>(book + 4 * (packed & 511));
    signed_run(select_magnitudes(selectors), with_parity(packed >> 9), scale_of(at), w);
  }
};

template <>
struct Runs<IQ2_S> {
  static constexpr int kBookBytes = sizeof kBookIQ2_S;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ2_S.entries); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ2_S> at(tile, run);
    const IQ2_S* const block = at.block();
    const uint32_t high = block->qh[at.run / 4] >> at.run % 4 * 2 & 3;
    const uint32_t selectors = load_aligned<uint32_t>(book + 4 * (block->indices[at.run] | high << 8));
    signed_run(select_magnitudes(selectors), block->signs[at.run], scale_of(at), w);
  }
};

template <>
struct Runs<IQ3_XXS> {
  static constexpr int kBookBytes = sizeof kGridIQ3_XXS;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kGridIQ3_XXS); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ3_XXS> at(tile, run);
    const uint32_t indices = load_aligned<uint16_t>(at.block()->indices + at.run * 2);
    const Codes magnitudes = {load_aligned<uint32_t>(book + 4 * (indices & 255)),
                              load_aligned<uint32_t>(book + 4 * (indices >> 8))};
    const uint32_t signs = at.block()->signs_and_scales[at.run / 4].get() >> 7 * (at.run % 4) & 127;
    signed_run(magnitudes, with_parity(signs), scale_of(at), w);
  }
};

template <>
struct Runs<IQ3_S> {
  static constexpr int kBookBytes = sizeof kGridIQ3_S;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kGridIQ3_S); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ3_S> at(tile, run);
    const uint32_t indices = load_aligned<uint16_t>(at.block()->indices + at.run * 2);
    const uint32_t ninth = at.block()->qh[at.run / 4] >> at.run % 4 * 2;
    const Codes magnitudes = {load_aligned<uint32_t>(book + 4 * ((indices & 255) | (ninth & 1) << 8)),
                              load_aligned<uint32_t>(book + 4 * (indices >> 8 | (ninth & 2) << 7))};
    signed_run(magnitudes, at.block()->signs[at.run], scale_of(at), w);
  }
};

// IQ1: w = scale * (value +- 1/8), computed as scale / 8 * (8 * (value + 1) - 8 +- 1); all products are exact.
QN_DEVICE void offset_run(const uint8_t* book, uint32_t index, bool negative, float scale, float (&w)[8]) {
  const uint32_t pairs = load_aligned<uint16_t>(book + 2 * index);
  const Codes eightfold = {spread_pairs<3>(pairs & 255), spread_pairs<3>(pairs >> 8)};
  const float offset = negative ? -9.0f : -7.0f;
  for (int k = 0; k < 8; k++)
    w[k] = scale * 0.125f * (code(eightfold, k, 0) + offset);
}

template <>
struct Runs<IQ1_S> {
  static constexpr int kBookBytes = sizeof kBookIQ1;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ1.entries); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ1_S> at(tile, run);
    const uint32_t packed = load_aligned<uint16_t>(at.block()->qh[at.run / 4].bytes);
    const uint32_t index = at.block()->indices[at.run] | (packed >> 3 * (at.run % 4) & 7) << 8;
    offset_run(book, index, packed & 0x8000, scale_of(at), w);
  }
};

template <>
struct Runs<IQ1_M> {
  static constexpr int kBookBytes = sizeof kBookIQ1;
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ1.entries); }
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]) {
    const At<IQ1_M> at(tile, run);
    const uint32_t packed = uint32_t{at.block()->qh[at.run / 2]} >> at.run % 2 * 4;
    offset_run(book, at.block()->indices[at.run] | (packed & 7) << 8, packed & 8, scale_of(at), w);
  }
};

}  // namespace qn::QN_TARGET
