// SPDX-License-Identifier: MIT
//
// Packed matrices by vectors. A tile is 32 lines of sixteen elements; a layout says how codes of a tile are found:
//
//   template <int kBits> struct Tile<Layout, kBits> {
//     Group group(const Matrix& m, uint64_t element, uint64_t group);        // scales and zero points of the elements
//     template <int kLine> Ints codes(const Matrix& m, const uint8_t* tile); // of a line; only the lowest kBits count
//     const uint8_t* at(const Matrix& m, uint64_t line, uint64_t element);   // where a tile stands
//     static constexpr uint64_t kBytes;                                      // from there to the next elements' tile
//   };
//
// Results are stored as they come, or transposed in registers: sixteen lines of sixteen floats, or of sixteen pairs of
// 16-bit results, so that a cache line is written at a time either way.
#pragma once

#include "../../formats/matrices.h"
#include "../matrix_kernels.h"
#include "../output.h"
#include "common.h"

namespace qn::QN_TARGET {

template <class Layout, int kBits>
struct Tile;

inline constexpr uint64_t kTileLines = 32;

// ---- parts

// What sixteen elements of a group share. Codes become floats by putting them below the exponent of 2^23; the zero
// point that is subtracted has it as well.
struct Group {
  Floats scale, zero;
};

inline constexpr uint32_t kTwoTo23 = 0x4b000000;

template <int kBits>
QN_HD Floats weights(Ints codes, const Group& group) {
  const Floats q = floats_of(and_or(codes, splat_int((1u << kBits) - 1), splat_int(kTwoTo23)));
  return mul(group.scale, sub(q, group.zero));
}

QN_HD Floats zero_points(Ints zeros) { return floats_of(or_ints(zeros, splat_int(kTwoTo23))); }

// Sixteen neighbouring scales.
QN_HD Floats scales_at(const Matrix& m, uint64_t index) {
  const uint8_t* const from = m.scales + index * m.scale_bytes;
  if (m.scale_bytes == 4) return plain_nan(load(reinterpret_cast<const F32*>(from)));
  if (m.bfloat_scales) return plain_nan(load(reinterpret_cast<const BF16*>(from)));
  return plain_nan(load(reinterpret_cast<const F16*>(from)));
}

// Sixteen codes side by side, lowest bits first.
template <int kBits>
QN_HD Ints dense_codes(const uint8_t* from) {
  return and_ints(spread<Dense<kBits>>(from), splat_int((1u << kBits) - 1));
}

// ---- layouts

template <int kBits>
  requires(kBits == 2 || kBits == 3 || kBits == 4 || kBits == 8)
struct Tile<GPTQ, kBits> {
  static constexpr uint64_t kBytes = 64;

  static Group group(const Matrix& m, uint64_t row, uint64_t group) {
    const uint64_t place = group * m.rows + row;
    Ints zero = splat_int(1u << (kBits - 1));
    if (m.zeros)
      zero = and_ints(add_ints(dense_codes<kBits>(m.zeros + place * kBits / 8), splat_int(m.zero_add)),
                      splat_int(m.zero_mask));
    return {scales_at(m, place), zero_points(zero)};
  }

  QN_HD static const uint8_t* at(const Matrix& m, uint64_t column, uint64_t row) {
    return m.codes + (column / 32 * kBits * m.rows + row) * 4;
  }

  // The tile below. Rows of words are too far from each other for the processor to see where this leads.
  QN_HD static void fetch_next(const Matrix& m, const uint8_t* tile) {
    for (uint64_t r = kBits; r < 2 * kBits; r++)
      prefetch(tile + r * m.rows * 4);
  }

  template <int kColumn>
  QN_HD static Ints codes(const Matrix& m, const uint8_t* tile) {
    constexpr int kBit = kColumn * kBits, kShift = kBit % 32;
    const uint8_t* const words = tile + kBit / 32 * m.rows * 4;
    const Ints low = shift_ints_right<kShift>(load_ints(words));
    if constexpr (kShift + kBits <= 32) {
      return low;
    } else {
      return or_ints(low, shift_ints_left<32 - kShift>(load_ints(words + m.rows * 4)));
    }
  }
};

// As AWQ's GEMM deals codes out in words.
struct Dealt {
  static constexpr int kBits = 4;
  static constexpr int bit(int i) { return i / 8 * 32 + static_cast<int>(AWQ_GEMM::bit(i % 8)); }
};

template <>
struct Tile<AWQ_GEMM, 4> {
  static constexpr uint64_t kBytes = 8;

  static Group group(const Matrix& m, uint64_t row, uint64_t group) {
    const uint64_t place = group * m.rows + row;
    const Ints zero = m.zeros ? and_ints(spread<Dealt>(m.zeros + place / 2), splat_int(15)) : splat_int(8);
    return {scales_at(m, place), zero_points(zero)};
  }

  QN_HD static const uint8_t* at(const Matrix& m, uint64_t column, uint64_t row) {
    return m.codes + (column * m.rows + row) / 2;
  }

  // A cache line of words holds those of 128 elements: what is fetched are the next columns.
  QN_HD static void fetch_next(const Matrix& m, const uint8_t* tile) {
    for (uint64_t column = kTileLines; column < 2 * kTileLines; column++)
      prefetch(tile + column * (m.rows / 2));
  }

  template <int kColumn>
  QN_HD static Ints codes(const Matrix& m, const uint8_t* tile) {
    return spread<Dealt>(tile + kColumn * m.rows / 2);
  }
};

// ---- walks

// The groups of a tile's lines: of[0], or if they are not one, of each.
struct TileGroups {
  bool one = true;
  uint64_t of[kTileLines];

  TileGroups(const Matrix& m, uint64_t line) {
    of[0] = m.group_of(line);
    if (!m.group_index && m.group % kTileLines == 0) return;
    for (uint64_t i = 1; i < kTileLines; i++) {
      of[i] = m.group_of(line + i);
      one &= of[i] == of[0];
    }
  }
};

// What the groups of some strips share, kept once it was made: lines of a matrix with a list of groups come back to the
// same ones.
template <class T>
class Groups {
 public:
  Groups(const Matrix& m, uint64_t element, uint64_t strips) : m_(m), element_(element), strips_(strips) {
    while (2 * slots_ * strips <= kMost && slots_ < m.groups)
      slots_ *= 2;
    for (uint64_t i = 0; i < slots_; i++)
      kept_[i] = UINT64_MAX;
  }

  QN_HD const Group* of(uint64_t group) {
    const uint64_t slot = group & (slots_ - 1);
    if (kept_[slot] != group) make(slot, group);
    return groups_ + slot * strips_;
  }

 private:
  static constexpr uint64_t kMost = 256;  // 32 KiB

  void make(uint64_t slot, uint64_t group) {
    kept_[slot] = group;
    for (uint64_t s = 0; s < strips_; s++)
      groups_[slot * strips_ + s] = T::group(m_, element_ + 16 * s, group);
  }

  const Matrix& m_;
  const uint64_t element_, strips_;
  uint64_t slots_ = 1;
  uint64_t kept_[kMost];
  Group groups_[kMost];
};

// A line after the other. Lines are a multiple of 32, elements too.
template <class Layout, int kBits, class Out>
void decode_lines(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  using T = Tile<Layout, kBits>;
  constexpr uint64_t kStrips = 8;  // that are worked on together at most: the fewer, the more groups are kept
  const uint64_t most = m.group_index ? kStrips / 2 : kStrips;
  for (uint64_t first = 0; first < region.elements; first += 16 * most) {
    const uint64_t left = (region.elements - first) / 16, strips = left < most ? left : most;
    Groups<T> groups(m, region.element + first, strips);
    for (uint64_t i = 0; i < region.lines; i += kTileLines) {
      const TileGroups tile_groups(m, region.line + i);
      const uint8_t* const tile = T::at(m, region.line + i, region.element + first);
      const Group* group = groups.of(tile_groups.of[0]);
      unroll<0, kTileLines>([&](auto line) {
        if (!tile_groups.one) group = groups.of(tile_groups.of[line]);
        const Out to = out.at((i + line) * stride + first);
        for (uint64_t s = 0; s < strips; s += 2) {
          const uint8_t* const at = tile + s * T::kBytes;
          store(to, 16 * s, weights<kBits>(T::template codes<line>(m, at), group[s]),
                weights<kBits>(T::template codes<line>(m, at + T::kBytes), group[s + 1]));
        }
      });
    }
  }
}

// The groups of up to 4096 lines, each once, and which of them each line has. Where there are too many groups to keep,
// it is for fewer lines, a multiple of 32.
class LineGroups {
 public:
  static constexpr uint64_t kMostLines = 4096, kMostGroups = 256;

  LineGroups(const Matrix& m, uint64_t line, uint64_t lines) : lines_(lines < kMostLines ? lines : kMostLines) {
    if (!m.group_index && m.group % kTileLines == 0) {
      // Tiles have one group each.
      for (uint64_t i = 0; i < lines_; i += kTileLines) {
        const uint64_t group = m.group_of(line + i);
        if (i == 0 || group != groups_[count_ - 1]) groups_[count_++] = group;
        place_[i] = static_cast<uint8_t>(count_ - 1);
      }
      return;
    }
    one_in_tile_ = false;
    uint16_t table[2 * kMostGroups] = {};  // a place in groups_, plus 1, where the group's number leads
    for (uint64_t i = 0; i < lines_; i++) {
      if (i % kTileLines == 0 && count_ + kTileLines > kMostGroups) {
        lines_ = i;
        return;
      }
      const uint64_t group = m.group_of(line + i);
      uint64_t at = group % (2 * kMostGroups);
      while (table[at] && groups_[table[at] - 1] != group)
        at = (at + 1) % (2 * kMostGroups);
      if (!table[at]) {
        groups_[count_++] = group;
        table[at] = static_cast<uint16_t>(count_);
      }
      place_[i] = static_cast<uint8_t>(table[at] - 1);
    }
  }

  uint64_t lines() const { return lines_; }
  uint64_t count() const { return count_; }
  uint64_t operator[](uint64_t place) const { return groups_[place]; }
  bool one_in_tile() const { return one_in_tile_; }
  QN_HD uint64_t place_of_line(uint64_t line) const { return place_[line]; }

 private:
  bool one_in_tile_ = true;
  uint64_t lines_, count_ = 0;
  uint64_t groups_[kMostGroups];
  uint8_t place_[kMostLines];
};

// A tile, transposed. `group_of(line)` is what its elements share on a line.
template <class T, int kBits, class Out, class GroupOf>
QN_HD void transpose_tile(const Matrix& m, const uint8_t* tile, const GroupOf& group_of, Out out, size_t stride) {
  constexpr bool kFloats = sizeof(typename Out::Type) == 4;
  unroll<0, kFloats ? 2 : 1>([&](auto half) {
    Ints square[16];
    unroll<0, 16>([&](auto k) {
      if constexpr (kFloats) {
        constexpr int kLine = 16 * half + k;
        square[k] = bits_of(weights<kBits>(T::template codes<kLine>(m, tile), group_of(kLine)));
      } else {
        const Floats even = weights<kBits>(T::template codes<2 * k>(m, tile), group_of(2 * k));
        square[k] = paired(out, even, weights<kBits>(T::template codes<2 * k + 1>(m, tile), group_of(2 * k + 1)));
      }
    });
    transpose(square);
    for (uint64_t k = 0; k < 16; k++)
      store_ints(out.at(k * stride + 16 * half), square[k]);
  });
}

// ---- bands of 128 lines
//
// Where words of an element's codes stand below each other, they are transposed, and not the results: the codes of each
// element are a string then.

inline constexpr uint64_t kBandLines = 128, kSets = kBandLines / kTileLines;

// The strings of sixteen elements.
template <int kBits>
struct Strings {
  static constexpr int kRows = static_cast<int>(kBandLines) * kBits / 32;  // of words
  alignas(64) uint8_t of[16][(kRows + 15) / 16 * 64];

  Strings(const Matrix& m, const uint8_t* tile) {
    for (int first = 0; first < kRows; first += 16) {
      Ints words[16];
      for (int r = 0; r < 16; r++)
        words[r] = first + r < kRows ? load_ints(tile + static_cast<uint64_t>(first + r) * m.rows * 4) : splat_int(0);
      transpose(words);
      for (int k = 0; k < 16; k++)
        keep_ints(of[k] + 4 * first, words[k]);
    }
  }

  // 32 codes of an element.
  const uint8_t* set(int k, uint64_t set) const { return of[k] + 4 * kBits * set; }
};

// The band beside, whose turn is when those below are done. Rows of words are too far apart for the processor to see
// where this leads.
template <int kBits>
QN_HD void fetch_beside(const Matrix& m, const uint8_t* tile) {
  for (uint64_t r = 0; r < kBandLines * kBits / 32; r++)
    prefetch(tile + r * m.rows * 4 + 64);
}

// Lines whose groups follow no order: how many from the first one on are done. An instruction set may have its own (see
// matrix_group_tables.h).
template <class T, int kBits, class Out>
uint64_t transpose_any_groups(const Matrix&, const MatrixRegion&, const LineGroups&, Out, size_t) {
  return 0;
}

// Elements become lines. Lines are a multiple of 32, elements of 16.
template <class Layout, int kBits, class Out>
void decode_transposed_tiles(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  using T = Tile<Layout, kBits>;
  Group groups[LineGroups::kMostGroups];  // 32 KiB
  for (uint64_t first = 0, lines = 0; first < region.lines; first += lines) {
    const LineGroups line_groups(m, region.line + first, region.lines - first);
    lines = line_groups.lines();
    const MatrixRegion part{region.line + first, lines, region.element, region.elements};
    const uint64_t done = transpose_any_groups<T, kBits>(m, part, line_groups, out.at(first), stride);
    for (uint64_t s = 0; done < lines && s < region.elements; s += 16) {
      for (uint64_t g = 0; g < line_groups.count(); g++)
        groups[g] = T::group(m, region.element + s, line_groups[g]);
      for (uint64_t i = done; i < lines; i += kTileLines) {
        const uint8_t* const tile = T::at(m, region.line + first + i, region.element + s);
        const Out to = out.at(s * stride + first + i);
        if (T::kBytes == 64 || s == 0) T::fetch_next(m, tile);
        if (line_groups.one_in_tile()) {
          const Group group = groups[line_groups.place_of_line(i)];
          transpose_tile<T, kBits>(m, tile, [&](int) -> const Group& { return group; }, to, stride);
        } else {
          const auto group_of = [&](uint64_t line) -> const Group& {
            return groups[line_groups.place_of_line(i + line)];
          };
          transpose_tile<T, kBits>(m, tile, group_of, to, stride);
        }
      }
    }
  }
}

// ---- bands whose tiles have one group each

// Element `k` of sixteen, for a vector of its codes.
QN_HD Group splat_element(const Group& group, int k) {
  return {splat(reinterpret_cast<const float*>(&group.scale)[k]),
          splat(reinterpret_cast<const float*>(&group.zero)[k])};
}

template <int kBits, class Out>
void transpose_band(const Matrix& m, const uint8_t* tile, const Group* const (&groups)[kSets], Out out, size_t stride) {
  const Strings<kBits> strings(m, tile);
  for (int k = 0; k < 16; k++) {
    const Out to = out.at(static_cast<uint64_t>(k) * stride);
    for (uint64_t set = 0; set < kSets; set++) {
      const Group group = splat_element(*groups[set], k);
      const uint8_t* const codes = strings.set(k, set);
      store(to, 32 * set, weights<kBits>(spread<Dense<kBits>>(codes), group),
            weights<kBits>(spread<Dense<kBits>>(codes + 2 * kBits), group));
    }
  }
}

// Does a layout have bands for such results, and of how many elements? Others are 0.
template <class Layout, int kBits, class Out>
inline constexpr uint64_t kBandElements = 0;
template <int kBits, class Out>
inline constexpr uint64_t kBandElements<GPTQ, kBits, Out> = 16;

// Elements become lines. Lines are a multiple of 32, elements of 16.
template <class Layout, int kBits, class Out>
void decode_transposed(const Matrix& m, const MatrixRegion& region, Out out, size_t stride) {
  constexpr uint64_t kElements = kBandElements<Layout, kBits, Out>;
  if constexpr (kElements == 0) {
    decode_transposed_tiles<Layout, kBits>(m, region, out, stride);
  } else {
    const bool one_in_tile = !m.group_index && m.group % kTileLines == 0;
    const uint64_t lines = one_in_tile ? region.lines / kBandLines * kBandLines : 0;
    const uint64_t elements = region.elements / kElements * kElements;
    for (uint64_t s = 0; s < elements; s += kElements)
      for (uint64_t i = 0; i < lines; i += kBandLines) {
        Group made[kSets][kElements / 16];
        const Group* groups[kSets];
        uint64_t last = UINT64_MAX;
        for (uint64_t set = 0; set < kSets; set++) {
          const uint64_t group = m.group_of(region.line + i + kTileLines * set);
          groups[set] = group == last ? groups[set - 1] : made[set];
          for (uint64_t strip = 0; group != last && strip < kElements / 16; strip++)
            made[set][strip] = Tile<Layout, kBits>::group(m, region.element + s + 16 * strip, group);
          last = group;
        }
        const uint8_t* const tile = Tile<Layout, kBits>::at(m, region.line + i, region.element + s);
        if constexpr (kElements == 16) {
          fetch_beside<kBits>(m, tile);
          transpose_band<kBits>(m, tile, groups, out.at(s * stride + i), stride);
        } else {
          transpose_dealt_band(m, tile, groups, out.at(s * stride + i), stride);
        }
      }
    const MatrixRegion below{region.line + lines, region.lines - lines, region.element, region.elements};
    const MatrixRegion beside{region.line, lines, region.element + elements, region.elements - elements};
    decode_transposed_tiles<Layout, kBits>(m, below, out.at(lines), stride);
    decode_transposed_tiles<Layout, kBits>(m, beside, out.at(elements * stride), stride);
  }
}

}  // namespace qn::QN_TARGET
