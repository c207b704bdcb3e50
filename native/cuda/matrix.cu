// SPDX-License-Identifier: MIT
//
// The kernels for packed matrices: one entry for each layout and type of result. See matrix_task.h.
//
// Layouts that may have lists of groups have a second set, for matrices with one: see matrix_tiles_indexed.h.
// Compiled once for each layout, with its name as QN_CUDA_LAYOUT, and QN_CUDA_INDEXED for those with two sets; without
// them, all kernels come from the one file.
#ifndef QN_TARGET
#define QN_TARGET gpu
#endif

#include "matrix_task.h"
#include "matrix_tiles_columns.h"
#include "matrix_tiles_indexed.h"
#include "matrix_tiles_rows.h"
#include "result.h"

namespace qn::QN_TARGET {

// Where a tile's results go, and how they are stored.
struct TileResults {
  uint8_t* first;   // of the first line
  uint64_t stride;  // bytes from a line to the next
  bool in_pairs;    // the neighbouring lane has the next eight results of each line, or those before
};

// Eight results of line `i` of a tile, at a multiple of 16. Two stores of a run of float32 would leave gaps of 16 bytes
// for each other; lanes in pairs swap halves, so that each store of a pair is without one.
template <class Out>
QN_DEVICE void store_line(const TileResults& results, uint32_t i, const Rounded<Out>& run) {
  uint8_t* const to = results.first + i * results.stride;
  if constexpr (!kSame<Out, F32>) {
    store16(to, {{run.word[0], run.word[1], run.word[2], run.word[3]}});
  } else if (results.in_pairs) {
    const bool odd = thread_index() % 2;
    Words4 first, second;
    QN_UNROLLED
    for (uint32_t k = 0; k < 4; k++) {
      const uint32_t low = run.word[k], high = run.word[4 + k];
      const uint32_t other = neighbour(odd ? low : high);
      first.word[k] = odd ? other : low;
      second.word[k] = odd ? high : other;
    }
    store16(odd ? to - 16 : to, first);
    store16(odd ? to + 16 : to + 32, second);
  } else {
    store16(to, {{run.word[0], run.word[1], run.word[2], run.word[3]}});
    store16(to + 16, {{run.word[4], run.word[5], run.word[6], run.word[7]}});
  }
}

// A tile of which each column has a group of its own, by halves that are loops, so that registers are used again. Lines
// along the rows wait for their last column: rounded, which takes half of the registers, and only four of them.
template <class Layout, class Out, class Scale, bool kByRows>
QN_DEVICE void decode_indexed_tile(const Matrix& m, uint64_t row, uint64_t column, const TileResults& results) {
  QN_ROLLED
  for (uint32_t half = 0; half < 8; half += 4) {
    if constexpr (kByRows) {
      // Wide scales and wide results take their registers from reads that are under way together.
      constexpr uint32_t kAtOnce = sizeof(Scale) == 4 || sizeof(Out) == 4 ? 4 : 8;
      Rounded<Out> lines[4];
      QN_UNROLLED
      for (uint32_t part = 0; part < 8; part += kAtOnce) {
        const IndexedPart<Layout, Scale, 4, kAtOnce> columns(m, row + half, column + part);
        QN_UNROLLED
        for (uint32_t k = 0; k < kAtOnce; k += 2) {
          float first[4], second[4];
          columns.weights(k, first);
          columns.weights(k + 1, second);
          QN_UNROLLED
          for (uint32_t i = 0; i < 4; i++)
            set_pair(lines[i], part + k, first[i], second[i]);
        }
      }
      QN_UNROLLED
      for (uint32_t i = 0; i < 4; i++)
        store_line<Out>(results, half + i, lines[i]);
    } else {
      const IndexedPart<Layout, Scale, 8, 4> part(m, row, column + half);
      QN_UNROLLED
      for (uint32_t k = 0; k < 4; k++) {
        float w[8];
        part.weights(k, w);
        store_line<Out>(results, half + k, round_run<Out>(w));
      }
    }
  }
}

template <class Layout, class Out, bool kByRows>
QN_DEVICE void decode_tile(const Matrix& m, uint64_t row, uint64_t column, const TileResults& results) {
  const MatrixTile<Layout> tile(m, row, column);
  QN_UNROLLED
  for (uint32_t i = 0; i < 8; i++) {
    float w[8];
    QN_UNROLLED
    for (uint32_t k = 0; k < 8; k++)
      w[k] = kByRows ? tile.at(i, k) : tile.at(k, i);
    store_line<Out>(results, i, round_run<Out>(w));
  }
}

// What is no whole tile, or cannot be read as one, by the layout's at(). One text of it for all weights and both
// orders, since some are long: each weight pushes the others on.
template <class Layout, class Out>
QN_DEVICE void decode_singly(const MatrixTask& task, bool by_rows, uint64_t line, uint64_t element) {
  const uint64_t end = task.first + task.lines, last = line + 8 < end ? line + 8 : end;
  const uint64_t left = task.element + task.elements - element;
  QN_ROLLED
  for (uint64_t at = line < task.first ? task.first : line; at < last; at++) {
    float w[8] = {};
    QN_ROLLED
    for (uint32_t k = 0; k < 8; k++) {
      QN_UNROLLED
      for (uint32_t i = 0; i < 7; i++)
        w[i] = w[i + 1];
      // What is past the end is the last one once more.
      const uint64_t place = element + (k < left ? k : left - 1);
      w[7] = Layout::at(task.matrix, by_rows ? at : place, by_rows ? place : at);
    }
    const uint64_t before = (at - task.first) * task.elements + element - task.element;
    store_singly(task.destination + before * sizeof(Out), left < 8 ? static_cast<uint32_t>(left) : 8,
                 round_run<Out>(w));
  }
}

// Whether tiles at a column can be read as such.
template <class Layout, bool kIndexed>
QN_DEVICE bool fits(const Matrix& m, uint64_t column) {
  if constexpr (kIndexed)
    return fits_indexed<Layout>(m);
  else
    return MatrixTile<Layout>::fits(m, column);
}

// The tile at a line and an element of the results, both multiples of 8, if it is whole and can be read as one. All
// threads of a warp call together.
template <class Layout, class Out, bool kIndexed, bool kByRows>
QN_DEVICE bool decode_whole(const MatrixTask& task, uint64_t line, uint64_t element) {
  const Matrix& m = task.matrix;
  const uint64_t row = kByRows ? line : element, column = kByRows ? element : line;
  const uint64_t stride = task.elements * sizeof(Out);
  const bool whole = line >= task.first && line + 8 <= task.first + task.lines &&
                     element + 8 <= task.element + task.elements && is_aligned(task.destination, 16) &&
                     stride % 16 == 0 && fits<Layout, kIndexed>(m, column);
  TileResults results;
  results.first = task.destination + (line - task.first) * stride + (element - task.element) * sizeof(Out);
  results.stride = stride;
  results.in_pairs = kSame<Out, F32> && all_lanes(whole);
  if (!whole) return false;
  if constexpr (!kIndexed)
    decode_tile<Layout, Out, kByRows>(m, row, column, results);
  else if (m.scale_bytes == 4)
    decode_indexed_tile<Layout, Out, F32, kByRows>(m, row, column, results);
  else if (m.bfloat_scales)
    decode_indexed_tile<Layout, Out, BF16, kByRows>(m, row, column, results);
  else
    decode_indexed_tile<Layout, Out, F16, kByRows>(m, row, column, results);
  return true;
}

template <class Layout, class Out, bool kIndexed>
QN_DEVICE void dequantize_matrix(const MatrixTask& task) {
  const MatrixGrid grid(task);
  const uint32_t lane = thread_index() % 32;
  const uint64_t warp = uint64_t{block_index()} * (cuda::kThreads / 32) + thread_index() / 32;
  const uint64_t warp_across = quotient(warp, grid.warps_along), warp_along = warp - warp_across * grid.warps_along;
  const uint64_t across = warp_across * (32 / grid.lanes_along) + lane / grid.lanes_along,
                 along = warp_along * grid.lanes_along + lane % grid.lanes_along;
  const uint64_t line = (grid.first_line + across) * kTileSide, element = (grid.first_element + along) * kTileSide;
  const bool by_rows = (Layout::kLines == Lines::kRows) != (task.transposed != 0);
  const bool done = by_rows ? decode_whole<Layout, Out, kIndexed, true>(task, line, element)
                            : decode_whole<Layout, Out, kIndexed, false>(task, line, element);
  if (!done && line < task.first + task.lines && element < task.element + task.elements)
    decode_singly<Layout, Out>(task, by_rows, line, element);
}

// See QN_KERNEL. Results of 16 bits alone: those of 32 need more registers. AWQ_GEMV_FAST gained a tenth by it on an
// H200.
template <class Layout, class Out>
constexpr uint32_t least_blocks(bool indexed) {
  if (sizeof(Out) == 4) return 0;
  return indexed ? 3 : kSame<Layout, AWQ_GEMV_FAST> ? 4 : 0;
}

}  // namespace qn::QN_TARGET

#define QN_ENTRY(entry, layout, out, indexed)                                                                    \
  QN_KERNEL(qn::cuda::kThreads, qn::QN_TARGET::least_blocks<qn::QN_TARGET::layout, qn::QN_TARGET::out>(indexed)) \
  entry(const qn::QN_TARGET::MatrixTask task) {                                                                  \
    namespace target = qn::QN_TARGET;                                                                            \
    target::dequantize_matrix<target::layout, target::out, indexed>(task);                                       \
  }
#define QN_ENTRIES(layout, number)           \
  QN_ENTRY(layout##_f32, layout, F32, false) \
  QN_ENTRY(layout##_f16, layout, F16, false) \
  QN_ENTRY(layout##_bf16, layout, BF16, false)
#define QN_INDEXED_ENTRIES(layout, number)          \
  QN_ENTRY(layout##_indexed_f32, layout, F32, true) \
  QN_ENTRY(layout##_indexed_f16, layout, F16, true) \
  QN_ENTRY(layout##_indexed_bf16, layout, BF16, true)

#ifdef QN_CUDA_LAYOUT
#define QN_ENTRIES_OF(entries, layout) entries(layout, )
QN_ENTRIES_OF(QN_ENTRIES, QN_CUDA_LAYOUT)
#ifdef QN_CUDA_INDEXED
QN_ENTRIES_OF(QN_INDEXED_ENTRIES, QN_CUDA_LAYOUT)
#endif
#else
QN_MATRICES(QN_ENTRIES)
QN_INDEXED_MATRICES(QN_INDEXED_ENTRIES)
#endif
