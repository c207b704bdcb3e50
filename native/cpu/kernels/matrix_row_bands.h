// SPDX-License-Identifier: MIT
//
// Packed matrices whose lines are rows, transposed. The codes of sixteen rows are transposed as words, before they are
// decoded: a vector holds the same few codes of each row then, and a shift brings those of one column forward. A band
// of rows is worked on together, so that a row of results is written some cache lines at a time.
//
//   template <int kBits> struct Band<Layout, kBits> {
//     explicit Band(const Matrix& m);
//     using Packing = Dense<kBits>;                      // of 32 codes
//     const uint8_t* string(uint64_t row) const;         // where the codes of a row stand
//     uint64_t width() const;                            // groups that the arrays have for a row, or more than it has
//     Group group(uint64_t row, uint64_t group) const;   // in all lanes
//     Group groups(uint64_t row, uint64_t first) const;  // sixteen; `first` is a multiple of 8, or width - 16
//     Floats weights(Ints codes, const Group&) const;    // only the lowest bits of codes count
//   };
#pragma once

#include "matrix_rows.h"

namespace qn::QN_TARGET {

template <class Layout, int kBits>
struct Band;

// ---- layouts

QN_HD Group group_of(float scale, int zero) {
  return {splat_scale(scale), zero_points(splat_int(static_cast<uint32_t>(zero)))};
}

template <>
struct Band<AWQ_GEMV, 4> {
  using Packing = Dense<4>;
  const Matrix& m;

  explicit Band(const Matrix& matrix) : m(matrix) {}

  const uint8_t* string(uint64_t row) const { return m.codes + row * (m.columns / 2); }
  uint64_t width() const { return 8 * AWQ_GEMV::zero_words(m.groups, m.group); }

  Group group(uint64_t row, uint64_t g) const {
    return group_of(AWQ_GEMV::scale(m, row, g), AWQ_GEMV::zero(m, row, g));
  }

  Group groups(uint64_t row, uint64_t first) const {
    const uint64_t place = row * width() + first;
    return {scales_at(m, place), zero_points(m.zeros ? dense_codes<4>(m.zeros + place / 2) : splat_int(8))};
  }

  QN_HD Floats weights(Ints codes, const Group& group) const { return qn::QN_TARGET::weights<4>(codes, group); }
};

template <int kBits>
struct Band<PACK_QUANTIZED, kBits> {
  using Packing = Dense<kBits>;
  const Matrix& m;

  explicit Band(const Matrix& matrix) : m(matrix) {}

  const uint8_t* string(uint64_t row) const { return m.codes + row * PACK_QUANTIZED::words(m, m.columns) * 4; }
  uint64_t width() const { return m.groups; }

  Group group(uint64_t row, uint64_t g) const {
    return group_of(m.scale(row * m.groups + g), PACK_QUANTIZED::zero(m, row, g));
  }

  Group groups(uint64_t row, uint64_t first) const {
    return {scales_at(m, row * m.groups + first), zero_points(pack_zeros<kBits>(m, row, first))};
  }

  QN_HD Floats weights(Ints codes, const Group& group) const { return qn::QN_TARGET::weights<kBits>(codes, group); }
};

// Bytes with a sign: with 128 added they are codes without one.
QN_HD Floats signed_difference(Ints codes, const Group& group) {
  return sub(floats_of(and_xor(codes, splat_int(0xff), splat_int(kTwoTo23 + 128))), group.zero);
}

// Bytes with scales for blocks.
struct ByteBand {
  using Packing = Dense<8>;
  const Matrix& m;

  explicit ByteBand(const Matrix& matrix) : m(matrix) {}

  const uint8_t* string(uint64_t row) const { return m.codes + row * m.columns; }
  uint64_t width() const { return m.groups; }
  uint64_t place(uint64_t row) const { return row / m.group_rows * m.groups; }
};

template <>
struct Band<INT8, 8> : ByteBand {
  using ByteBand::ByteBand;

  Group group(uint64_t row, uint64_t g) const {
    return group_of(m.scale(place(row) + g), 128 + (m.zeros ? INT8::code(m.zeros, place(row) + g) : 0));
  }

  Group groups(uint64_t row, uint64_t first) const {
    const Ints zero = m.zeros ? widen_signed(load_bytes(m.zeros + place(row) + first)) : splat_int(0);
    return {scales_at(m, place(row) + first), zero_points(add_ints(zero, splat_int(128)))};
  }

  QN_HD Floats weights(Ints codes, const Group& group) const {
    return mul(group.scale, signed_difference(codes, group));
  }
};

template <>
struct Band<FLOAT8, 8> : ByteBand {
  using ByteBand::ByteBand;

  Group group(uint64_t row, uint64_t g) const { return group_of(m.scale(place(row) + g), 0); }
  Group groups(uint64_t row, uint64_t first) const { return {scales_at(m, place(row) + first), splat(0)}; }

  QN_HD Floats weights(Ints codes, const Group& group) const { return mul(group.scale, e4m3_floats(codes)); }
};

template <>
struct Band<LLM_INT8, 8> : ByteBand {
  using ByteBand::ByteBand;

  uint64_t width() const { return 1; }
  Group group(uint64_t row, uint64_t) const { return group_of(Matrix::float_at(m.scales, row), 128); }
  Group groups(uint64_t row, uint64_t) const { return group(row, 0); }

  QN_HD Floats weights(Ints codes, const Group& group) const {
    return mul(mul(signed_difference(codes, group), group.scale), splat(LLM_INT8::kOneBy127));
  }
};

// Codes that are places in a table.
struct LevelBand {
  const Matrix& m;
  const decltype(table_of(splat(0))) levels;

  LevelBand(const Matrix& matrix, const void* values)
      : m(matrix), levels(table_of(plain_nan(load(static_cast<const F32*>(values))))) {}

  const uint8_t* string(uint64_t row) const { return m.codes + row * m.columns / 2; }
  uint64_t width() const { return m.groups; }

  QN_HD Floats weights(Ints codes, const Group& group) const { return mul(group.scale, levels.template at<0>(codes)); }
};

template <class Layout>
struct Float4Band : LevelBand {
  using Packing = Dense<4>;

  explicit Float4Band(const Matrix& matrix) : LevelBand(matrix, kE2M1Bits) {}

  Group group(uint64_t row, uint64_t g) const { return group_of(Layout::scale(m, row, g), 0); }

  Group groups(uint64_t row, uint64_t first) const {
    return {plain_nan(byte_scales(Layout(), m, load_bytes(m.scales + row * m.groups + first))), splat(0)};
  }
};

template <>
struct Band<MXFP4_ROWS, 4> : Float4Band<MXFP4_ROWS> {
  using Float4Band::Float4Band;
};

template <>
struct Band<NVFP4_ROWS, 4> : Float4Band<NVFP4_ROWS> {
  using Float4Band::Float4Band;
};

template <>
struct Band<BNB_4BIT, 4> : LevelBand {
  using Packing = HighFirst;

  explicit Band(const Matrix& matrix) : LevelBand(matrix, matrix.levels) {}

  Group group(uint64_t row, uint64_t g) const { return group_of(BNB_4BIT::scale(m, row * m.groups + g), 0); }

  Group groups(uint64_t row, uint64_t first) const {
    const uint64_t block = row * m.groups + first;
    if (!m.scale_levels) return {plain_nan(load(reinterpret_cast<const F32*>(m.scales) + block)), splat(0)};
    float scales[16];
    for (uint64_t i = 0; i < 16; i++)
      scales[i] = BNB_4BIT::scale(m, block + i);
    return {plain_nan(load(reinterpret_cast<const F32*>(scales))), splat(0)};
  }
};

// ---- walk

// Of few rows, so that a band's words stay in the first cache. Its columns are those of a cache line of codes, or of as
// many of its words as hold whole sets of 32 codes.
inline constexpr uint64_t kBandRows = 128, kStrips = kBandRows / 16;
template <int kBits>
inline constexpr uint64_t kBandColumns = 16 / kBits * 32;

// What the rows of a band share in some groups, by columns: the rows of a strip are lanes.
template <class B>
class BandGroups {
 public:
  // For as many of the elements from `element` on as groups are kept for.
  BandGroups(const B& band, uint64_t row, uint64_t strips, uint64_t element, uint64_t elements) : group_(band.m.group) {
    const Matrix& m = band.m;
    const uint64_t width = band.width(), from = m.group_of(element), last = m.group_of(element + elements - 1);
    first_ = width < 16 ? 0 : from / 8 * 8 < width - 16 ? from / 8 * 8 : width - 16;
    const uint64_t end = last < first_ + 16 ? last + 1 : first_ + 16;
    elements_ = last < end ? elements : end * m.group - element;
    for (uint64_t s = 0; s < strips; s++) {
      Ints scales[16], zeros[16];
      for (uint64_t k = 0; k < 16; k++) {
        const uint64_t r = row + 16 * s + k;
        const Group lanes = width < 16 ? few(band, r, m.groups) : band.groups(r, first_);
        scales[k] = bits_of(lanes.scale);
        zeros[k] = bits_of(lanes.zero);
      }
      transpose(scales);
      transpose(zeros);
      for (uint64_t g = from - first_; g < end - first_; g++)
        of_[g][s] = {floats_of(scales[g]), floats_of(zeros[g])};
    }
  }

  uint64_t elements() const { return elements_; }

  // Those of an element's group, for each strip.
  const Group* of(uint64_t element) const { return of_[element / group_ - first_]; }

 private:
  static Group few(const B& band, uint64_t row, uint64_t groups) {
    float scales[16] = {}, zeros[16] = {};
    for (uint64_t g = 0; g < groups; g++) {
      const Group group = band.group(row, g);
      scales[g] = reinterpret_cast<const float*>(&group.scale)[0];
      zeros[g] = reinterpret_cast<const float*>(&group.zero)[0];
    }
    return {load(reinterpret_cast<const F32*>(scales)), load(reinterpret_cast<const F32*>(zeros))};
  }

  const uint64_t group_;
  uint64_t first_, elements_;
  Group of_[16][kStrips];
};

// Words of the strings of a band: of[w][s] has word w of row 16 s + k in lane k.
struct BandWords {
  Ints of[16][kStrips];

  template <class B>
  BandWords(const B& band, uint64_t row, uint64_t strips, uint64_t byte, uint64_t bytes) {
    for (uint64_t s = 0; s < strips; s++) {
      Ints words[16];
      for (uint64_t k = 0; k < 16; k++) {
        const uint8_t* const from = band.string(row + 16 * s + k) + byte;
        words[k] = bytes < 64 ? load_part(from, bytes) : load_ints(from);
      }
      transpose(words);
      for (uint64_t w = 0; w < 16; w++)
        of[w][s] = words[w];
    }
  }
};

// The codes that begin at a bit of the strings of a strip.
template <int kBit, int kBits>
QN_HD Ints codes_at_bit(const Ints (*words)[kStrips], uint64_t strip) {
  constexpr int kWord = kBit / 32, kShift = kBit % 32;
  const Ints low = shift_ints_right<kShift>(words[kWord][strip]);
  if constexpr (kShift + kBits <= 32) {
    return low;
  } else {
    return or_ints(low, shift_ints_left<32 - kShift>(words[kWord + 1][strip]));
  }
}

template <int kBits, class B, class Out>
void decode_band(const B& band, const BandGroups<B>& groups, uint64_t row, uint64_t strips, uint64_t element,
                 uint64_t elements, Out out, size_t stride) {
  constexpr uint64_t kWhole = codes_in_whole_words(kBits), kCodes = kWhole < 16 ? kWhole : 16;  // of one group
  constexpr int kParts = kWhole / kCodes;
  const BandWords words(band, row, strips, element * kBits / 8, elements * kBits / 8);
  for (uint64_t whole = 0; whole < elements; whole += kWhole)
    unroll<0, kParts>([&](auto part) {
      const uint64_t first = whole + part * kCodes;
      if (first >= elements) return;
      const Group* const group = groups.of(element + first);
      unroll<0, kCodes>([&](auto i) {
        constexpr int kBit = B::Packing::bit(part * kCodes + i);
        const Ints(*const at)[kStrips] = words.of + whole * kBits / 32;
        const Out to = out.at((first + i) * stride);
        for (uint64_t s = 0; s < strips; s += 2)
          store(to, 16 * s, band.weights(codes_at_bit<kBit, kBits>(at, s), group[s]),
                band.weights(codes_at_bit<kBit, kBits>(at, s + 1), group[s + 1]));
      });
    });
}

// Elements become lines. Lines are a multiple of 32, elements of 16.
template <class Layout, int kBits, class Out>
void decode_transposed_rows(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  using B = Band<Layout, kBits>;
  const B band(m);
  for (uint64_t i = 0; i < region.lines; i += kBandRows) {
    const uint64_t row = region.line + i, left = region.lines - i, strips = (left < kBandRows ? left : kBandRows) / 16;
    for (uint64_t first = 0; first < region.elements;) {
      const BandGroups<B> groups(band, row, strips, region.element + first, region.elements - first);
      for (const uint64_t end = first + groups.elements(); first < end;) {
        const uint64_t columns = end - first < kBandColumns<kBits> ? end - first : kBandColumns<kBits>;
        decode_band<kBits>(band, groups, row, strips, region.element + first, columns, out.at(first * stride + i),
                           stride);
        first += columns;
      }
    }
  }
}

}  // namespace qn::QN_TARGET
