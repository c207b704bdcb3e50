// SPDX-License-Identifier: MIT
//
// What the vector encoders have in common. Their bytes are those of encode(), the definition (formats/encode): each
// number, and each group of numbers in a lane of its own, sees the same float operations in the same order.
//
// Scales are most of the work of the simple formats. They are brought together, sixteen of them, for one division and
// one rounding, and each is spread over a vector from memory, as in blocks_of_32.h.
#pragma once

#include "common.h"
#include "encode_batch.h"

#define QN_VECTOR_ENCODERS 1  // this unit has vector encoders

namespace qn::QN_TARGET {

// The definition, for batches that a vector encoder leaves to it.
template <class Format, int kCount>
void encode_one_by_one(const Values& v, Format (&blocks)[kCount]) {
  for (int i = 0; i < kCount; i++) {
    const int at = i * Format::kValues;
    encode(Values{v.x + at, v.importance ? v.importance + at : nullptr, v.row_mean_square}, blocks[i]);
  }
}

// See inverse(float).
QN_HD Floats inverses(Floats values) { return select(equal(values, splat(0)), splat(0), div(splat(1), values)); }

// See round_away().
QN_HD Ints rounded_away(Floats values) { return truncated(add(values, signed_half(values))); }

// See round_even(): any number, and those that are small enough for the result to be what the name says.
QN_HD Ints rounded_even(Floats values) {
  const Ints low = and_ints(bits_of(add(values, splat(kRounder))), splat_int(kRoundedBits));
  return sub_ints(low, splat_int(kRoundedZero));
}
QN_HD Floats rounded_even_floats(Floats values) { return sub(add(values, splat(kRounder)), splat(kRounder)); }

// Sixteen scales as halves, in memory.
struct SixteenHalves {
  uint16_t bits[16];
  QN_HD explicit SixteenHalves(Floats values) { keep_halves(bits, values); }
  QN_HD Half operator[](int i) const { return {{static_cast<uint8_t>(bits[i]), static_cast<uint8_t>(bits[i] >> 8)}}; }
};

// ---- groups: kCount numbers each, sixteen groups that stand behind each other

// In lane i, what `combine` makes of all lanes of rows[i].
template <class Combine>
QN_HD Floats across(Floats (&rows)[16], const Combine& combine) {
  Ints columns[16];
  for (int i = 0; i < 16; i++)
    columns[i] = bits_of(rows[i]);
  transpose(columns);
  for (int i = 0; i < 16; i++)
    rows[i] = floats_of(columns[i]);
  for (int count = 8; count > 0; count /= 2)
    for (int i = 0; i < count; i++)
      rows[i] = combine(rows[i], rows[i + count]);
  return rows[0];
}

// The largest magnitude of each group; NaN is none.
template <int kCount>
QN_HD Floats peaks_of(const float* x) {
  Floats rows[16];
  for (int g = 0; g < 16; g++) {
    rows[g] = larger(magnitudes(load_floats(x + g * kCount)), splat(0));
    for (int i = 16; i < kCount; i += 16)
      rows[g] = larger(magnitudes(load_floats(x + g * kCount + i)), rows[g]);
  }
  return across(rows, larger);
}

// The largest magnitude of 256 numbers; NaN is none.
QN_HD float peak_of_256(const float* x) {
  Floats peaks[4] = {splat(0), splat(0), splat(0), splat(0)};
  for (int i = 0; i < 256; i += 64)
    for (int k = 0; k < 4; k++)
      peaks[k] = larger(magnitudes(load_floats(x + i + 16 * k)), peaks[k]);
  return largest(larger(larger(peaks[0], peaks[1]), larger(peaks[2], peaks[3])));
}

// The number of each group that has the largest magnitude first; 0 where that is 0.
template <int kCount>
QN_HD Floats first_peaks(const float* x, Floats peaks) {
  static_assert(kCount <= 32);
  const Sixteen magnitude(peaks);
  float first[16];
  for (int g = 0; g < 16; g++) {
    uint32_t has = 1u << 31;  // some place, where all are NaN
    for (int i = 0; i < kCount; i += 16)
      has |= bits(equal(magnitudes(load_floats(x + g * kCount + i)), splat(magnitude[g]))) << i;
    first[g] = x[g * kCount + __builtin_ctz(has) % kCount];
  }
  return select(equal(peaks, splat(0)), splat(0), load_floats(first));
}

// Of the bits of magnitudes. As floats, NaN is not below infinity either.
QN_HD bool all_finite(Ints magnitude_bits) {
  return bits(above(splat(__builtin_inff()), floats_of(magnitude_bits))) == 0xffff;
}

// Is a number of the batch infinite or NaN? The searches leave such batches to the definition, since the order in which
// NaNs meet matters.
template <int kCount>
QN_HD bool has_nonfinite(const float* x) {
  Ints largest_bits = splat_int(0);
  for (int i = 0; i < kCount; i += 16)
    largest_bits = max_ints(largest_bits, bits_of(magnitudes(load_floats(x + i))));
  return !all_finite(largest_bits);
}

// Number i of each group in columns[i].
template <int kCount>
QN_HD void by_columns(const float* x, Floats (&columns)[kCount]) {
  for (int first = 0; first < kCount; first += 16) {
    Ints square[16];
    for (int g = 0; g < 16; g++)
      square[g] = bits_of(load_floats(x + g * kCount + first));
    transpose(square);
    for (int i = 0; i < 16; i++)
      columns[first + i] = floats_of(square[i]);
  }
}

// See weigh().
template <int kCount>
QN_HD void weigh_columns(const Floats (&x)[kCount], const float* importance, Floats mean_squares,
                         Floats (&weights)[kCount]) {
  by_columns<kCount>(importance, weights);
  for (int i = 0; i < kCount; i++)
    weights[i] = mul(weights[i], square_roots(add(mean_squares, mul(x[i], x[i]))));
}

}  // namespace qn::QN_TARGET
