// SPDX-License-Identifier: MIT
//
// What a kernel that encodes is told, and how its grid covers the work. A kernel is
//
//   extern "C" __global__ void quantize_Q4_K(EncodeTask task)
//
// A CUDA block encodes a tile of format blocks or, where the encoder weighs with the whole row, a row, tile by tile.
#pragma once

#include <stdint.h>

#include "../formats/common.h"

namespace qn::cuda {

// A tile of any format has as many numbers: as floats they take 16 KiB of shared memory, so that eight CUDA blocks fit
// on a multiprocessor. Each thread encodes 32 of them, or the groups of a K format.
constexpr uint32_t kEncodeThreads = 128, kEncodeTileValues = 4096;

}  // namespace qn::cuda

namespace qn::QN_TARGET {

struct EncodeTask {
  const uint8_t* source;      // numbers, at any address
  uint8_t* destination;       // blocks, at any address
  const float* importance;    // of each column, or nullptr
  uint64_t* first_nonfinite;  // gets the place of a number that is not finite if that is lower; nullptr: all are taken
  uint64_t first;             // the place of the first block among those of all rows
  uint64_t blocks;            // whole rows if `by_rows` is set
  uint64_t blocks_per_row;
  uint32_t input;    // 0, 1, 2: the numbers are f32, f16, bf16
  uint32_t by_rows;  // weigh with the mean square of the row
};

// CUDA blocks for a task.
QN_HD uint64_t encode_grid(const EncodeTask& task, uint32_t values_per_block) {
  const uint64_t tile = task.by_rows ? task.blocks_per_row : cuda::kEncodeTileValues / values_per_block;
  return (task.blocks + tile - 1) / tile;
}

}  // namespace qn::QN_TARGET
