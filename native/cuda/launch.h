// SPDX-License-Identifier: MIT
//
// How kernels are started; the kernels, the driver layer and the tests all read it here. A kernel is
//
//   extern "C" __global__ void Q4_K_f16(const uint8_t* source, void* destination, uint64_t blocks)
//
// with a one-dimensional grid of ceil(blocks / tile) CUDA blocks, each of which decodes a tile of `tile` format blocks.
// All shared memory is static. `source` and `destination` may have any alignment; kernels are fastest when both are
// multiples of
// 16. More format blocks than a grid can have tiles are several launches, one behind the other; so are the rows of a
// list.
#pragma once

#include <stdint.h>

#include "../formats/common.h"

namespace qn::cuda {

struct Launch {
  uint32_t threads;       // of a CUDA block
  uint32_t tile;          // format blocks that a CUDA block decodes
  uint32_t shared_bytes;  // dynamic shared memory
};

constexpr uint32_t kThreads = 256;
// Thirty-two weights for each thread, so that what is done once for a tile (addresses, code books, the barrier) costs
// little of each. A tile of any format is a multiple of 16 bytes, and eight CUDA blocks on a multiprocessor have enough
// reads under way to hide the memory's latency. Plain numbers, with up to 8 bytes each and little work, need half.
constexpr uint32_t kTileWeights = 8192, kPlainTileWeights = 4096;

QN_HD constexpr Launch launch_of(uint32_t values_per_block) {
  return {kThreads, values_per_block == 1 ? kPlainTileWeights : kTileWeights / values_per_block, 0};
}

}  // namespace qn::cuda
