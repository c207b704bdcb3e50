// SPDX-License-Identifier: MIT
//
// Packed matrices with act-order and AVX-512: neighbouring lines belong to any of the groups. Where lines become
// columns, words are transposed as in bands (see matrices.h), and a permutation looks up the scale and the zero point
// of an element in sixteen lines at once. A row of results is written 128 lines at a time so, where tiles write 32.
#pragma once

#include "matrices.h"

namespace qn::QN_TARGET {

// A scale and a zero point in one: the lower 13 bits of scales of 16 bits are 0 as floats.
inline constexpr uint32_t kZeroBits = (1 << 13) - 1;

// What each group has for one element: 16 kVectors groups.
template <int kVectors>
struct GroupTable {
  Ints of[kVectors];

  // Of the group in each lane.
  QN_HD Group at(Ints places) const {
    const Ints both = look_up<0, kVectors>(places);
    return {floats_of(_mm512_andnot_si512(splat_int(kZeroBits), both)),
            floats_of(and_or(both, splat_int(kZeroBits), splat_int(kTwoTo23)))};
  }

 private:
  // Permutations look at the lower five bits of a place, blends at bits 31 and 30: see Places.
  template <int kFirst, int kCount>
  QN_HD Ints look_up(Ints places) const {
    if constexpr (kCount == 2) {
      return _mm512_permutex2var_epi32(of[kFirst], places, of[kFirst + 1]);
    } else {
      constexpr int kBelowTop = kCount == 8 ? 1 : 0;
      const __mmask16 upper = _mm512_movepi32_mask(shift_ints_left<kBelowTop>(places));
      return _mm512_mask_blend_epi32(upper, look_up<kFirst, kCount / 2>(places),
                                     look_up<kFirst + kCount / 2, kCount / 2>(places));
    }
  }
};

// Where the groups of lines stand in a GroupTable. Bits 5 and 6 are repeated as bits 31 and 30.
class Places {
 public:
  explicit Places(const LineGroups& groups) {
    for (uint64_t i = 0; i < groups.lines(); i++) {
      const auto place = static_cast<uint32_t>(groups.place_of_line(i));
      of_[i] = place | (place & 32) << 26 | (place & 64) << 24;
    }
  }

  QN_HD Ints from(uint64_t line) const { return load_ints(of_ + line); }

 private:
  alignas(64) uint32_t of_[LineGroups::kMostLines];
};

// The tables of sixteen elements.
template <class T, int kVectors>
void make_group_tables(const Matrix& m, const LineGroups& groups, uint64_t element, GroupTable<kVectors> (&to)[16]) {
  for (int v = 0; v < kVectors; v++) {
    Ints both[16] = {};
    for (uint64_t g = 0; g < 16 && 16 * v + g < groups.count(); g++) {
      const Group group = T::group(m, element, groups[16 * v + g]);
      both[g] = or_ints(bits_of(group.scale), and_ints(bits_of(group.zero), splat_int(kZeroBits)));
    }
    transpose(both);
    for (int k = 0; k < 16; k++)
      to[k].of[v] = both[k];
  }
}

template <class T, int kBits, int kVectors, class Out>
void transpose_by_group_tables(const Matrix& m, const MatrixRegion& region, const LineGroups& groups, Out out,
                               size_t stride) {
  const Places places(groups);
  for (uint64_t s = 0; s < region.elements; s += 16) {
    GroupTable<kVectors> tables[16];
    make_group_tables<T>(m, groups, region.element + s, tables);
    for (uint64_t i = 0; i < region.lines; i += kBandLines) {
      const uint8_t* const tile = T::at(m, region.line + i, region.element + s);
      fetch_beside<kBits>(m, tile);
      const Strings<kBits> strings(m, tile);
      for (int k = 0; k < 16; k++) {
        const GroupTable<kVectors> table = tables[k];
        const Out to = out.at((s + static_cast<uint64_t>(k)) * stride + i);
        for (uint64_t set = 0; set < kSets; set++) {
          const uint8_t* const codes = strings.set(k, set);
          const uint64_t line = i + kTileLines * set;
          store(to, 32 * set, weights<kBits>(spread<Dense<kBits>>(codes), table.at(places.from(line))),
                weights<kBits>(spread<Dense<kBits>>(codes + 2 * kBits), table.at(places.from(line + 16))));
        }
      }
    }
  }
}

// See matrices.h. For up to 128 groups whose scales have 16 bits; whole bands of lines are done.
template <class T, int kBits, class Out>
  requires(T::kBytes == 64)
uint64_t transpose_any_groups(const Matrix& m, const MatrixRegion& region, const LineGroups& groups, Out out,
                              size_t stride) {
  if (groups.one_in_tile() || groups.count() > 128 || m.scale_bytes != 2) return 0;
  MatrixRegion part = region;
  part.lines = groups.lines() / kBandLines * kBandLines;
  if (groups.count() <= 32)
    transpose_by_group_tables<T, kBits, 2>(m, part, groups, out, stride);
  else if (groups.count() <= 64)
    transpose_by_group_tables<T, kBits, 4>(m, part, groups, out, stride);
  else
    transpose_by_group_tables<T, kBits, 8>(m, part, groups, out, stride);
  return part.lines;
}

}  // namespace qn::QN_TARGET
