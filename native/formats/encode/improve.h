// SPDX-License-Identifier: MIT
//
// A longer search for the formats Q2_K to Q6_K (QN_QUANTIZE_BEST): starts at the block that encode() made, and goes
// from there to scales with a lower error, the sum of squares, weighted by importance. First each group tries the codes
// around those of its scale and min, with the nearest codes for its numbers; then the scales of the block follow from
// all codes by least squares; and so on. A step is taken only if the error gets lower, so no block gets worse.
#pragma once

#include "k_formats.h"

namespace qn::QN_TARGET {

// The scales of a block, taken apart: numbers are d * scales[g] * code - dmin * mins[g].
template <int kGroups>
struct GroupCodes {
  Half d, dmin;
  int scales[kGroups], mins[kGroups];
};

QN_HD void take_apart(const Q2_K& block, GroupCodes<16>& groups) {
  groups.d = block.d;
  groups.dmin = block.dmin;
  for (int g = 0; g < 16; g++) {
    groups.scales[g] = block.scales[g] & 15;
    groups.mins[g] = block.scales[g] >> 4;
  }
}
QN_HD void put_together(const GroupCodes<16>& groups, Q2_K& block) {
  block.d = groups.d;
  block.dmin = groups.dmin;
  for (int g = 0; g < 16; g++)
    block.scales[g] = static_cast<uint8_t>(groups.scales[g] | groups.mins[g] << 4);
}

QN_HD void take_apart(const Q3_K& block, GroupCodes<16>& groups) {
  groups.d = block.d;
  groups.dmin = half(0);
  for (int g = 0; g < 16; g++) {
    groups.scales[g] = block.scale(g);
    groups.mins[g] = 0;
  }
}
QN_HD void put_together(const GroupCodes<16>& groups, Q3_K& block) {
  uint8_t scales[16];
  for (int g = 0; g < 16; g++)
    scales[g] = static_cast<uint8_t>(groups.scales[g] - CodeLimits<Q3_K>::kLowScale);
  block.d = groups.d;
  block.pack_scales(scales);
}

template <class Block>
QN_HD void take_apart(const Block& block, GroupCodes<8>& groups) {
  groups.d = block.d;
  groups.dmin = block.dmin;
  for (int g = 0; g < 8; g++) {
    groups.scales[g] = block.scales.scale(g);
    groups.mins[g] = block.scales.min(g);
  }
}
template <class Block>
QN_HD void put_together(const GroupCodes<8>& groups, Block& block) {
  uint8_t scales[8], mins[8];
  for (int g = 0; g < 8; g++) {
    scales[g] = static_cast<uint8_t>(groups.scales[g]);
    mins[g] = static_cast<uint8_t>(groups.mins[g]);
  }
  block.d = groups.d;
  block.dmin = groups.dmin;
  block.scales.pack(scales, mins);
}

QN_HD void take_apart(const Q6_K& block, GroupCodes<16>& groups) {
  groups.d = block.d;
  groups.dmin = half(0);
  for (int g = 0; g < 16; g++) {
    groups.scales[g] = block.scales[g];
    groups.mins[g] = 0;
  }
}
QN_HD void put_together(const GroupCodes<16>& groups, Q6_K& block) {
  block.d = groups.d;
  for (int g = 0; g < 16; g++)
    block.scales[g] = static_cast<int8_t>(groups.scales[g]);
}

// Sixteen sums side by side, in the same order on every instruction set.
struct SixteenSums {
  float partial[16] = {};

  QN_HD float total() const {
    float sum = 0;
    for (int j = 0; j < 16; j++)
      sum += partial[j];
    return sum;
  }
};

template <class Format>
struct Improver {
  using Limits = CodeLimits<Format>;
  static constexpr int N = Format::kGroup, kGroups = 256 / N;
  using Groups = GroupCodes<kGroups>;

  const float* x;
  float weights[256];

  QN_HD static GroupScale scale_in(const Groups& groups, int scale, int min) {
    return {groups.d.to_float() * static_cast<float>(scale), groups.dmin.to_float() * static_cast<float>(min)};
  }

  // The nearest codes for the numbers of a group, as floats.
  QN_HD void encode_group(int g, GroupScale found, float (&codes)[N]) const {
    const float inverse_scale = inverse(found.scale);
    for (int i = 0; i < N; i++) {
      const int code = round_even((x[N * g + i] + found.offset) * inverse_scale);
      codes[i] = static_cast<float>(clamp(code, Limits::kLow, Limits::kHigh));
    }
  }

  QN_HD float error_of(int g, GroupScale found) const {
    float codes[N];
    encode_group(g, found, codes);
    SixteenSums sums;
    for (int i = 0; i < N; i += 16) {
      for (int j = 0; j < 16; j++) {
        const float difference = found.scale * codes[i + j] - found.offset - x[N * g + i + j];
        sums.partial[j] += weights[N * g + i + j] * difference * difference;
      }
    }
    return sums.total();
  }

  QN_HD float error_of(const Groups& groups) const {
    float error = 0;
    for (int g = 0; g < kGroups; g++)
      error += error_of(g, scale_in(groups, groups.scales[g], groups.mins[g]));
    return error;
  }

  QN_HD float error_of(const Format& block) const {
    SixteenSums sums;
    for (int first = 0; first < 256; first += 16) {
      float decoded[16];
      block.template decode<16>(first, decoded);
      for (int j = 0; j < 16; j++) {
        const float difference = decoded[j] - x[first + j];
        sums.partial[j] += weights[first + j] * difference * difference;
      }
    }
    return sums.total();
  }

  // The best codes of each group for the scales of the block, among those that are at most kReach away.
  QN_HD void search_groups(Groups& groups) const {
    constexpr int kReach = 2, kReachOfMins = Limits::kHighMin ? kReach : 0;
    for (int g = 0; g < kGroups; g++) {
      const int scale = groups.scales[g], min = groups.mins[g];
      float best = error_of(g, scale_in(groups, scale, min));
      for (int s = scale - kReach; s <= scale + kReach; s++) {
        for (int m = min - kReachOfMins; m <= min + kReachOfMins; m++) {
          if (s < Limits::kLowScale || s > Limits::kHighScale || m < 0 || m > Limits::kHighMin) continue;
          const float error = error_of(g, scale_in(groups, s, m));
          if (!(error < best)) continue;
          best = error;
          groups.scales[g] = s;
          groups.mins[g] = m;
        }
      }
    }
  }

  // The scales of the block that have the least error for the codes as they are.
  QN_HD void fit_block(Groups& groups) const {
    double ss = 0, sm = 0, mm = 0, sx = 0, mx = 0;  // s: scale * code, m: min
    for (int g = 0; g < kGroups; g++) {
      float codes[N];
      encode_group(g, scale_in(groups, groups.scales[g], groups.mins[g]), codes);
      for (int i = 0; i < N; i++) {
        const double w = weights[N * g + i], number = x[N * g + i];
        const double s = groups.scales[g] * static_cast<double>(codes[i]), m = groups.mins[g];
        ss += w * s * s;
        sm += w * s * m;
        mm += w * m * m;
        sx += w * s * number;
        mx += w * m * number;
      }
    }
    const double determinant = ss * mm - sm * sm;
    if (determinant > 0) {
      const double d = (sx * mm - mx * sm) / determinant, dmin = (sx * sm - mx * ss) / determinant;
      if (!(dmin >= 0)) return;
      groups.d = half(static_cast<float>(d));
      groups.dmin = half(static_cast<float>(dmin));
    } else if (mm == 0 && ss > 0) {
      groups.d = half(static_cast<float>(sx / ss));
    }
  }

  QN_HD void store(const Groups& groups, Format& block) const {
    uint8_t codes[256];
    for (int g = 0; g < kGroups; g++) {
      float found[N];
      encode_group(g, scale_in(groups, groups.scales[g], groups.mins[g]), found);
      for (int i = 0; i < N; i++)
        codes[N * g + i] = static_cast<uint8_t>(static_cast<int>(found[i]) - Limits::kLow);
    }
    put_together(groups, block);
    pack_codes(codes, block);
  }

  QN_HD void improve(Format& block) const {
    constexpr int kRounds = 8;
    Groups groups;
    take_apart(block, groups);
    search_groups(groups);
    float best = error_of(groups);
    for (int round = 0; round < kRounds; round++) {
      Groups tried = groups;
      fit_block(tried);
      search_groups(tried);
      const float error = error_of(tried);
      if (!(error < best)) break;
      best = error;
      groups = tried;
    }
    Format found;
    store(groups, found);
    if (error_of(found) < error_of(block)) block = found;
  }
};

// Brings a block of these numbers nearer to them.
template <class Format>
QN_HD void improve(const Values& v, Format& block) {
  Improver<Format> improver;
  improver.x = v.x;
  for (int i = 0; i < 256; i++)
    improver.weights[i] = v.importance ? v.importance[i] : 1;
  improver.improve(block);
}

}  // namespace qn::QN_TARGET
