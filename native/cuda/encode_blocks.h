// SPDX-License-Identifier: MIT
//
// What the threads of a CUDA block do with a tile of numbers in shared memory: each encodes whole blocks of a format,
// by the format's encode().
#pragma once

#include "encode_stage.h"
#include "encoders.h"

namespace qn::QN_TARGET {

// A tile in the making. Block places are counted from the tile's first.
template <class Block, uint32_t kUnit>
struct EncodeTile {
  const EncodeTask& task;
  Numbers<kUnit> numbers;
  Block* blocks;   // in shared memory
  uint64_t first;  // the place of the tile's first block among those of all rows
  uint32_t count;
  float row_mean_square;

  // Where there is importance.
  QN_DEVICE const float* importance_of(uint32_t block) const {
    return task.importance + (first + block) % task.blocks_per_row * Block::kValues;
  }
};

template <class Block>
struct TileEncoder {
  // A thread encodes so many numbers at a time: one block, or a run of plain numbers.
  static constexpr uint32_t kUnit = Block::kValues < 32 ? 32 : Block::kValues;
  static constexpr uint32_t kWorkBytes = 0;  // of shared memory, besides numbers and blocks

  QN_DEVICE static void encode_tile(const EncodeTile<Block, kUnit>& tile, uint8_t*) {
    constexpr uint32_t kTogether = kUnit / Block::kValues;
    QN_ROLLED
    for (uint32_t unit = thread_index(); unit * kTogether < tile.count; unit += cuda::kEncodeThreads) {
      QN_ROLLED
      for (uint32_t i = 0; i < kTogether && unit * kTogether + i < tile.count; i++) {
        const uint32_t block = unit * kTogether + i;
        const float* const x = tile.numbers.unit(unit) + i * Block::kValues;
        if (tile.task.importance) {
          encode(Values{x, tile.importance_of(block), tile.row_mean_square}, tile.blocks[block]);
        } else {
          encode(Values{x, nullptr, 0}, tile.blocks[block]);
        }
      }
    }
  }
};

}  // namespace qn::QN_TARGET
