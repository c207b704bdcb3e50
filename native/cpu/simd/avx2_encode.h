// SPDX-License-Identifier: MIT
//
// The words of the vector vocabulary that encoders need besides those of avx2.h. They are explained in avx512_encode.h.
#pragma once

#include "avx2.h"
#include "packing.h"

namespace qn::QN_TARGET {

QN_HD Floats load_floats(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }

QN_HD Floats magnitudes(Floats a) {
  const __m256 sign = _mm256_set1_ps(-0.f);
  return {_mm256_andnot_ps(sign, a.low), _mm256_andnot_ps(sign, a.high)};
}
QN_HD Floats square_roots(Floats a) { return {_mm256_sqrt_ps(a.low), _mm256_sqrt_ps(a.high)}; }

QN_HD Floats larger(Floats a, Floats b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
QN_HD Floats smaller(Floats a, Floats b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }

QN_HD float largest(Floats a) {
  const __m256 eight = _mm256_max_ps(a.low, a.high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

struct Mask {
  __m256 low, high;
};
QN_HD Mask above(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, _CMP_GT_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_GT_OQ)};
}
QN_HD Mask at_least(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, _CMP_GE_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_GE_OQ)};
}
QN_HD Mask equal(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, _CMP_EQ_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_EQ_OQ)};
}
QN_HD Mask both(Mask a, Mask b) { return {_mm256_and_ps(a.low, b.low), _mm256_and_ps(a.high, b.high)}; }
QN_HD Mask either(Mask a, Mask b) { return {_mm256_or_ps(a.low, b.low), _mm256_or_ps(a.high, b.high)}; }
QN_HD uint32_t bits(Mask a) {
  return static_cast<uint32_t>(_mm256_movemask_ps(a.low) | _mm256_movemask_ps(a.high) << 8);
}
QN_HD Floats select(Mask mask, Floats a, Floats b) {
  return {_mm256_blendv_ps(b.low, a.low, mask.low), _mm256_blendv_ps(b.high, a.high, mask.high)};
}

QN_HD Ints count_above(Ints count, Floats a, Floats limit) {
  const Mask mask = above(a, limit);
  return sub_ints(count, bits_of({mask.low, mask.high}));
}

QN_HD Floats signed_half(Floats a) {
  const __m256 sign = _mm256_set1_ps(-0.f), half = _mm256_castsi256_ps(_mm256_set1_epi32(0x3effffff));
  return {_mm256_or_ps(_mm256_and_ps(a.low, sign), half), _mm256_or_ps(_mm256_and_ps(a.high, sign), half)};
}

QN_HD Ints truncated(Floats a) { return {_mm256_cvttps_epi32(a.low), _mm256_cvttps_epi32(a.high)}; }
QN_HD Ints least(Ints a, Ints b) { return {_mm256_min_epi32(a.low, b.low), _mm256_min_epi32(a.high, b.high)}; }
QN_HD Ints greatest(Ints a, Ints b) { return {_mm256_max_epi32(a.low, b.low), _mm256_max_epi32(a.high, b.high)}; }

QN_HD Bytes low_bytes(Ints a) {
  const Ints lowest = and_ints(a, splat_int(255));
  // Packing works within halves of a register: low 0-3, high 0-3, low 4-7, high 4-7.
  const __m256i words = _mm256_packus_epi32(lowest.low, lowest.high);
  const Bytes bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  return _mm_shuffle_epi32(bytes, _MM_SHUFFLE(3, 1, 2, 0));
}

QN_HD void keep_halves(uint16_t* to, Floats from) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  keep_bytes(to, _mm256_cvtps_ph(from.low, kToNearest));
  keep_bytes(to + 8, _mm256_cvtps_ph(from.high, kToNearest));
}

// ---- the nearest of sixteen uneven levels
//
// Four comparisons with the places halfway between two levels, each selected by those before it.

template <class Levels>
struct HalvingTables {
  alignas(32) float third[8];              // places 1, 5, 9 and 13
  alignas(32) float fourth[8];             // places 0, 2, ..., 14
  alignas(32) float before[8], behind[8];  // the levels around those

  constexpr HalvingTables() : third(), fourth(), before(), behind() {
    for (int i = 0; i < 8; i++) {
      third[i] = Levels::between(i % 4 * 4 + 1);
      fourth[i] = Levels::between(2 * i);
      before[i] = Levels::level(2 * i);
      behind[i] = Levels::level(2 * i + 1);
    }
  }
};

template <class Levels>
inline constexpr HalvingTables<Levels> kHalving;

struct Halved {
  __m256i pair;   // code / 2
  __m256 behind;  // is the code odd?
};

template <class Levels>
QN_HD Halved halve(__m256 a) {
  // Not below rather than above or equal: so is NaN.
  const auto next = [a](__m256 place, __m256& is_behind) { is_behind = _mm256_cmp_ps(a, place, _CMP_NLT_UQ); };
  const auto with = [](__m256i codes, __m256 is_behind) {
    return _mm256_sub_epi32(_mm256_add_epi32(codes, codes), _mm256_castps_si256(is_behind));
  };
  const auto at = [](const float(&table)[8], __m256i i) { return _mm256_permutevar8x32_ps(_mm256_load_ps(table), i); };
  __m256 is_behind;
  next(_mm256_set1_ps(Levels::between(7)), is_behind);
  const __m256 second =
      _mm256_blendv_ps(_mm256_set1_ps(Levels::between(3)), _mm256_set1_ps(Levels::between(11)), is_behind);
  __m256i codes = with(_mm256_setzero_si256(), is_behind);
  next(second, is_behind);
  codes = with(codes, is_behind);
  next(at(kHalving<Levels>.third, codes), is_behind);
  codes = with(codes, is_behind);
  next(at(kHalving<Levels>.fourth, codes), is_behind);
  return {codes, is_behind};
}

template <class Levels>
QN_HD Floats nearest_levels(Floats a) {
  const auto level = [](__m256 x) {
    const Halved found = halve<Levels>(x);
    return _mm256_blendv_ps(_mm256_permutevar8x32_ps(_mm256_load_ps(kHalving<Levels>.before), found.pair),
                            _mm256_permutevar8x32_ps(_mm256_load_ps(kHalving<Levels>.behind), found.pair),
                            found.behind);
  };
  return {level(a.low), level(a.high)};
}

template <class Levels>
QN_HD Ints nearest_codes(Floats a) {
  const auto code = [](__m256 x) {
    const Halved found = halve<Levels>(x);
    return _mm256_sub_epi32(_mm256_add_epi32(found.pair, found.pair), _mm256_castps_si256(found.behind));
  };
  return {code(a.low), code(a.high)};
}

}  // namespace qn::QN_TARGET
