// SPDX-License-Identifier: MIT
//
// The IQ2 and IQ3 formats where bytes can be permuted across a whole register (AVX-512 VBMI). A code book has three
// magnitudes (IQ2) or eight (IQ3), so here an entry of it is 16 bits: eight codes of two bits, or four of four. All
// indices of a block are looked up together, in a table for each of the two bytes of an entry, and another permutation
// looks up the weights of the codes, computed beforehand for each scale.
#pragma once

#include "narrow_grids.h"

namespace qn::QN_TARGET {

// A code book as two tables of bytes. A magnitude m has the code m / step.
template <int kEntries>
struct ByteTables {
  alignas(64) uint8_t of[2][kEntries];

  template <class Entry>
  constexpr ByteTables(const Entry (&grid)[kEntries], int step) : of() {
    constexpr int kElements = sizeof(Entry), kBits = 16 / kElements;
    for (int i = 0; i < kEntries; i++)
      for (int k = 0; k < kElements; k++) {
        const int code = static_cast<int>(grid[i] >> 8 * k & 255) / step;
        uint8_t& byte = of[2 * k / kElements][i];
        byte = static_cast<uint8_t>(byte | code << kBits * k % 8);
      }
  }
};
inline constexpr ByteTables kTablesIQ2_XXS(kGridIQ2_XXS, 16);
inline constexpr ByteTables kTablesIQ2_XS(kGridIQ2_XS, 16);
inline constexpr ByteTables kTablesIQ2_S(kGridIQ2_S, 16);
inline constexpr ByteTables kTablesIQ3_XXS(kGridIQ3_XXS, 8);
inline constexpr ByteTables kTablesIQ3_S(kGridIQ3_S, 2);

// ---- entries

// Entries of a table of 256 bytes.
QN_HD __m512i look_up_256(const uint8_t* table, __m512i indices, __mmask64 upper_half) {
  const auto part = [&](int i) { return _mm512_load_si512(table + 64 * i); };
  const __m512i low = _mm512_permutex2var_epi8(part(0), indices, part(1));
  const __m512i high = _mm512_permutex2var_epi8(part(2), indices, part(3));
  return _mm512_mask_blend_epi8(upper_half, low, high);
}

// The lower eight bits of each index of a block, and the ninth and tenth bits of all of them.
struct Indices {
  __m512i low;
  uint64_t ninth = 0, tenth = 0;
};

// Codes of a block in the order of its weights, in sixteens of bytes: first the even ones, then the odd.
struct Codes {
  alignas(64) uint8_t bytes[128];

  QN_HD const uint8_t* sixteen(int i) const { return bytes + i % 2 * 64 + i / 2 * 16; }
};

template <int kEntries>
QN_HD void look_up(const ByteTables<kEntries>& tables, const Indices& indices, Codes& codes) {
  const __mmask64 eighth = _mm512_movepi8_mask(indices.low);
  const auto byte = [&](int which) {
    const auto part = [&](int i) { return look_up_256(tables.of[which] + 256 * i, indices.low, eighth); };
    if constexpr (kEntries == 256) return part(0);
    const __m512i first = _mm512_mask_blend_epi8(indices.ninth, part(0), part(1));
    if constexpr (kEntries == 512) return first;
    return _mm512_mask_blend_epi8(indices.tenth, first, _mm512_mask_blend_epi8(indices.ninth, part(2), part(3)));
  };
  const __m512i low = byte(0), high = byte(1);
  _mm512_store_si512(codes.bytes, _mm512_unpacklo_epi8(low, high));
  _mm512_store_si512(codes.bytes + 64, _mm512_unpackhi_epi8(low, high));
  in_memory(codes);
}

// ---- signs

// A bit for each weight of a block. They are read four bytes at a time, two of which are wanted, hence two more.
struct Signs {
  alignas(32) uint8_t bytes[32 + 2];

  QN_HD explicit Signs(__m256i bits) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), bits);
    in_memory(bytes);
  }

  QN_HD uint32_t from(int byte) const {
    uint32_t word;
    memcpy(&word, bytes + byte, 4);
    return word;
  }
};

// Seven signs in each byte, and the eighth, which makes their number even.
QN_HD __m256i with_eighth_sign(__m256i seven) {
  constexpr char k1 = static_cast<char>(0x80);
  const __m256i odd =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, k1, k1, 0, k1, 0, 0, k1, k1, 0, 0, k1, 0, k1, k1, 0));
  const __m256i low = _mm256_and_si256(seven, _mm256_set1_epi8(15));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(seven, 4), _mm256_set1_epi8(7));
  constexpr int kXorXor = 0x96;  // a ^ b ^ c
  return _mm256_ternarylogic_epi32(_mm256_shuffle_epi8(odd, low), _mm256_shuffle_epi8(odd, high), seven, kXorXor);
}

// Four times seven signs in the lowest 28 bits of each of eight numbers.
QN_HD __m256i unpack_signs(__m256i packed) {
  constexpr int kAndOr = 0xea;  // (a & b) | c
  __m256i seven = _mm256_and_si256(packed, _mm256_set1_epi32(0x7f));
  seven = _mm256_ternarylogic_epi32(_mm256_slli_epi32(packed, 1), _mm256_set1_epi32(0x7f00), seven, kAndOr);
  seven = _mm256_ternarylogic_epi32(_mm256_slli_epi32(packed, 2), _mm256_set1_epi32(0x7f0000), seven, kAndOr);
  seven = _mm256_ternarylogic_epi32(_mm256_slli_epi32(packed, 3), _mm256_set1_epi32(0x7f000000), seven, kAndOr);
  return with_eighth_sign(seven);
}

// w, negated in lane i where bit i of `signs` is set; higher bits may be anything.
QN_HD Floats negate_where(Floats w, uint32_t signs) {
  const Ints counts = _mm512_sub_epi32(_mm512_set1_epi32(31), table_codes<4>());
  const Ints at_sign = _mm512_sllv_epi32(_mm512_set1_epi32(static_cast<int>(signs)), counts);
  constexpr int kXorAnd = 0x78;  // a ^ (b & c)
  return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(w), at_sign,
                                                       _mm512_set1_epi32(static_cast<int>(0x80000000)), kXorAnd));
}

QN_HD Words negate_where(Words w, uint32_t signs) {
  return _mm512_mask_add_epi16(w, signs, w, splat_word(-0x8000));  // turns the highest bit
}

// ---- scales

// The highest four bits of each of eight numbers, twice.
QN_HD Ints highest_nibbles_twice(__m256i packed) {
  const Ints numbers = _mm512_cvtepu32_epi64(_mm256_srli_epi32(packed, 28));
  return _mm512_or_si512(numbers, _mm512_slli_epi64(numbers, 32));
}

// ---- IQ2: two bits a weight, a scale for each sixteen

// Weights 32 n .. 32 n + 31.
template <bool kStream>
QN_HD void store_signed_pairs(Output<F32, kStream> out, int n, const Codes& codes, const Signs& signs, WeightTable even,
                              WeightTable odd) {
  uint32_t of_pair[2];
  memcpy(of_pair, codes.sixteen(n / 2) + n % 2 * 8, 8);
  store(out, 32 * n, negate_where(even.at<0>(pairs(of_pair[0])), signs.from(4 * n)),
        negate_where(odd.at<0>(pairs(of_pair[1])), signs.from(4 * n + 2)));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void store_signed_pairs(Output<T, kStream> out, int n, const Codes& codes, const Signs& signs, WeightTable even,
                              WeightTable odd) {
  uint64_t of_pairs;
  memcpy(&of_pairs, codes.sixteen(n / 2) + n % 2 * 8, 8);
  const Words places = and_or(pairs_to_words(of_pairs), splat_word(15), halves(0, 16));
  const Words weights = word_table(out, even.weights, odd.weights).at(places);
  store_words(out, 32 * n, negate_where(weights, signs.from(4 * n)));
}

template <class Block, int kEntries, class Out>
QN_HD void dequantize_iq2(const Block& block, const ByteTables<kEntries>& tables, const Indices& indices, __m256i signs,
                          Ints scale_codes, Out out) {
  Codes codes;
  look_up(tables, indices, codes);
  const Signs sign_bits(signs);
  const Sixteen scales = scales_of_codes(block, scale_codes);
  const Floats levels = four_levels(8, 25, 43);
  unroll<0, 8>([&](auto n) {
    store_signed_pairs(out, n, codes, sign_bits, {mul(splat(scales[2 * n]), levels)},
                       {mul(splat(scales[2 * n + 1]), levels)});
  });
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ2_XXS& block, Output<T, kStream> out) {
  const __m512i groups = _mm512_loadu_si512(block.groups);
  const Indices indices{_mm512_castsi256_si512(_mm512_cvtepi64_epi32(groups))};
  const __m256i packed = _mm512_cvtepi64_epi32(_mm512_srli_epi64(groups, 32));
  dequantize_iq2(block, kTablesIQ2_XXS, indices, unpack_signs(packed), highest_nibbles_twice(packed), out);
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ2_XS& block, Output<T, kStream> out) {
  const Words packed = _mm512_loadu_si512(block.qs);
  const Indices indices{_mm512_castsi256_si512(_mm512_cvtepi16_epi8(packed)),
                        _mm512_test_epi16_mask(packed, splat_word(256))};
  const __m256i signs = with_eighth_sign(_mm512_cvtepi16_epi8(_mm512_srli_epi16(packed, 9)));
  dequantize_iq2(block, kTablesIQ2_XS, indices, signs, widen_unsigned(nibbles_in_turn(block.scales)), out);
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ2_S& block, Output<T, kStream> out) {
  uint64_t high;  // two bits for each run
  memcpy(&high, block.qh, 8);
  constexpr uint64_t kEven = 0x5555555555555555;
  const auto load_32 = [](const uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); };
  const Indices indices{_mm512_castsi256_si512(load_32(block.indices)), _pext_u64(high, kEven),
                        _pext_u64(high, kEven << 1)};
  dequantize_iq2(block, kTablesIQ2_S, indices, load_32(block.signs), widen_unsigned(nibbles_in_turn(block.scales)),
                 out);
}

// ---- IQ3: four bits a weight, of which the highest is 0, and a scale for each 32

template <bool kStream>
QN_HD void store_signed_nibbles(Output<F32, kStream> out, int n, const Codes& codes, const Signs& signs,
                                WeightTable table) {
  const auto sixteen = [&](int half) {
    uint64_t nibbles;
    memcpy(&nibbles, codes.sixteen(n) + 8 * half, 8);
    // From bit 4 i on for lane i.
    const auto from = [](uint64_t bit) { return static_cast<long long>(bit | (bit + 4) << 32); };
    const __m512i bits = _mm512_set_epi64(from(56), from(48), from(40), from(32), from(24), from(16), from(8), from(0));
    const Ints places = _mm512_multishift_epi64_epi8(bits, _mm512_set1_epi64(static_cast<long long>(nibbles)));
    return negate_where(table.at<0>(places), signs.from(4 * n + 2 * half));
  };
  store(out, 32 * n, sixteen(0), sixteen(1));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void store_signed_nibbles(Output<T, kStream> out, int n, const Codes& codes, const Signs& signs,
                                WeightTable table) {
  // Byte k for words 2 k and 2 k + 1, and nothing above it.
  const auto twos = [](uint64_t k) { return static_cast<long long>(0x8001800180008000 + 0x0001000100010001 * k); };
  const __m512i bytes = _mm512_set_epi64(twos(14), twos(12), twos(10), twos(8), twos(6), twos(4), twos(2), twos(0));
  const Words spread = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(load_bytes(codes.sixteen(n))), bytes);
  const Words places = _mm512_srlv_epi16(spread, _mm512_set1_epi32(0x00040000));
  store_words(out, 32 * n, negate_where(word_table(out, table.weights).at(places), signs.from(4 * n)));
}

template <class Block, int kEntries, class Out>
QN_HD void dequantize_iq3(const Block& block, const ByteTables<kEntries>& tables, uint64_t ninth, __m256i signs,
                          Ints scale_codes, Floats levels, Out out) {
  Codes codes;
  look_up(tables, {_mm512_loadu_si512(block.indices), ninth}, codes);
  const Signs sign_bits(signs);
  const Sixteen scales = scales_of_codes(block, scale_codes);
  unroll<0, 8>([&](auto n) { store_signed_nibbles(out, n, codes, sign_bits, {mul(splat(scales[n]), levels)}); });
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ3_XXS& block, Output<T, kStream> out) {
  const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.signs_and_scales));
  const Floats levels = _mm512_broadcast_f32x8(_mm256_setr_ps(4, 12, 20, 28, 36, 44, 52, 62));
  const Ints scale_codes = _mm512_castsi256_si512(_mm256_srli_epi32(packed, 28));
  dequantize_iq3(block, kTablesIQ3_XXS, 0, unpack_signs(packed), scale_codes, levels, out);
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ3_S& block, Output<T, kStream> out) {
  uint64_t ninth;  // a bit for each index
  memcpy(&ninth, block.qh, 8);
  const __m256i signs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.signs));
  const Floats levels = _mm512_broadcast_f32x8(_mm256_setr_ps(1, 3, 5, 7, 9, 11, 13, 15));
  uint32_t nibbles;  // one for each 32 weights
  memcpy(&nibbles, block.scales, 4);
  const Bytes scales = bytes_of(nibbles, 0);
  const Ints scale_codes = widen_unsigned(interleave(field<0, 4>(scales), field<4, 4>(scales)));
  dequantize_iq3(block, kTablesIQ3_S, ninth, signs, scale_codes, levels, out);
}

}  // namespace qn::QN_TARGET
