// SPDX-License-Identifier: MIT
//
// Searches in code books with vectors, for AVX2 and AVX-512. Included by iq_search.h alone. What an element adds to a
// sum is computed beforehand for each of its levels; then it is looked up for eight or sixteen codes at once, and added
// element by element in the order of plain code.

#include <immintrin.h>

#include "code_book.h"
#include "fit.h"

namespace qn::QN_TARGET {

using Eight = Lanes<8>::Floats;
using EightInts = Lanes<8>::Ints;

QN_HD Eight load_eight(const float* from) { return _mm256_loadu_ps(from); }
QN_HD Eight splat_eight(float value) { return _mm256_set1_ps(value); }

QN_HD float smallest(Eight a) {
  const __m128 four = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_min_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)));
}
QN_HD int smallest(EightInts a) {
  const __m256i eight = reinterpret_cast<__m256i>(a);
  const __m128i four = _mm_min_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_min_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_min_epi32(two, _mm_shuffle_epi32(two, 1)));
}

// A lane for each of the codes that are compared at once.
using ManyCodes = Lanes<kCodeLanes>::Ints;
using ManySums = Lanes<kCodeLanes>::Floats;

// An element has four or eight places for levels.
//   repeat()   as many numbers, over and over
//   spread()   as many numbers as vectors have room for, each in all places of an element
//   look_up()  the number whose place is in the lowest two or three bits of each lane; others may be anything
//   min()      the second, where the first is NaN
#if defined(__AVX512F__)
QN_HD ManyCodes widen_codes(const uint16_t* codes) {
  return reinterpret_cast<ManyCodes>(
      _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes))));
}
QN_HD void keep_codes(uint16_t* to, ManyCodes codes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(reinterpret_cast<__m512i>(codes)));
}
QN_HD uint32_t where_negative(const int32_t* numbers, ManyCodes places) {
  return _mm512_movepi32_mask(_mm512_i32gather_epi32(reinterpret_cast<__m512i>(places), numbers, 4));
}
QN_HD ManyCodes clamp(ManyCodes a, int low, int high) {
  const __m512i not_below = _mm512_max_epi32(reinterpret_cast<__m512i>(a), _mm512_set1_epi32(low));
  return reinterpret_cast<ManyCodes>(_mm512_min_epi32(not_below, _mm512_set1_epi32(high)));
}
QN_HD ManyCodes first_places() { return ManyCodes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }
QN_HD ManySums splat_sums(float value) { return _mm512_set1_ps(value); }
QN_HD ManySums load_sums(const float* from) { return _mm512_loadu_ps(from); }
QN_HD void keep_sums(float* to, ManySums sums) { _mm512_storeu_ps(to, sums); }
QN_HD ManySums min(ManySums a, ManySums b) { return _mm512_min_ps(a, b); }
QN_HD unsigned where_equal(ManySums a, ManySums b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
template <int kPlaces>
QN_HD ManySums repeat(const float* numbers) {
  if constexpr (kPlaces == 4) return _mm512_broadcast_f32x4(_mm_load_ps(numbers));
  return _mm512_broadcast_f32x8(_mm256_load_ps(numbers));
}
template <int kPlaces>
QN_HD ManySums spread(const float* numbers) {
  if constexpr (kPlaces == 4)
    return _mm512_permutevar_ps(_mm512_broadcast_f32x4(_mm_loadu_ps(numbers)),
                                _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
  return _mm512_mask_broadcastss_ps(_mm512_set1_ps(numbers[0]), 0xff00, _mm_load_ss(numbers + 1));
}
template <int kPlaces>
QN_HD ManySums look_up(const float* numbers, ManyCodes places) {
  const __m512 all = repeat<kPlaces>(numbers);
  if constexpr (kPlaces == 4) return _mm512_permutevar_ps(all, reinterpret_cast<__m512i>(places));
  return _mm512_permutexvar_ps(reinterpret_cast<__m512i>(places), all);
}
QN_HD float smallest(ManySums a) {
  return smallest(Eight(_mm256_min_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1))));
}
QN_HD int smallest(ManyCodes a) {
  const __m512i all = reinterpret_cast<__m512i>(a);
  return smallest(
      reinterpret_cast<EightInts>(_mm256_min_epi32(_mm512_castsi512_si256(all), _mm512_extracti32x8_epi32(all, 1))));
}
#else
QN_HD ManyCodes widen_codes(const uint16_t* codes) {
  return reinterpret_cast<ManyCodes>(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes))));
}
QN_HD void keep_codes(uint16_t* to, ManyCodes codes) {
  const __m256i all = reinterpret_cast<__m256i>(codes);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_packus_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
}
QN_HD uint32_t where_negative(const int32_t* numbers, ManyCodes places) {
  const __m256i found = _mm256_i32gather_epi32(numbers, reinterpret_cast<__m256i>(places), 4);
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(found)));
}
QN_HD ManyCodes clamp(ManyCodes a, int low, int high) {
  const __m256i not_below = _mm256_max_epi32(reinterpret_cast<__m256i>(a), _mm256_set1_epi32(low));
  return reinterpret_cast<ManyCodes>(_mm256_min_epi32(not_below, _mm256_set1_epi32(high)));
}
QN_HD ManyCodes first_places() { return ManyCodes{0, 1, 2, 3, 4, 5, 6, 7}; }
QN_HD ManySums splat_sums(float value) { return splat_eight(value); }
QN_HD ManySums load_sums(const float* from) { return load_eight(from); }
QN_HD void keep_sums(float* to, ManySums sums) { _mm256_storeu_ps(to, sums); }
QN_HD ManySums min(ManySums a, ManySums b) { return _mm256_min_ps(a, b); }
QN_HD unsigned where_equal(ManySums a, ManySums b) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)));
}
template <int kPlaces>
QN_HD ManySums repeat(const float* numbers) {
  if constexpr (kPlaces == 4) return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(numbers));
  return _mm256_load_ps(numbers);
}
template <int kPlaces>
QN_HD ManySums spread(const float* numbers) {
  if constexpr (kPlaces == 4)
    return _mm256_blend_ps(_mm256_broadcast_ss(numbers), _mm256_broadcast_ss(numbers + 1), 0xf0);
  return _mm256_broadcast_ss(numbers);
}
template <int kPlaces>
QN_HD ManySums look_up(const float* numbers, ManyCodes places) {
  const __m256 all = repeat<kPlaces>(numbers);
  if constexpr (kPlaces == 4) return _mm256_permutevar_ps(all, reinterpret_cast<__m256i>(places));
  return _mm256_permutevar8x32_ps(all, reinterpret_cast<__m256i>(places));
}
#endif

// N numbers as vectors, each spread over the places of its levels.
template <class Book, int N>
struct Spread {
  static constexpr int kPlaces = LevelValues<Book>::kPlaces, kPerVector = kCodeLanes / kPlaces;
  static constexpr int kVectors = N / kPerVector;

  ManySums vectors[kVectors];

  QN_HD explicit Spread(const float* numbers) {
    for (int v = 0; v < kVectors; v++)
      vectors[v] = spread<kPlaces>(numbers + v * kPerVector);
  }
};

// A number for each level of each of N elements.
template <class Book, int N>
class TermTable {
 public:
  static constexpr int kPlaces = LevelValues<Book>::kPlaces;

  // Of each element and each level it is of(x, weight, value), where `of` does so for many at once.
  template <class Function>
  QN_HD TermTable(const Spread<Book, N>& x, const Spread<Book, N>& weights, const LevelValues<Book>& values,
                  Function of) {
    const ManySums all_values = repeat<kPlaces>(values.at);
    for (int v = 0; v < Spread<Book, N>::kVectors; v++)
      keep_sums(terms_[0] + v * kCodeLanes, of(x.vectors[v], weights.vectors[v], all_values));
    // Out of the compiler's sight, which would otherwise shuffle registers where a load can broadcast.
    __asm__("" : "+m"(terms_));
  }

  // For the level of element i in the lowest bits of each lane; what is above them may be anything.
  QN_HD ManySums at(int i, ManyCodes levels) const { return look_up<kPlaces>(terms_[i], levels); }

 private:
  alignas(64) float terms_[N][kPlaces];
};

template <class Book>
struct Run {
  Spread<Book, Book::kElements> x, weights;

  QN_HD Run(const float* numbers, const float* of_numbers) : x(numbers), weights(of_numbers) {}
};

template <class Book>
QN_HD uint32_t nearest(typename CodeBook<Book>::List list, const Run<Book>& run, const LevelValues<Book>& values) {
  const TermTable<Book, Book::kElements> terms(run.x, run.weights, values,
                                               [](ManySums number, ManySums weight, ManySums value) {
                                                 const ManySums difference = value - number;
                                                 return weight * difference * difference;
                                               });
  const auto distances_of = [&](const typename CodeBook<Book>::Chunk& chunk) {
    const ManyCodes codes = widen_codes(chunk.codes);
    ManySums distances = terms.at(0, codes);
    for (int k = 1; k < Book::kElements; k++)
      distances += terms.at(k, codes >> Book::kBits * k);
    return distances;
  };
  constexpr float kLargest = 0x1.fffffep127f;
  ManySums best = min(distances_of(list.chunks[0]), splat_sums(kLargest));
  if (list.count == 1) return list.chunks->codes[__builtin_ctz(where_equal(best, splat_sums(smallest(best))))];
  ManyCodes place = first_places(), here = place;
  for (int i = 1; i < list.count; i++) {
    const ManySums distances = distances_of(list.chunks[i]);
    here += kCodeLanes;
    place = distances < best ? here : place;
    best = min(distances, best);
  }
  const ManyCodes none = ManyCodes{} + INT32_MAX;
  return list.chunks->codes[smallest(best == splat_sums(smallest(best)) ? place : none)];
}

QN_HD uint8_t negatives_of_8(const float* x) {
  return static_cast<uint8_t>(_mm256_movemask_ps(_mm256_cmp_ps(load_eight(x), splat_eight(0), _CMP_NGE_UQ)));
}

// Sixteen numbers as levels, one in each byte.
template <class Book>
QN_HD __m128i levels_of_16(const float* x, float inverse_scale) {
  const auto levels_of_8 = [&](const float* numbers) {
    const Eight shifted = 0.5f * (inverse_scale * load_eight(numbers) - 1) + kRounder;
    return reinterpret_cast<__m256i>((reinterpret_cast<EightInts>(shifted) & kRoundedBits) - kRoundedZero);
  };
  // Packing saturates; it takes the halves of both by turns.
  const __m256i mixed = _mm256_packs_epi32(levels_of_8(x), levels_of_8(x + 8));
  const __m256i words = _mm256_permute4x64_epi64(mixed, 0xd8);
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  return _mm_min_epu8(bytes, _mm_set1_epi8(Book::kLevels - 1));
}

template <class Book, int N>
QN_HD void round_to_levels(const float* x, float inverse_scale, uint32_t (&codes)[N / Book::kElements]) {
  // Neighbouring levels are put together, then neighbouring pairs of them: four levels in each 32 bits.
  constexpr int kOne = 1 << Book::kBits, kTwo = 1 << 2 * Book::kBits;
  for (int i = 0; i < N; i += 16) {
    const __m128i pairs = _mm_maddubs_epi16(levels_of_16<Book>(x + i, inverse_scale), _mm_set1_epi16(kOne << 8 | 1));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(kTwo << 16 | 1));
    if constexpr (Book::kElements == 4) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + i / 4), fours);
    } else {
      const __m128i lowest_bytes = _mm_set1_epi32(0x0c080400);
      const uint32_t two_runs = static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_shuffle_epi8(fours, lowest_bytes)));
      codes[i / 8] = two_runs & 0xffff;
      codes[i / 8 + 1] = two_runs >> 16;
    }
  }
}

template <class Book, int N, int kCount>
QN_HD void round_columns(const float* x, const float* inverse_scales, TriedCodes<Book, N, kCount>& tried) {
  using Tried = TriedCodes<Book, N, kCount>;
  for (int column = 0; column < Tried::kColumns; column += kCodeLanes) {
    const ManySums inverse_scale = load_sums(inverse_scales + column);
    for (int r = 0; r < Tried::kRuns; r++) {
      ManyCodes codes = {};
      for (int k = Book::kElements - 1; k >= 0; k--) {
        // Twice of what is to be rounded, and twice the addend: all bits are the same, but those of the exponent.
        const ManySums shifted = inverse_scale * x[r * Book::kElements + k] - 1 + 2 * kRounder;
        const ManyCodes rounded = reinterpret_cast<ManyCodes>(shifted) & kRoundedBits;
        const ManyCodes level = clamp(rounded, kRoundedZero, kRoundedZero + Book::kLevels - 1);
        codes = codes << Book::kBits | (level & (LevelValues<Book>::kPlaces - 1));
      }
      keep_codes(tried.codes[r] + column, codes);
    }
  }
}

template <class Book, int kColumns>
QN_HD uint32_t columns_off_book(const CodeBook<Book>& book, const uint16_t (&codes)[kColumns]) {
  uint32_t columns = 0;
  for (int column = 0; column < kColumns; column += kCodeLanes)
    columns |= where_negative(book.places(), widen_codes(codes + column)) << column;
  return columns;
}

template <class Book, int N, int kCount>
QN_HD void sum_columns(const float* x, const float* weights, const TriedCodes<Book, N, kCount>& tried,
                       CodeSums (&sums)[kCount]) {
  using Tried = TriedCodes<Book, N, kCount>;
  const Spread<Book, N> numbers(x), of_numbers(weights);
  const LevelValues<Book> odd = LevelValues<Book>::odd(1);
  const TermTable<Book, N> xl(numbers, of_numbers, odd,
                              [](ManySums number, ManySums weight, ManySums value) { return weight * number * value; });
  const TermTable<Book, N> l2(numbers, of_numbers, odd,
                              [](ManySums, ManySums weight, ManySums value) { return weight * value * value; });
  for (int column = 0; column < Tried::kColumns; column += kCodeLanes) {
    ManySums sum_xl = {}, sum_l2 = {};
    for (int r = 0; r < Tried::kRuns; r++) {
      const ManyCodes codes = widen_codes(tried.codes[r] + column);
      for (int k = 0; k < Book::kElements; k++) {
        const ManyCodes levels = codes >> Book::kBits * k;
        sum_xl += xl.at(r * Book::kElements + k, levels);
        sum_l2 += l2.at(r * Book::kElements + k, levels);
      }
    }
    for (int lane = 0; lane < kCodeLanes && column + lane < kCount; lane++) {
      sums[column + lane].xl = sum_xl[lane];
      sums[column + lane].l2 = sum_l2[lane];
    }
  }
}

}  // namespace qn::QN_TARGET
