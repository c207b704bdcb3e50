// SPDX-License-Identifier: MIT
//
// What a kernel for packed matrices is told, and how its grid covers the work. A kernel is
//
//   extern "C" __global__ void GPTQ_f16(MatrixTask task)
//
// Each thread decodes a tile of 8 rows and 8 columns, so that words, scales and zero points are read once for many
// weights. The tiles of a warp stand side by side where neighbours in the codes are neighbours in the results; where
// they are not, four are along a line of the results and eight across: then both whole sectors of codes are read and
// whole sectors of results written, without shared memory.
#pragma once

#include "../formats/matrix.h"
#include "launch.h"

namespace qn::QN_TARGET {

inline constexpr uint64_t kTileSide = 8;

struct MatrixTask {
  Matrix matrix;  // its arrays are on the GPU
  uint8_t* destination;
  uint64_t first, lines;       // of the result: rows or columns
  uint64_t element, elements;  // of each line; the first is a multiple of kTileSide
  uint32_t transposed;         // lines of the result are not those in which the codes stand
};

struct MatrixGrid {
  uint32_t lanes_along;                // of a warp, along a line
  uint64_t first_line, first_element;  // in tiles
  uint64_t warps_along, warps;

  QN_HD explicit MatrixGrid(const MatrixTask& task)
      : lanes_along(task.transposed ? 4 : 32),
        first_line(task.first / kTileSide),
        first_element(task.element / kTileSide) {
    const uint32_t lanes_across = 32 / lanes_along;
    warps_along = (tiles(task.element, task.elements) + lanes_along - 1) / lanes_along;
    warps = warps_along * ((tiles(task.first, task.lines) + lanes_across - 1) / lanes_across);
  }

  QN_HD uint64_t blocks() const { return (warps + cuda::kThreads / 32 - 1) / (cuda::kThreads / 32); }

 private:
  // Tiles that a range touches.
  QN_HD static uint64_t tiles(uint64_t first, uint64_t count) {
    return (first % kTileSide + count + kTileSide - 1) / kTileSide;
  }
};

}  // namespace qn::QN_TARGET
