// SPDX-License-Identifier: MIT
//
// Tables of 32 weights of 16 bits, with AVX-512, and the words that places in them come from.
#pragma once

#include "common.h"

namespace qn::QN_TARGET {

using Words = __m512i;  // 32 words

// A table of 32 words; at() looks at the low five bits of a word.
struct WordTable {
  Words words;
  QN_HD Words at(Words places) const { return _mm512_permutexvar_epi16(places, words); }
};

template <class Out>
QN_HD WordTable word_table(Out out, Floats first, Floats second) {
  return {rounded(out, first, second)};
}

// The same sixteen twice: the fifth bit of a place may be anything.
template <class Out>
QN_HD WordTable word_table(Out out, Floats weights) {
  return {rounded_twice(out, weights)};
}

template <class T, bool kStream>
QN_HD void store_words(Output<T, kStream> out, size_t at, Words weights) {
  store_line<kStream>(out.bytes + at * 2, weights);
}

// 32 bytes as words.
QN_HD Words widen_to_words(const void* bytes) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(bytes)));
}

QN_HD Words splat_word(int value) { return _mm512_set1_epi16(static_cast<short>(value)); }

// 0 .. 31
QN_HD Words word_numbers() {
  return _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,  //
                          15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

// `low` in the first sixteen words, `high` in the others.
QN_HD Words halves(int low, int high) {
  const long long first = 0x0001000100010001 * low, second = 0x0001000100010001 * high;
  return _mm512_set_epi64(second, second, second, second, first, first, first, first);
}

template <int kCount>
QN_HD Words shift_right(Words a) {
  if constexpr (kCount == 0) return a;
  return _mm512_srli_epi16(a, kCount);
}

template <int kCount>  // negative: to the left
QN_HD Words shifted(Words a) {
  if constexpr (kCount >= 0) return shift_right<kCount>(a);
  return _mm512_slli_epi16(a, -kCount);
}

// a where the mask has ones, else b
QN_HD Words merge(Words mask, Words a, Words b) { return _mm512_ternarylogic_epi32(mask, a, b, 0xca); }

// 32 codes of a packing that repeats itself after eight of them, each in the lowest bits of a word; those above may be
// anything.
template <class Packing>
struct WordSpreadTable {
  alignas(64) uint8_t bytes[64];
  alignas(64) uint16_t shifts[32];
  constexpr WordSpreadTable() : bytes(), shifts() {
    for (int i = 0; i < 32; i++) {
      const int bit = i / 8 * 8 * Packing::kBits + Packing::bit(i % 8);
      bytes[2 * i] = static_cast<uint8_t>(bit / 8);
      bytes[2 * i + 1] = static_cast<uint8_t>(bit / 8 < 15 ? bit / 8 + 1 : 0x80);  // 0x80: zero
      shifts[i] = static_cast<uint16_t>(bit % 8);
    }
  }
};

template <class Packing>
inline constexpr WordSpreadTable<Packing> kWordSpread;

template <class Packing>
QN_HD Words spread_words(const uint8_t* from) {
  constexpr int kBytes = 4 * Packing::kBits;
  constexpr __mmask16 kThere = static_cast<__mmask16>((uint32_t{1} << kBytes) - 1);
  Words all;
  if constexpr (kBytes == 16)
    all = _mm512_broadcast_i32x4(load_bytes(from));  // one that the load does
  else
    all = _mm512_broadcast_i32x4(_mm_maskz_loadu_epi8(kThere, from));
  return _mm512_srlv_epi16(_mm512_shuffle_epi8(all, load_ints(kWordSpread<Packing>.bytes)),
                           load_ints(kWordSpread<Packing>.shifts));
}

}  // namespace qn::QN_TARGET
