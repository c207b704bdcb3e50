// SPDX-License-Identifier: MIT
//
// Encoders of IQ1_S and IQ1_M. The numbers of a group, in ascending order, are cut into three parts, which become -1, 0
// and 1, each with the offset; all cuts and signs of the offset are tried, and the scale follows. Then the runs are
// brought to entries of the code book.
// Source: ggml, ggml-quants.c (quantize_row_iq1_s_impl, quantize_row_iq1_m_impl).
#pragma once

#include "../iq1_m.h"
#include "../iq1_s.h"
#include "fit.h"
#include "iq_search.h"

namespace qn::QN_TARGET {

template <>
inline constexpr bool kNeedsImportance<IQ1_S> = true;

// What the three levels stand for, with the offset added and subtracted.
inline constexpr float kTernary[2][3] = {{-0.875f, 0.125f, 1.125f}, {-1.125f, -0.125f, 0.875f}};

// Groups in ascending order, one in each lane. Of equal numbers the first comes first, as glibc's
// qsort has it; the C standard leaves that open.
template <int N, int kLanes>
struct SortedGroups {
  using Floats = typename Lanes<kLanes>::Floats;
  using Ints = typename Lanes<kLanes>::Ints;

  Floats x[N], weights[N];
  uint8_t order[kLanes][N] = {};  // the places, in the group, of the numbers

  SortedGroups(const float* numbers, const float* group_weights) {
    Floats unsorted[N];
    Ints ranks[N] = {};
    for (int i = 0; i < N; i++)
      for (int g = 0; g < kLanes; g++)
        unsorted[i][g] = numbers[g * N + i];
    for (int i = 0; i < N; i++) {
      for (int j = i + 1; j < N; j++) {
        const Ints before = unsorted[j] < unsorted[i];  // -1 where it is
        ranks[i] -= before;
        ranks[j] += before + 1;
      }
    }
    for (int g = 0; g < kLanes; g++)
      for (int i = 0; i < N; i++)
        order[g][ranks[i][g]] = static_cast<uint8_t>(i);
    for (int j = 0; j < N; j++) {
      for (int g = 0; g < kLanes; g++) {
        x[j][g] = numbers[g * N + order[g][j]];
        weights[j][g] = group_weights[g * N + order[g][j]];
      }
    }
  }
};

// The best cut of each group so far: the first `low` numbers become -1, those from `high` on 1.
template <int kLanes>
struct BestCuts {
  using Floats = typename Lanes<kLanes>::Floats;
  using Ints = typename Lanes<kLanes>::Ints;

  Floats scale = {}, score = Floats{} - 0x1.fffffep127f;
  Ints low = Ints{} - 1, high = {}, signs = {};

  void offer(const Floats& xl, const Floats& l2, int cut_low, int cut_high, int cut_signs) {
    const Ints better = (l2 > Floats{}) & (xl * xl > score * l2);
    const Floats new_scale = xl / l2;
    scale = better ? new_scale : scale;
    score = better ? new_scale * xl : score;
    low = better ? Ints{} + cut_low : low;
    high = better ? Ints{} + cut_high : high;
    signs = better ? Ints{} + cut_signs : signs;
  }
};

// IQ1_S: one sign of the offset for a group, 0: plus, 1: minus. Parts are differences of sums over all before them.
template <int kLanes>
void cut_groups(const SortedGroups<32, kLanes>& sorted, BestCuts<kLanes>& best) {
  using Floats = typename Lanes<kLanes>::Floats;
  Floats sums_x[33] = {}, sums_w[33] = {};
  for (int j = 0; j < 32; j++) {
    sums_x[j + 1] = sums_x[j] + sorted.weights[j] * sorted.x[j];
    sums_w[j + 1] = sums_w[j] + sorted.weights[j];
  }
  for (int low = 0; low <= 32; low++) {
    for (int high = low; high <= 32; high++) {
      for (int signs = 0; signs < 2; signs++) {
        const float* const q = kTernary[signs];
        const Floats xl = sums_x[low] * q[0] + (sums_x[high] - sums_x[low]) * q[1] + (sums_x[32] - sums_x[high]) * q[2];
        const Floats l2 = sums_w[low] * q[0] * q[0] + (sums_w[high] - sums_w[low]) * q[1] * q[1] +
                          (sums_w[32] - sums_w[high]) * q[2] * q[2];
        best.offer(xl, l2, low, high, signs);
      }
    }
  }
}

// IQ1_M: signs of the offset for both runs of a group, the first in bit 1 and the second in bit 0. Sums begin anew for
// each cut, and go through the three parts one after the other; their beginnings are shared.
template <int kLanes>
void cut_groups(const SortedGroups<16, kLanes>& sorted, BestCuts<kLanes>& best) {
  using Floats = typename Lanes<kLanes>::Floats;
  using Ints = typename Lanes<kLanes>::Ints;
  struct Sums {
    Floats xl[4] = {}, l2[4] = {};

    void add(const Sums& other) {
      for (int signs = 0; signs < 4; signs++) {
        xl[signs] += other.xl[signs];
        l2[signs] += other.l2[signs];
      }
    }
  };
  Sums terms[3][16];  // of each number in each part
  for (int j = 0; j < 16; j++) {
    Ints in_second;
    for (int g = 0; g < kLanes; g++)
      in_second[g] = -(sorted.order[g][j] >= 8);
    for (int part = 0; part < 3; part++) {
      for (int signs = 0; signs < 4; signs++) {
        const Floats first = Floats{} + kTernary[signs >> 1][part], second = Floats{} + kTernary[signs & 1][part];
        const Floats q = in_second ? second : first;
        terms[part][j].xl[signs] = sorted.weights[j] * q * sorted.x[j];
        terms[part][j].l2[signs] = sorted.weights[j] * q * q;
      }
    }
  }
  Sums before_low;
  for (int low = 0; low <= 16; low++) {
    Sums before_high = before_low;
    for (int high = low; high <= 16; high++) {
      Sums sums = before_high;
      for (int j = high; j < 16; j++)
        sums.add(terms[2][j]);
      for (int signs = 0; signs < 4; signs++)
        best.offer(sums.xl[signs], sums.l2[signs], low, high, signs);
      if (high < 16) before_high.add(terms[1][high]);
    }
    if (low < 16) before_low.add(terms[0][low]);
  }
}

// The groups of a block, fitted. What has nothing in it keeps zeros.
template <int N>
struct TernaryGroups {
  static constexpr int kGroups = 256 / N, kRuns = N / 8;

  float weights[256];
  float scales[kGroups] = {};
  uint8_t signs[kGroups] = {};  // of the offsets, as they are cut
  uint32_t entries[32] = {};
  float largest = 0;

  // Groups whose largest magnitude is below `nothing` are taken as zeros.
  TernaryGroups(const Values& v, float nothing) {
    const float mean_square = 2 * sum_of_squares<256>(v.x) / 256;
    for (int i = 0; i < 256; i++)
      weights[i] = v.x[i] * v.x[i];
    if (v.importance) weigh<256>(v.x, v.importance, mean_square, weights);
    // As many groups side by side as make one vector.
    constexpr int kLanes = kGroups < kCodeLanes ? kGroups : kCodeLanes;
    for (int first = 0; first < kGroups; first += kLanes) {
      const SortedGroups<N, kLanes> sorted(v.x + N * first, weights + N * first);
      BestCuts<kLanes> cuts;
      cut_groups(sorted, cuts);
      for (int lane = 0; lane < kLanes; lane++) {
        const int g = first + lane;
        if (peak_of<N>(v.x + N * g).magnitude < nothing || cuts.low[lane] < 0) continue;
        uint8_t levels[N] = {};  // with NaNs, some have no place in the order
        for (int j = 0; j < N; j++)
          levels[sorted.order[lane][j]] = static_cast<uint8_t>((j >= cuts.low[lane]) + (j >= cuts.high[lane]));
        fit_group(v, g, cuts.scale[lane], static_cast<uint8_t>(cuts.signs[lane]), levels);
      }
    }
  }

  // The sign of the offset of run r of the block; 1: minus.
  uint32_t sign(int r) const { return signs[r / kRuns] >> (kSigns == 1 ? 0 : 1 - r % 2) & 1u; }

  // Adds the numbers of run r and what the entry that it became stands for, times `factor`, to sums.
  void add_run(const Values& v, int r, float factor, CodeSums& sums) const {
    for (int k = 0; k < 8; k++) {
      const float value = kTernary[sign(r)][BookIQ1::level(static_cast<int>(entries[r]), k)] * factor;
      const float weighted = weights[8 * r + k] * value;
      sums.xl += weighted * v.x[8 * r + k];
      sums.l2 += weighted * value;
    }
  }

 private:
  static constexpr int kSigns = N == 32 ? 1 : 2;

  void fit_group(const Values& v, int group, float scale, uint8_t group_signs, uint8_t (&levels)[N]) {
    if (scale < 0) {
      for (uint8_t& level : levels)
        level = static_cast<uint8_t>(2 - level);
      scale = -scale;
      group_signs ^= (1 << kSigns) - 1;
    }
    scales[group] = scale;
    signs[group] = group_signs;
    round_to_book(v, levels, group);
    largest = largest > scales[group] ? largest : scales[group];
  }

  void round_to_book(const Values& v, const uint8_t (&levels)[N], int group) {
    const CodeBook<BookIQ1>& book = CodeBook<BookIQ1>::get();
    bool in_book = true;
    for (int r = group * kRuns; r < (group + 1) * kRuns; r++) {
      uint32_t code = 0;
      for (int k = 0; k < 8; k++)
        code |= static_cast<uint32_t>(levels[(8 * r + k) % N]) << 2 * k;
      if (!book.has(code)) {
        in_book = false;
        LevelValues<BookIQ1> values = {};
        for (int l = 0; l < 3; l++)
          values.at[l] = scales[group] * kTernary[sign(r)][l];
        code = nearest(book.near(code), Run<BookIQ1>{v.x + 8 * r, weights + 8 * r}, values);
      }
      entries[r] = book.entry(code);
    }
    if (in_book) return;
    CodeSums sums;
    for (int r = group * kRuns; r < (group + 1) * kRuns; r++)
      add_run(v, r, 1, sums);
    if (sums.xl > 0 && sums.l2 > 0) scales[group] = sums.xl / sums.l2;
  }
};

QN_HD void encode(const Values& v, IQ1_S& block) {
  const TernaryGroups<32> groups(v, 1e-12f);
  memset(&block, 0, sizeof block);
  const float scale = groups.largest / 15, inverse_scale = 1 / scale;
  if (groups.largest != 0) block.d = half(scale * 1.125f);
  for (int g = 0; g < 8; g++) {
    uint32_t bits = 0;
    for (int r = 0; r < 4; r++) {
      const uint32_t entry = groups.entries[4 * g + r];
      block.indices[4 * g + r] = static_cast<uint8_t>(entry);
      bits |= entry >> 8 << 3 * r;
    }
    if (groups.largest != 0)
      bits |= static_cast<uint32_t>(odd_scale_code<7>(inverse_scale, groups.scales[g])) << 12 | groups.signs[g] << 15;
    block.qh[g] = le16(bits);
  }
}

QN_HD void encode(const Values& v, IQ1_M& block) {
  const TernaryGroups<16> groups(v, 1e-7f);
  memset(&block, 0, sizeof block);
  for (int r = 0; r < 32; r++) {
    block.indices[r] = static_cast<uint8_t>(groups.entries[r]);
    block.qh[r / 2] = static_cast<uint8_t>(block.qh[r / 2] | groups.entries[r] >> 8 << 4 * (r % 2));
  }
  if (groups.largest == 0) return;
  float scale = groups.largest / 15;
  const float inverse_scale = 1 / scale;
  uint32_t words[4] = {};
  CodeSums sums;
  for (int g = 0; g < 16; g++) {
    const int code = odd_scale_code<7>(inverse_scale, groups.scales[g]);
    words[g / 4] |= static_cast<uint32_t>(code) << 3 * (g % 4);
    for (int r = 2 * g; r < 2 * g + 2; r++) {
      block.qh[g] = static_cast<uint8_t>(block.qh[g] | groups.sign(r) << (4 * (r % 2) + 3));
      groups.add_run(v, r, static_cast<float>(2 * code + 1), sums);
    }
  }
  if (sums.l2 > 0) scale = sums.xl / sums.l2;
  const uint32_t bits = Half::from_float(scale * 1.1125f);
  for (int w = 0; w < 4; w++)
    block.scales[w] = le16(words[w] | (bits >> 4 * w & 15) << 12);
}

}  // namespace qn::QN_TARGET
