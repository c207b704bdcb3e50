// SPDX-License-Identifier: MIT
//
// Runs of the formats with sixteen uneven levels: IQ4, MXFP4 and NVFP4. The levels stand in shared memory as floats;
// they lie in sixteen banks, so lanes that look up different ones do not wait for each other.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

constexpr Table<float, 16> floats_of(const int8_t (&levels)[16]) {
  Table<float, 16> table{};
  for (int i = 0; i < 16; i++)
    table.entries[i] = static_cast<float>(levels[i]);
  return table;
}

QN_BOOK Table<float, 16> kBookIQ4 = floats_of(kLevelsIQ4);
QN_BOOK Table<float, 16> kBookE2M1 = floats_of(kE2M1Doubled);

struct LevelsIQ4 {
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookIQ4); }
};
struct LevelsE2M1 {
  QN_DEVICE static void load_book(uint8_t* book) { load_table(book, kBookE2M1); }
};

template <class Levels>
struct LevelBook : Levels {
  static constexpr int kBookBytes = 64;

  // The levels of the lower (`shift` 0) or upper (4) halves of eight bytes.
  template <class Out>
  QN_DEVICE static Rounded<Out> look_up(const uint8_t* book, const Codes& bytes, uint32_t shift, float scale) {
    float w[8];
    // Four times each code, the place of its level, taken from its byte by one permutation.
    const Codes shifted = {bytes.low >> shift, bytes.high >> shift};
    const Codes places = {shifted.low << 2 & 0x3c3c3c3c, shifted.high << 2 & 0x3c3c3c3c};
    for (uint32_t k = 0; k < 8; k++) {
      const uint32_t place = permute(k < 4 ? places.low : places.high, 0, 0x4440 + k % 4);
      w[k] = scale * load_aligned<float>(book + place);
    }
    return round_run<Out>(w);
  }
};

// Groups of 32 weights, of which two threads have two runs each: the lower and upper nibbles of the same eight bytes.
template <class Levels>
struct LevelPairs : LevelBook<Levels> {
  static constexpr int kTogether = 2, kStride = 2;

  template <class Out>
  QN_DEVICE static void look_up_both(const uint8_t* book, const Codes& bytes, float scale, Rounded<Out> (&runs)[2]) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 2; i++)
      runs[i] = LevelBook<Levels>::template look_up<Out>(book, bytes, 4 * i, scale);
  }
};

template <>
struct Runs<IQ4_NL> : LevelPairs<LevelsIQ4> {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ4_NL> at(tile, run);
    look_up_both(book, load8<2>(at.block()->qs + at.run * 8), load_half(at.bytes), runs);
  }
};

template <>
struct Runs<IQ4_XS> : LevelPairs<LevelsIQ4> {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<IQ4_XS> at(tile, run);
    const uint32_t group = at.run / 4;
    const Codes bytes = load8<8>(at.block()->qs + group * 16 + at.run % 2 * 8);
    look_up_both(book, bytes, at.block()->scale(static_cast<int>(group)), runs);
  }
};

template <>
struct Runs<MXFP4> : LevelPairs<LevelsE2M1> {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<MXFP4> at(tile, run);
    look_up_both(book, load8<1>(at.block()->qs + at.run * 8), at.block()->half_scale(), runs);
  }
};

template <>
struct Runs<NVFP4> : LevelBook<LevelsE2M1> {
  static constexpr int kTogether = 2, kStride = 2;
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, Rounded<Out> (&runs)[2]) {
    const At<NVFP4> at(tile, run);
    QN_UNROLLED
    for (uint32_t i = 0; i < 2; i++) {
      const uint32_t group = at.run / 2 + i;
      const Codes bytes = load8<4>(at.block()->qs + group * 8);
      runs[i] = look_up<Out>(book, bytes, at.run % 2 * 4, half_scale(at.block()->d[group]));
    }
  }

 private:
  // NVFP4::half_scale() without branches: exponent and fraction where a float has them, too small by a power of two.
  // It is right for subnormal codes because subnormal floats are multiplied as all others here.
  QN_DEVICE static float half_scale(uint32_t code) {
    return float_from_bits(code == 0x7f ? 0 : (code & 0x7f) << 20) * 0x1p119f;
  }
};

}  // namespace qn::QN_TARGET
