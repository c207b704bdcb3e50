// SPDX-License-Identifier: MIT
//
// Decodes runs: eight neighbouring weights each, from a tile of packed blocks in shared memory.
//
//   template <> struct Runs<Q4_0> {
//     static constexpr int kBookBytes;                        // shared memory for tables that it looks things up in
//     static void load_book(uint8_t* book);                   // filled by all threads of the CUDA block
//     static constexpr int kTogether, kStride;                // see Set
//     static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]);
//   };
//
// Where runs share bytes, scales or addresses, a thread decodes a set of them together, kTogether runs at distances of
// kStride, and has instead of the above
//
//     template <class Out> static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book,
//                                             Rounded<Out> (&runs)[kTogether]);
//
// Blocks that have no Runs of their own are decoded by the format's decode(), byte by byte.
#pragma once

#include "codes.h"
#include "palette.h"
#include "result.h"

namespace qn::QN_TARGET {

// The results of a run, by scaled() and scaled_plus().
template <class Out>
QN_DEVICE Rounded<Out> scaled_run(const Codes& codes, int zero, float scale) {
  float w[8];
  scaled(codes, zero, scale, w);
  return round_run<Out>(w);
}
template <class Out>
QN_DEVICE Rounded<Out> scaled_plus_run(const Codes& codes, float scale, float offset) {
  float w[8];
  scaled_plus(codes, scale, offset, w);
  return round_run<Out>(w);
}

template <class Block>
struct Runs : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Block> at(tile, run);
    at.block()->decode(static_cast<int>(at.run * 8), w);
  }
};

}  // namespace qn::QN_TARGET

#include "runs_iq.h"
#include "runs_k.h"
#include "runs_levels.h"
#include "runs_plain.h"
#include "runs_q.h"

namespace qn::QN_TARGET {

// The runs that a thread decodes together. Neighbouring sets begin with neighbouring runs, at least two of them, so
// that lanes fill sectors of memory together.
template <class Block>
struct Set {
  static constexpr uint32_t kTogether = Runs<Block>::kTogether, kStride = Runs<Block>::kStride;
  static_assert(kTogether == 1 ||
                (kStride > 1 && 16 % kStride == 0 && Block::kValues % (8 * kTogether * kStride) == 0));

  QN_DEVICE static uint32_t first_run(uint32_t set) { return set / kStride * (kStride * kTogether) + set % kStride; }
};

template <class Block, class Out>
QN_DEVICE void decode_set(const uint8_t* tile, uint32_t run, const uint8_t* book,
                          Rounded<Out> (&runs)[Set<Block>::kTogether]) {
  if constexpr (kSame<Block, Out>) {
    // A copy keeps the bits of a NaN too.
    for (int i = 0; i < static_cast<int>(2 * sizeof(Out)); i += 4) {
      const Words4 words = load16(tile + run * 8 * sizeof(Out) + 4 * i);
      for (int k = 0; k < 4; k++)
        runs[0].word[i + k] = words.word[k];
    }
  } else if constexpr (Set<Block>::kTogether == 1) {
    float w[8];
    Runs<Block>::decode(tile, run, book, w);
    runs[0] = round_run<Out>(w);
  } else {
    Runs<Block>::decode(tile, run, book, runs);
  }
}

}  // namespace qn::QN_TARGET
