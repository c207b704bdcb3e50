// SPDX-License-Identifier: MIT
//
// Q2_K to Q6_K: a thread fits a group, one thread of each block makes the block's scales of what its groups found, and
// then each thread encodes its group once more with them. All is done by the pieces of formats/encode/k_formats.h, in
// the order of operations of encode() there.
#pragma once

#include "encode_blocks.h"

namespace qn::QN_TARGET {

// What a group tells its block. The weight is the sum of those of its numbers, and only there with importance.
struct FittedGroup {
  float scale, min, weight;
};

// How much the numbers of a group matter, in registers.
template <int N>
struct GroupImportance {
  bool given;
  float of[N];
  float mean_square;  // of the block, times Groups<Block>::kMeanSquares
};

// How groups of a format are encoded:
//
//   kGroup                                     numbers of a group
//   kMeanSquares                               with importance, so many mean squares of the block are weighed with
//   fit(x, importance, codes)                  the group's first codes, and what it tells its block
//   store(groups, has_importance, block)       the scales; false: the block is all zero and done
//   encode_again(x, block, group, codes)       the codes for these scales
template <class Block>
struct Groups;

// With a scale and a min for each group.
template <class Block, int N, int kLimit, int kScaleLimit>
struct AffineFormat {
  static constexpr int kGroup = N;

  QN_DEVICE static FittedGroup fit(const float (&x)[N], const GroupImportance<N>& importance, uint8_t (&codes)[N]) {
    FittedGroup group{};
    float weights[N];
    Steps steps = kWeightedSteps;
    if (importance.given) {
      weigh<N>(x, importance.of, importance.mean_square, weights);
      group.weight = sum<N>(weights);
    } else {
      Groups<Block>::weigh_plainly(x, weights);
      steps = Groups<Block>::steps();
    }
    fit_affine<N, kLimit, 1>(x, weights, steps, codes, &group.scale, &group.min);
    return group;
  }

  QN_DEVICE static bool store(const FittedGroup* groups, bool has_importance, Block& block) {
    constexpr int kGroups = 256 / N;
    float scales[kGroups], mins[kGroups], weights[kGroups];
    QN_UNROLLED
    for (int g = 0; g < kGroups; g++) {
      scales[g] = groups[g].scale;
      mins[g] = groups[g].min;
      weights[g] = groups[g].weight;
    }
    AffineGroups<kGroups> all;
    if (has_importance) {
      all.template fit<kScaleLimit>(scales, mins, weights);
    } else {
      all.template divide<kScaleLimit>(scales, mins);
    }
    Groups<Block>::store_codes(all, has_importance, block);
    return true;
  }

  QN_DEVICE static void encode_again(const float (&x)[N], const Block& block, int group, uint8_t* codes) {
    const GroupScale found = scale_of(block, group);
    QN_TARGET::encode_again<N, 0, kLimit, 0>(x, found.scale, found.offset, codes);
  }
};

template <>
struct Groups<Q2_K> : AffineFormat<Q2_K, 16, 3, 15> {
  static constexpr int kMeanSquares = 1;

  QN_DEVICE static Steps steps() { return kStepsQ2_K; }
  QN_DEVICE static void weigh_plainly(const float (&x)[16], float (&weights)[16]) {
    for (int i = 0; i < 16; i++)
      weights[i] = magnitude(x[i]);
  }
  QN_DEVICE static void store_codes(const AffineGroups<16>& groups, bool, Q2_K& block) { store_scales(groups, block); }
};

template <class Block, int kLimit>
struct GroupsOf32 : AffineFormat<Block, 32, kLimit, 63> {
  static constexpr int kMeanSquares = 2;

  QN_DEVICE static void weigh_plainly(const float (&x)[32], float (&weights)[32]) {
    const float average = square_root(sum_of_squares<32>(x) / 32);
    for (int i = 0; i < 32; i++)
      weights[i] = average + magnitude(x[i]);
  }
  QN_DEVICE static void store_codes(AffineGroups<8>& groups, bool has_importance, Block& block) {
    store_scales<kLimit>(groups, has_importance, block);
  }
};

template <>
struct Groups<Q4_K> : GroupsOf32<Q4_K, 15> {
  QN_DEVICE static Steps steps() { return kStepsQ4_K; }
};
template <>
struct Groups<Q5_K> : GroupsOf32<Q5_K, 31> {
  QN_DEVICE static Steps steps() { return kStepsQ5_K; }
};

template <>
struct Groups<Q3_K> {
  static constexpr int kGroup = 16, kMeanSquares = 2;

  QN_DEVICE static FittedGroup fit(const float (&x)[16], const GroupImportance<16>& importance, uint8_t (&codes)[16]) {
    if (!importance.given) return {fit_symmetric_by_codes<16, 4>(x, codes), 0, 0};
    float weights[16];
    weigh<16>(x, importance.of, importance.mean_square, weights);
    return {fit_symmetric<16, 4>(x, weights, codes), 0, sum<16>(weights)};
  }

  QN_DEVICE static bool store(const FittedGroup* groups, bool has_importance, Q3_K& block) {
    float scales[16], weights[16];
    QN_UNROLLED
    for (int g = 0; g < 16; g++) {
      scales[g] = groups[g].scale;
      weights[g] = groups[g].weight;
    }
    if (!has_importance) {
      store_scales(scales, block);
      return true;
    }
    uint8_t codes[16];
    block.d = half(fit_symmetric<16, 32>(scales, weights, codes));
    block.pack_scales(codes);
    return true;
  }

  QN_DEVICE static void encode_again(const float (&x)[16], const Q3_K& block, int group, uint8_t* codes) {
    QN_TARGET::encode_again<16, -4, 3, 4>(x, scale_of(block, group).scale, 0, codes);
  }
};

template <>
struct Groups<Q6_K> {
  static constexpr int kGroup = 16, kMeanSquares = 0;

  QN_DEVICE static FittedGroup fit(const float (&x)[16], const GroupImportance<16>& importance, uint8_t (&codes)[16]) {
    float weights[16];
    for (int i = 0; i < 16; i++)
      weights[i] = importance.given ? importance.of[i] : x[i] * x[i];
    return {fit_symmetric<16, 32>(x, weights, codes), 0, 0};
  }

  QN_DEVICE static bool store(const FittedGroup* groups, bool, Q6_K& block) {
    float scales[16];
    QN_UNROLLED
    for (int g = 0; g < 16; g++)
      scales[g] = groups[g].scale;
    return store_scales(scales, block);
  }

  QN_DEVICE static void encode_again(const float (&x)[16], const Q6_K& block, int group, uint8_t* codes) {
    QN_TARGET::encode_again<16, -32, 31, 32>(x, scale_of(block, group).scale, 0, codes);
  }
};

// What the groups of a tile leave for each other in shared memory.
template <int kGroups>
struct GroupWork {
  struct Codes {
    uint8_t of[256];
    uint32_t are_used;  // else the block is all zero; and so threads of two blocks ask different banks
  };
  FittedGroup groups[cuda::kEncodeTileValues / 256 * kGroups];
  Codes codes[cuda::kEncodeTileValues / 256];

  QN_DEVICE uint8_t* codes_of(uint32_t group) { return codes[group / kGroups].of + group % kGroups * (256 / kGroups); }
};

template <class Block>
struct GroupEncoder {
  static constexpr uint32_t kUnit = Groups<Block>::kGroup, kGroups = 256 / kUnit;
  using Tile = EncodeTile<Block, kUnit>;
  using Work = GroupWork<kGroups>;
  static constexpr uint32_t kWorkBytes = sizeof(Work);

  QN_DEVICE static void encode_tile(const Tile& tile, uint8_t* memory) {
    Work& work = *reinterpret_cast<Work*>(memory);
    QN_ROLLED
    for (uint32_t i = thread_index(); i < tile.count * kGroups; i += cuda::kEncodeThreads)
      fit(tile, i, work);
    barrier();
    const uint32_t block = thread_index();
    if (block < tile.count)
      work.codes[block].are_used =
          Groups<Block>::store(work.groups + block * kGroups, tile.task.importance, tile.blocks[block]);
    barrier();
    QN_ROLLED
    for (uint32_t i = thread_index(); i < tile.count * kGroups; i += cuda::kEncodeThreads) {
      float x[kUnit];
      read(tile, i, x);
      Groups<Block>::encode_again(x, tile.blocks[i / kGroups], static_cast<int>(i % kGroups), work.codes_of(i));
    }
    barrier();
    if (block < tile.count && work.codes[block].are_used) pack_codes(work.codes[block].of, tile.blocks[block]);
  }

 private:
  QN_DEVICE static void read(const Tile& tile, uint32_t group, float (&x)[kUnit]) {
    const float* const from = tile.numbers.unit(group);
    QN_UNROLLED
    for (uint32_t i = 0; i < kUnit; i++)
      x[i] = from[i];
  }

  QN_DEVICE static void fit(const Tile& tile, uint32_t group, Work& work) {
    float x[kUnit];
    read(tile, group, x);
    GroupImportance<kUnit> importance{tile.task.importance != nullptr, {}, 0};
    if (importance.given) {
      const float* const from = tile.importance_of(group / kGroups) + group % kGroups * kUnit;
      QN_UNROLLED
      for (uint32_t i = 0; i < kUnit; i++)
        importance.of[i] = from[i];
      importance.mean_square = mean_square(tile, group / kGroups);
    }
    uint8_t codes[kUnit];
    work.groups[group] = Groups<Block>::fit(x, importance, codes);
    QN_UNROLLED
    for (uint32_t i = 0; i < kUnit; i++)
      work.codes_of(group)[i] = codes[i];
  }

  // Of the numbers of a block, added up in their order.
  QN_DEVICE static float mean_square(const Tile& tile, uint32_t block) {
    float sum = 0;
    QN_ROLLED
    for (uint32_t group = 0; Groups<Block>::kMeanSquares && group < kGroups; group++) {
      const float* const x = tile.numbers.unit(block * kGroups + group);
      QN_UNROLLED
      for (uint32_t i = 0; i < kUnit; i++)
        sum += x[i] * x[i];
    }
    return Groups<Block>::kMeanSquares * sum / 256;
  }
};

template <>
struct TileEncoder<Q2_K> : GroupEncoder<Q2_K> {};
template <>
struct TileEncoder<Q3_K> : GroupEncoder<Q3_K> {};
template <>
struct TileEncoder<Q4_K> : GroupEncoder<Q4_K> {};
template <>
struct TileEncoder<Q5_K> : GroupEncoder<Q5_K> {};
template <>
struct TileEncoder<Q6_K> : GroupEncoder<Q6_K> {};

}  // namespace qn::QN_TARGET
