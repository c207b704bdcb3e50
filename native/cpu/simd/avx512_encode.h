// SPDX-License-Identifier: MIT
//
// The words of the vector vocabulary that encoders need besides those of avx512.h. avx2_encode.h says the same.
#pragma once

#include "../../formats/encode/common.h"
#include "avx512.h"
#include "packing.h"

namespace qn::QN_TARGET {

QN_HD Floats load_floats(const float* from) { return _mm512_loadu_ps(from); }

QN_HD Floats magnitudes(Floats a) { return _mm512_abs_ps(a); }
QN_HD Floats square_roots(Floats a) { return _mm512_sqrt_ps(a); }

// a > b ? a : b and a < b ? a : b, so b where one is NaN.
QN_HD Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
QN_HD Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }

// The largest of all lanes.
QN_HD float largest(Floats a) { return _mm512_reduce_max_ps(a); }

// What is so in each lane; bits() has lane i at bit i. See also select().
using Mask = __mmask16;
QN_HD Mask above(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
QN_HD Mask at_least(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
QN_HD Mask equal(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
QN_HD Mask both(Mask a, Mask b) { return a & b; }
QN_HD Mask either(Mask a, Mask b) { return a | b; }
QN_HD uint32_t bits(Mask a) { return a; }

// count + 1 where a > limit, else count.
QN_HD Ints count_above(Ints count, Floats a, Floats limit) {
  return _mm512_mask_add_epi32(count, above(a, limit), count, _mm512_set1_epi32(1));
}

// The float before 1/2, with the sign of a.
QN_HD Floats signed_half(Floats a) {
  // Bits of a where the sign is, of the second elsewhere.
  return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), _mm512_castps_si512(a),
                                                       _mm512_set1_epi32(0x3effffff), 0xca));
}

// As truncate() of formats/encode/common.h has it.
QN_HD Ints truncated(Floats a) { return _mm512_cvttps_epi32(a); }

// The smaller and the larger one (signed).
QN_HD Ints least(Ints a, Ints b) { return _mm512_min_epi32(a, b); }
QN_HD Ints greatest(Ints a, Ints b) { return _mm512_max_epi32(a, b); }

// The lowest eight bits of each.
QN_HD Bytes low_bytes(Ints a) { return _mm512_cvtepi32_epi8(a); }

// Sixteen halves, rounded to nearest even.
QN_HD void keep_halves(uint16_t* to, Floats from) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtps_ph(from, kToNearest));
}

// ---- the nearest of sixteen uneven levels
//
// Numbers of tens differ in the level that is nearest at one place at most, halfway between two levels. A number's
// tens select that place, and what lies before and behind it, from tables.

template <class Levels>
struct TensTables {
  alignas(64) float place[32];  // infinite where the tens have none
  alignas(64) float before[32], behind[32];
  alignas(64) int32_t code[32];  // before it

  constexpr TensTables() : place(), before(), behind(), code() {
    for (int tens = -16; tens < 16; tens++) {
      int below = 0;  // places before these tens
      while (below < 15 && Levels::between(below) < 10.f * tens - 5)
        below++;
      const bool has = below < 15 && Levels::between(below) < 10.f * tens + 5;
      const int at = tens & 31;
      place[at] = has ? Levels::between(below) : __builtin_inff();
      before[at] = Levels::level(below);
      behind[at] = Levels::level(has ? below + 1 : below);
      code[at] = below;
    }
  }
};

template <class Levels>
inline constexpr TensTables<Levels> kTens;

// In the lowest five bits, for magnitudes below 150.
QN_HD Ints tens_of(Floats a) {
  return _mm512_castps_si512(_mm512_fmadd_ps(a, _mm512_set1_ps(0.1f), _mm512_set1_ps(kRounder)));
}

QN_HD Floats look_up(const float (&table)[32], Ints place) {
  return _mm512_permutex2var_ps(_mm512_load_ps(table), place, _mm512_load_ps(table + 16));
}

// The nearest levels themselves, for numbers whose magnitude is below 150.
template <class Levels>
QN_HD Floats nearest_levels(Floats a) {
  const Ints tens = tens_of(a);
  const Mask behind = at_least(a, look_up(kTens<Levels>.place, tens));
  return select(behind, look_up(kTens<Levels>.behind, tens), look_up(kTens<Levels>.before, tens));
}

// Their codes, for any number; that of NaN is 15.
template <class Levels>
QN_HD Ints nearest_codes(Floats a) {
  const Floats inside = larger(smaller(a, splat(127)), splat(-127));
  const Ints tens = tens_of(inside);
  const int32_t(&code)[32] = kTens<Levels>.code;
  const Ints before = _mm512_permutex2var_epi32(_mm512_load_si512(code), tens, _mm512_load_si512(code + 16));
  return _mm512_mask_add_epi32(before, at_least(inside, look_up(kTens<Levels>.place, tens)), before,
                               _mm512_set1_epi32(1));
}

}  // namespace qn::QN_TARGET
