// SPDX-License-Identifier: MIT
//
// How kernels are started. A CUDA block decodes a tile of whole format blocks.
#pragma once

#include <stdint.h>

namespace qn::cuda {

struct Launch {
  uint32_t threads;       // of a CUDA block
  uint32_t tile;          // format blocks that a CUDA block decodes
  uint32_t shared_bytes;  // dynamic shared memory
};

constexpr Launch launch_of(uint32_t values_per_block) {
  return {256, values_per_block >= 2048 ? 1 : 2048 / values_per_block, 0};
}

}  // namespace qn::cuda
