// SPDX-License-Identifier: MIT
//
// Decodes a run: eight neighbouring weights, from a tile of packed blocks in shared memory.
//
//   template <> struct Runs<Q4_K> {
//     static constexpr int kBookBytes;                        // shared memory for tables that it looks things up in
//     static void load_book(uint8_t* book);                   // filled by all threads of the CUDA block
//     static void decode(const uint8_t* tile, uint32_t run, const uint8_t* book, float (&w)[8]);
//   };
//
// Blocks that have no Runs of their own are decoded by the format's decode(), byte by byte.
#pragma once

#include "codes.h"
#include "result.h"

namespace qn::QN_TARGET {

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

template <class Block, class Out>
QN_DEVICE Rounded<Out> decode_run(const uint8_t* tile, uint32_t run, const uint8_t* book) {
  if constexpr (kSame<Block, Out>) {
    // A copy keeps the bits of a NaN too.
    Rounded<Out> bits;
    for (int i = 0; i < static_cast<int>(2 * sizeof(Out)); i += 4) {
      const Words4 words = load16(tile + run * 8 * sizeof(Out) + 4 * i);
      for (int k = 0; k < 4; k++)
        bits.word[i + k] = words.word[k];
    }
    return bits;
  } else {
    float w[8];
    Runs<Block>::decode(tile, run, book, w);
    return round_run<Out>(w);
  }
}

}  // namespace qn::QN_TARGET
