// SPDX-License-Identifier: MIT
//
// The walk over a region of a packed matrix, and the table. Included last by each unit that is compiled for an
// instruction set.
//
// Layouts with tiles (see kernels/matrices.h) are decoded by vectors. Everything else, and what is left at the edges,
// goes through the layout's at().

#include "../formats/matrices.h"
#include "matrix_kernels.h"
#include "output.h"

namespace qn::QN_TARGET {

template <class Layout>
inline float weight_at(const Matrix& m, uint64_t line, uint64_t element) {
  return Layout::kLines == Lines::kRows ? Layout::at(m, line, element) : Layout::at(m, element, line);
}

// One weight after the other.
template <class Layout, bool kTransposed, class Out>
void decode_singly(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  for (uint64_t i = 0; i < region.lines; i++)
    for (uint64_t j = 0; j < region.elements; j++)
      out.put(kTransposed ? j * stride + i : i * stride + j, weight_at<Layout>(m, region.line + i, region.element + j));
}

#ifdef QN_STREAMS
// Is there a tile, or a row, for codes of these bits?
template <class Layout, int kBits>
inline constexpr bool kHasTile = requires(const Matrix& m) { Tile<Layout, kBits>::group(m, 0, 0); };
template <class Layout, int kBits>
inline constexpr bool kHasRow = requires(const Matrix& m) { Row<Layout, kBits>::fits(m, false); };

template <class Layout, int kBits = 1>
constexpr uint32_t tuned_bits() {
  if constexpr (kBits > 8) {
    return 0;
  } else {
    constexpr bool kHas = kHasTile<Layout, kBits> || kHasRow<Layout, kBits>;
    return uint32_t{kHas} << kBits | tuned_bits<Layout, kBits + 1>();
  }
}

// By vectors, if there are any for the matrix. Lines are a multiple of 32, or any number where rows are not transposed;
// elements are one of 16, or of 32 where they are not transposed.
template <class Layout, bool kTransposed, class Out>
bool decode_by_vectors(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  bool done = false;
  unroll<1, 9>([&](auto bits) {
    if (m.bits != static_cast<uint32_t>(bits)) return;
    if constexpr (kHasTile<Layout, bits>) {
      if constexpr (kTransposed) {
        decode_transposed<Layout, bits>(m, region, out, stride);
      } else {
        decode_lines<Layout, bits>(m, region, out, stride);
      }
      done = true;
    } else if constexpr (kHasRow<Layout, bits>) {
      done = Row<Layout, bits>::fits(m, kTransposed);
      if (!done) return;
      if constexpr (kTransposed) {
        decode_transposed_rows<Layout, bits>(m, region, out, stride);
      } else {
        decode_rows<Layout, bits>(m, region, out, stride);
      }
    }
  });
  return done;
}

// The whole multiples of `unit` within [first, first + count).
struct Whole {
  uint64_t before, count, after;  // up to the first, within them, beyond the last
  Whole(uint64_t first, uint64_t total, uint64_t unit) {
    const uint64_t gap = -first % unit;
    before = gap < total ? gap : total;
    after = (total - before) % unit;
    count = total - before - after;
  }
};

template <class Layout, bool kTransposed, class Out>
void decode_region(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  const Whole lines(region.line, region.lines, kTransposed || Layout::kLines == Lines::kColumns ? kTileLines : 1);
  const Whole elements(region.element, region.elements, kTransposed ? 16 : 32);
  const auto part = [&](uint64_t line, uint64_t count, uint64_t element, uint64_t elements_of_part, auto decode) {
    const MatrixRegion sub{region.line + line, count, region.element + element, elements_of_part};
    decode(sub, out.at(kTransposed ? element * stride + line : line * stride + element));
  };
  const auto singly = [&](const MatrixRegion& sub, Out to) { decode_singly<Layout, kTransposed>(m, sub, to, stride); };
  bool by_vectors = false;
  part(lines.before, lines.count, elements.before, elements.count, [&](const MatrixRegion& sub, Out to) {
    by_vectors = decode_by_vectors<Layout, kTransposed>(m, sub, to, stride);
  });
  if (!by_vectors) return singly(region, out);
  part(0, lines.before, 0, region.elements, singly);
  part(lines.before, lines.count, 0, elements.before, singly);
  part(lines.before, lines.count, elements.before + elements.count, elements.after, singly);
  part(lines.before + lines.count, lines.after, 0, region.elements, singly);
}
#else
template <class Layout>
constexpr uint32_t tuned_bits() {
  return 0;
}

template <class Layout, bool kTransposed, class Out>
void decode_region(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  decode_singly<Layout, kTransposed>(m, region, out, stride);
}
#endif

template <class Layout, bool kTransposed, class Out>
void matrix_kernel(const void* matrix, const MatrixRegion& region, uint8_t* to, size_t stride) {
  decode_region<Layout, kTransposed>(*static_cast<const Matrix*>(matrix), region, Out{to}, stride);
#ifdef QN_STREAMS
  if constexpr (Out::kStreamed) _mm_sfence();
#endif
}

template <class Layout, bool kTransposed, class T>
constexpr MatrixKernel streamed_matrix_kernel() {
#ifdef QN_STREAMS
  return matrix_kernel<Layout, kTransposed, Output<T, true>>;
#else
  return nullptr;
#endif
}

extern const MatrixKernelRow kMatrices[] = {
#define QN_ROW(layout, number)                                                                   \
  {{{matrix_kernel<layout, false, Output<F32>>, matrix_kernel<layout, false, Output<F16>>,       \
     matrix_kernel<layout, false, Output<BF16>>},                                                \
    {matrix_kernel<layout, true, Output<F32>>, matrix_kernel<layout, true, Output<F16>>,         \
     matrix_kernel<layout, true, Output<BF16>>}},                                                \
   {{streamed_matrix_kernel<layout, false, F32>(), streamed_matrix_kernel<layout, false, F16>(), \
     streamed_matrix_kernel<layout, false, BF16>()},                                             \
    {streamed_matrix_kernel<layout, true, F32>(), streamed_matrix_kernel<layout, true, F16>(),   \
     streamed_matrix_kernel<layout, true, BF16>()}},                                             \
   {QN_STRING(QN_TARGET) "/" #layout "/f32", QN_STRING(QN_TARGET) "/" #layout "/f16",            \
    QN_STRING(QN_TARGET) "/" #layout "/bf16"},                                                   \
   tuned_bits<layout>()},
    QN_MATRICES(QN_ROW)
#undef QN_ROW
};

}  // namespace qn::QN_TARGET
