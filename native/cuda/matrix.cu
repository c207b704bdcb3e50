// SPDX-License-Identifier: MIT
//
// The kernels for packed matrices: one entry for each layout and type of result. See matrix_task.h.
//
// Compiled once for each layout, with its name as QN_CUDA_LAYOUT; without it, all kernels come from the one file.
#ifndef QN_TARGET
#define QN_TARGET gpu
#endif

#include "matrix_task.h"
#include "matrix_tiles.h"
#include "result.h"

namespace qn::QN_TARGET {

// Eight results of a line, or its last ones.
template <class Out>
QN_DEVICE void store_run(uint8_t* to, uint32_t count, const float (&w)[8]) {
  const Rounded<Out> run = round_run<Out>(w);
  if (count < 8 || !is_aligned(to, 16)) return store_singly(to, count, run);
  store16(to, {{run.word[0], run.word[1], run.word[2], run.word[3]}});
  if constexpr (kSame<Out, F32>) store16(to + 16, {{run.word[4], run.word[5], run.word[6], run.word[7]}});
}

// The tile at a line and an element of the results, both multiples of 8, as far as it is part of the work.
template <class Layout, class Out, bool kByRows>
QN_DEVICE void decode_matrix_tile(const MatrixTask& task, uint64_t line, uint64_t element) {
  const Matrix& m = task.matrix;
  const uint64_t end = task.first + task.lines, left = task.element + task.elements - element;
  const uint64_t stride = task.elements * sizeof(Out);
  const uint64_t row = kByRows ? line : element, column = kByRows ? element : line;
  if constexpr (MatrixTile<Layout>::kExists) {
    if (line >= task.first && line + 8 <= end && left >= 8 && MatrixTile<Layout>::fits(m, column)) {
      const MatrixTile<Layout> tile(m, row, column);
      uint8_t* to = task.destination + (line - task.first) * stride + (element - task.element) * sizeof(Out);
      QN_UNROLLED
      for (uint32_t i = 0; i < 8; i++, to += stride) {
        float w[8];
        QN_UNROLLED
        for (uint32_t k = 0; k < 8; k++)
          w[k] = kByRows ? tile.at(i, k) : tile.at(k, i);
        store_run<Out>(to, 8, w);
      }
      return;
    }
  }
  const uint64_t last = line + 8 < end ? line + 8 : end;
  QN_ROLLED
  for (uint64_t at = line < task.first ? task.first : line; at < last; at++) {
    // One text of at() for all eight, since some are long: each weight pushes the others on.
    float w[8] = {};
    QN_ROLLED
    for (uint32_t k = 0; k < 8; k++) {
      QN_UNROLLED
      for (uint32_t i = 0; i < 7; i++)
        w[i] = w[i + 1];
      // What is past the end is the last one once more.
      const uint64_t place = element + (k < left ? k : left - 1);
      w[7] = kByRows ? Layout::at(m, at, place) : Layout::at(m, place, at);
    }
    store_run<Out>(task.destination + (at - task.first) * stride + (element - task.element) * sizeof(Out),
                   left < 8 ? static_cast<uint32_t>(left) : 8, w);
  }
}

template <class Layout, class Out>
QN_DEVICE void dequantize_matrix(const MatrixTask& task) {
  const MatrixGrid grid(task);
  const uint32_t lane = thread_index() % 32;
  const uint64_t warp = uint64_t{block_index()} * (cuda::kThreads / 32) + thread_index() / 32;
  const uint64_t warp_across = quotient(warp, grid.warps_along), warp_along = warp - warp_across * grid.warps_along;
  const uint64_t across = warp_across * (32 / grid.lanes_along) + lane / grid.lanes_along,
                 along = warp_along * grid.lanes_along + lane % grid.lanes_along;
  const uint64_t line = (grid.first_line + across) * kTileSide, element = (grid.first_element + along) * kTileSide;
  if (line >= task.first + task.lines || element >= task.element + task.elements) return;
  if ((Layout::kLines == Lines::kRows) != (task.transposed != 0))
    decode_matrix_tile<Layout, Out, true>(task, line, element);
  else
    decode_matrix_tile<Layout, Out, false>(task, line, element);
}

}  // namespace qn::QN_TARGET

#define QN_ENTRY(layout, out, type)                               \
  QN_KERNEL(qn::cuda::kThreads)                                   \
  layout##_##type(const qn::QN_TARGET::MatrixTask task) {         \
    namespace target = qn::QN_TARGET;                             \
    target::dequantize_matrix<target::layout, target::out>(task); \
  }
#define QN_ENTRIES(layout, number) \
  QN_ENTRY(layout, F32, f32)       \
  QN_ENTRY(layout, F16, f16)       \
  QN_ENTRY(layout, BF16, bf16)

#ifdef QN_CUDA_LAYOUT
#define QN_ENTRIES_OF(layout) QN_ENTRIES(layout, )
QN_ENTRIES_OF(QN_CUDA_LAYOUT)
#else
QN_MATRICES(QN_ENTRIES)
#endif
