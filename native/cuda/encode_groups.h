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
  float mean_square;  // see weighing_mean_square()
};

// How the groups of a format are fitted:
//
//   fit(x, importance, codes)   the group's first codes, and what it tells its block
template <class Block>
struct Groups;

// With a scale and a min for each group.
template <class Block>
struct AffineGroupsOf {
  static constexpr int N = Block::kGroup;

  QN_DEVICE static FittedGroup fit(const float (&x)[N], const GroupImportance<N>& importance, uint8_t (&codes)[N]) {
    FittedGroup group{};
    float weights[N];
    Steps steps = kWeightedSteps;
    if (importance.given) {
      weigh<N>(x, importance.of, importance.mean_square, weights);
      group.weight = sum<N>(weights);
    } else {
      weigh_plainly<Block>(x, weights);
      steps = plain_steps<Block>();
    }
    fit_affine<N, CodeLimits<Block>::kHigh, 1>(x, weights, steps, codes, &group.scale, &group.min);
    return group;
  }
};

template <>
struct Groups<Q2_K> : AffineGroupsOf<Q2_K> {};
template <>
struct Groups<Q4_K> : AffineGroupsOf<Q4_K> {};
template <>
struct Groups<Q5_K> : AffineGroupsOf<Q5_K> {};

template <>
struct Groups<Q3_K> {
  QN_DEVICE static FittedGroup fit(const float (&x)[16], const GroupImportance<16>& importance, uint8_t (&codes)[16]) {
    constexpr int kLimit = -CodeLimits<Q3_K>::kLow;
    if (!importance.given) return {fit_symmetric_by_codes<16, kLimit>(x, codes), 0, 0};
    float weights[16];
    weigh<16>(x, importance.of, importance.mean_square, weights);
    return {fit_symmetric<16, kLimit>(x, weights, codes), 0, sum<16>(weights)};
  }
};

template <>
struct Groups<Q6_K> {
  QN_DEVICE static FittedGroup fit(const float (&x)[16], const GroupImportance<16>& importance, uint8_t (&codes)[16]) {
    float weights[16];
    for (int i = 0; i < 16; i++)
      weights[i] = importance.given ? importance.of[i] : x[i] * x[i];
    return {fit_symmetric<16, -CodeLimits<Q6_K>::kLow>(x, weights, codes), 0, 0};
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
  static constexpr uint32_t kUnit = Block::kGroup, kGroups = 256 / kUnit;
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
      work.codes[block].are_used = store(work.groups + block * kGroups, tile.task.importance, tile.blocks[block]);
    barrier();
    QN_ROLLED
    for (uint32_t i = thread_index(); i < tile.count * kGroups; i += cuda::kEncodeThreads) {
      float x[kUnit];
      read(tile, i, x);
      encode_again(x, tile.blocks[i / kGroups], static_cast<int>(i % kGroups), work.codes_of(i));
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

  // The scales of a block; false: it is all zero and done.
  QN_DEVICE static bool store(const FittedGroup* groups, bool has_importance, Block& block) {
    GroupFits<Block> fits;
    QN_UNROLLED
    for (uint32_t g = 0; g < kGroups; g++) {
      fits.scales[g] = groups[g].scale;
      fits.mins[g] = groups[g].min;
      fits.weights[g] = groups[g].weight;
    }
    return store_fits(fits, has_importance, block);
  }

  // Of the numbers of a block, added up in their order.
  QN_DEVICE static float mean_square(const Tile& tile, uint32_t block) {
    float sum = 0;
    QN_ROLLED
    for (uint32_t group = 0; kMeanSquares<Block> && group < kGroups; group++) {
      const float* const x = tile.numbers.unit(block * kGroups + group);
      QN_UNROLLED
      for (uint32_t i = 0; i < kUnit; i++)
        sum += x[i] * x[i];
    }
    return weighing_mean_square<Block>(sum);
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
