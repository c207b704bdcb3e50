// SPDX-License-Identifier: MIT
//
// Packed matrices whose lines are rows, by vectors. A row decodes sixteen elements at a time:
//
//   template <int kBits> struct Row<Layout, kBits> {
//     static bool fits(const Matrix& m, bool transposed);
//     void begin(const Matrix& m, uint64_t row);
//     void enter(uint64_t group);    // the elements that follow are of this group
//     Floats at(uint64_t element);   // sixteen from there on
//   };
//
// A row whose codes have few bits may also tell the weights that a group allows, for matrix_words.h:
//
//     static bool has_table(const Matrix& m);
//     WeightTable table() const;                       // of the group that was entered
//     const uint8_t* string(uint64_t element) const;   // where codes stand, in the order of Packing
//
// Sixteen elements must not belong to different groups, but where there is a list of groups.
#pragma once

#include "matrices.h"

namespace qn::QN_TARGET {

template <class Layout, int kBits>
struct Row;

// ---- parts

QN_HD bool sixteen_share_a_group(const Matrix& m) { return m.groups == 1 || m.group % 16 == 0; }

// A scale for all lanes; as with Half::to_scale(), NaN is the plain one.
QN_HD Floats splat_scale(float scale) { return plain_nan(splat(scale)); }

QN_HD Floats e4m3_floats(Bytes codes) {
  const __m256i wide = _mm256_cvtepu8_epi16(codes);
  const __m256i magnitude = _mm256_and_si256(_mm256_slli_epi16(wide, 7), _mm256_set1_epi16(0x3f80));
  const __m256i sign = _mm256_and_si256(_mm256_slli_epi16(wide, 8), _mm256_set1_epi16(-0x8000));
  const __m256i nan = _mm256_cmpeq_epi16(magnitude, _mm256_set1_epi16(0x3f80));
  const __m256i halves = _mm256_or_si256(magnitude, sign);
  return mul(floats_of_halves(_mm256_blendv_epi8(halves, _mm256_set1_epi16(0x7e00), nan)), splat(256));
}

// Two codes in a byte, the first one in the high nibble.
struct HighFirst {
  static constexpr int kBits = 4;
  static constexpr int bit(int i) { return (i ^ 1) * 4; }
};

// Zero points of sixteen groups of a row of PACK_QUANTIZED: strings run along rows, side by side for the groups.
template <int kBits>
Ints pack_zeros(const Matrix& m, uint64_t row, uint64_t first) {
  if (!m.zeros) return splat_int(1u << (kBits - 1));
  const uint64_t bit = row * kBits, shift = bit % 32;
  const uint8_t* const words = m.zeros + (bit / 32 * m.groups + first) * 4;
  Ints codes = shift_ints_right_by(load_ints(words), shift);
  if (shift + kBits > 32) codes = or_ints(codes, shift_ints_left_by(load_ints(words + m.groups * 4), 32 - shift));
  return and_ints(codes, splat_int((1u << kBits) - 1));
}

// ---- layouts

template <int kBits>
struct Row<PACK_QUANTIZED, kBits> {
  static constexpr uint64_t kMostGroups = 512;  // of a matrix with a list of groups

  static bool fits(const Matrix& m, bool transposed) {
    if (m.padded && 32 % m.bits != 0) return false;
    return m.group_index ? !transposed && m.groups <= kMostGroups : sixteen_share_a_group(m);
  }

  void begin(const Matrix& matrix, uint64_t row_of_matrix) {
    m = &matrix;
    row = row_of_matrix;
    codes = m->codes + row * PACK_QUANTIZED::words(*m, m->columns) * 4;
    sixteen = UINT64_MAX;
    for (uint64_t g = 0; m->group_index && g < m->groups; g += 16)
      decode_groups(g, scales + g, zeros + g);
  }

  void enter(uint64_t g) {
    if (m->group_index) return;
    if (g / 16 != sixteen) {
      sixteen = g / 16;
      decode_groups(16 * sixteen, scales, zeros);
    }
    group = {splat(scales[g % 16]), splat(zeros[g % 16])};
  }

  QN_HD Floats at(uint64_t element) {
    if (m->group_index) {
      const Ints index = load_ints(m->group_index + 4 * element);
      group = {gather(scales, index), gather(zeros, index)};
    }
    return weights<kBits>(spread<Dense<kBits>>(codes + element * kBits / 8), group);
  }

  using Packing = Dense<kBits>;
  static bool has_table(const Matrix& m) { return !m.group_index; }
  auto table() const
    requires(kBits <= 4)
  {
    return table_of(weights<kBits>(table_codes<kBits>(), group));
  }
  const uint8_t* string(uint64_t element) const { return codes + element * kBits / 8; }

 private:
  // Sixteen groups from `first` on, as far as there are so many.
  void decode_groups(uint64_t first, float* to_scales, float* to_zeros) const {
    const uint64_t left = m->groups - first;
    if (left < 16) {
      for (uint64_t i = 0; i < left; i++) {
        to_scales[i] = Half::to_plain_nan(m->scale(row * m->groups + first + i));
        to_zeros[i] = static_cast<float>((1 << 23) + PACK_QUANTIZED::zero(*m, row, first + i));
      }
      return;
    }
    keep(to_scales, scales_at(*m, row * m->groups + first));
    keep(to_zeros, zero_points(pack_zeros<kBits>(*m, row, first)));
  }

  const Matrix* m;
  uint64_t row;
  const uint8_t* codes;
  uint64_t sixteen;
  Group group{};
  float scales[kMostGroups], zeros[kMostGroups];
};

template <>
struct Row<AWQ_GEMV, 4> {
  static bool fits(const Matrix& m, bool) { return sixteen_share_a_group(m); }

  void begin(const Matrix& matrix, uint64_t row_of_matrix) {
    m = &matrix;
    row = row_of_matrix;
    codes = m->codes + row * (m->columns / 2);
  }

  void enter(uint64_t g) {
    const int zero = (1 << 23) + AWQ_GEMV::zero(*m, row, g);
    group = {splat_scale(AWQ_GEMV::scale(*m, row, g)), splat(static_cast<float>(zero))};
  }

  QN_HD Floats at(uint64_t element) { return weights<4>(spread<Dense<4>>(codes + element / 2), group); }

  using Packing = Dense<4>;
  static bool has_table(const Matrix&) { return true; }
  auto table() const { return table_of(weights<4>(table_codes<4>(), group)); }
  const uint8_t* string(uint64_t element) const { return codes + element / 2; }

  const Matrix* m;
  uint64_t row;
  const uint8_t* codes;
  Group group{};
};

template <>
struct Row<INT8, 8> {
  static bool fits(const Matrix& m, bool) { return sixteen_share_a_group(m); }

  void begin(const Matrix& matrix, uint64_t row) {
    m = &matrix;
    place = row / m->group_rows * m->groups;
    codes = m->codes + row * m->columns;
  }

  void enter(uint64_t g) {
    scale = splat_scale(m->scale(place + g));
    zero = splat_int(m->zeros ? static_cast<uint32_t>(INT8::code(m->zeros, place + g)) : 0);
  }

  QN_HD Floats at(uint64_t element) {
    return mul(scale, to_floats(sub_ints(widen_signed(load_bytes(codes + element)), zero)));
  }

  const Matrix* m;
  uint64_t place;
  const uint8_t* codes;
  Floats scale = splat(0);
  Ints zero = splat_int(0);
};

template <>
struct Row<LLM_INT8, 8> {
  static bool fits(const Matrix&, bool) { return true; }

  void begin(const Matrix& m, uint64_t row) {
    codes = m.codes + row * m.columns;
    scale = splat_scale(Matrix::float_at(m.scales, row));
  }

  void enter(uint64_t) {}

  QN_HD Floats at(uint64_t element) {
    return mul(mul(to_floats(widen_signed(load_bytes(codes + element))), scale), splat(LLM_INT8::kOneBy127));
  }

  const uint8_t* codes;
  Floats scale = splat(0);
};

template <>
struct Row<FLOAT8, 8> {
  static bool fits(const Matrix& m, bool) { return sixteen_share_a_group(m); }

  void begin(const Matrix& matrix, uint64_t row) {
    m = &matrix;
    place = row / m->group_rows * m->groups;
    codes = m->codes + row * m->columns;
  }

  void enter(uint64_t g) { scale = splat_scale(m->scale(place + g)); }

  QN_HD Floats at(uint64_t element) { return mul(scale, e4m3_floats(load_bytes(codes + element))); }

  const Matrix* m;
  uint64_t place;
  const uint8_t* codes;
  Floats scale = splat(0);
};

// Scales that are bytes, sixteen of them decoded at a time.
QN_HD Floats byte_scales(MXFP4_ROWS, const Matrix&, Bytes codes) {
  // 2^-127 is subnormal: its bits are not those of code 0, moved.
  return floats_of(max_ints(shift_ints_left<23>(widen_unsigned(codes)), splat_int(0x00400000)));
}

QN_HD Floats byte_scales(NVFP4_ROWS, const Matrix& m, Bytes codes) {
  const Floats own = e4m3_floats(codes), all = splat(m.global_scale);
  return m.divided ? div(own, all) : mul(own, all);
}

template <class Layout>
struct Float4Row {
  static bool fits(const Matrix&, bool) { return true; }

  void begin(const Matrix& matrix, uint64_t row) {
    m = &matrix;
    codes = m->codes + row * (m->columns / 2);
    scale_codes = m->scales + row * m->groups;
    sixteen = UINT64_MAX;
  }

  void enter(uint64_t g) {
    if (g / 16 != sixteen) decode_scales(g / 16);
    levels = table_of(plain_nan(mul(splat(scales[g % 16]), load(reinterpret_cast<const F32*>(kE2M1Bits)))));
  }

  QN_HD Floats at(uint64_t element) { return levels.template at<0>(spread<Dense<4>>(codes + element / 2)); }

  using Packing = Dense<4>;
  static bool has_table(const Matrix&) { return true; }
  auto table() const { return levels; }
  const uint8_t* string(uint64_t element) const { return codes + element / 2; }

 private:
  void decode_scales(uint64_t entered) {
    sixteen = entered;
    alignas(16) uint8_t bytes[16] = {};
    const uint64_t left = m->groups - 16 * sixteen;
    memcpy(bytes, scale_codes + 16 * sixteen, left < 16 ? left : 16);
    keep(scales, byte_scales(Layout(), *m, load_bytes(bytes)));
  }

  const Matrix* m;
  const uint8_t *codes, *scale_codes;
  uint64_t sixteen;
  float scales[16];
  decltype(table_of(splat(0))) levels = table_of(splat(0));
};

template <>
struct Row<MXFP4_ROWS, 4> : Float4Row<MXFP4_ROWS> {};

template <>
struct Row<NVFP4_ROWS, 4> : Float4Row<NVFP4_ROWS> {};

template <>
struct Row<BNB_4BIT, 4> {
  // Blocks that go over the ends of rows are left to at().
  static bool fits(const Matrix& m, bool) { return m.columns % m.group == 0 && m.group % 16 == 0; }

  void begin(const Matrix& matrix, uint64_t row) {
    m = &matrix;
    codes = m->codes + row * m->columns / 2;
    block = row * m->groups;
    values = load(reinterpret_cast<const F32*>(m->levels));
  }

  void enter(uint64_t g) { levels = table_of(plain_nan(mul(splat(BNB_4BIT::scale(*m, block + g)), values))); }

  QN_HD Floats at(uint64_t element) { return levels.template at<0>(spread<HighFirst>(codes + element / 2)); }

  using Packing = HighFirst;
  static bool has_table(const Matrix&) { return true; }
  auto table() const { return levels; }
  const uint8_t* string(uint64_t element) const { return codes + element / 2; }

  const Matrix* m;
  const uint8_t* codes;
  uint64_t block;
  Floats values = splat(0);
  decltype(table_of(splat(0))) levels = table_of(splat(0));
};

// ---- walks

// Enters the groups that elements belong to.
template <class R>
class InGroups {
 public:
  InGroups(const Matrix& m, R& row) : group_(m.group), row_(row) {}

  QN_HD Floats at(uint64_t element) {
    if (element - first_ >= group_) enter(element);
    return row_.at(element);
  }

 private:
  void enter(uint64_t element) {
    const uint64_t g = element / group_;
    first_ = g * group_;
    row_.enter(g);
  }

  const uint64_t group_;
  uint64_t first_ = UINT64_MAX / 2;  // of the group; this one holds no element
  R& row_;
};

// A row after the other; elements are a multiple of 32.
template <class Layout, int kBits, class Out>
void decode_rows_by_floats(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  for (uint64_t i = 0; i < region.lines; i++) {
    Row<Layout, kBits> row;
    row.begin(m, region.line + i);
    InGroups<Row<Layout, kBits>> in_groups(m, row);
    const Out to = out.at(i * stride);
    for (uint64_t s = 0; s < region.elements; s += 32) {
      const Floats low = in_groups.at(region.element + s);
      store(to, s, low, in_groups.at(region.element + s + 16));
    }
  }
}

template <class Layout, int kBits, class Out>
void decode_rows(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  decode_rows_by_floats<Layout, kBits>(m, region, out, stride);
}

}  // namespace qn::QN_TARGET
