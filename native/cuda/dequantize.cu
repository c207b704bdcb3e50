// SPDX-License-Identifier: MIT
//
// The kernels: one entry for each format and type of result. A CUDA block decodes a tile of format blocks: its threads
// bring the packed bytes to shared memory together, then each decodes sets of runs of eight neighbouring weights.
//
// Compiled once for each format, with its name as QN_CUDA_FORMAT; without it, all kernels come from the one file.
#ifndef QN_TARGET
#define QN_TARGET gpu
#endif

#include "../formats/formats.h"
#include "launch.h"
#include "result.h"
#include "runs.h"
#include "stage.h"

namespace qn::QN_TARGET {

// A whole tile, to an aligned destination: the way that nearly all weights take.
template <class Block, class Out>
QN_DEVICE void decode_tile(const uint8_t* tile, const uint8_t* book, uint8_t* results) {
  using Sets = Set<Block>;
  using Store = WarpStore<Out>;
  constexpr uint32_t kWarp = 32, kRunBytes = 8 * sizeof(Out);
  constexpr uint32_t kSets = cuda::launch_of(Block::kValues).tile * Block::kValues / 8 / Sets::kTogether;
  const uint32_t lane = thread_index() % kWarp;
  QN_ROLLED
  for (uint32_t begin = thread_index() - lane; begin < kSets; begin += cuda::kThreads) {
    Rounded<Out> runs[Sets::kTogether];
    decode_set<Block, Out>(tile, Sets::first_run(begin + Store::set_of_lane(lane)), book, runs);
    QN_UNROLLED
    for (uint32_t i = 0; i < Sets::kTogether; i++) {
      const auto at = [&](uint32_t set) {
        return results + (Sets::first_run(begin + set) + i * Sets::kStride) * kRunBytes;
      };
      Store::store(at, lane, runs[i]);
    }
  }
}

// Any number of weights, to any destination.
template <class Block, class Out>
QN_DEVICE void decode_part(const uint8_t* tile, const uint8_t* book, uint8_t* results, uint32_t weights) {
  using Sets = Set<Block>;
  constexpr uint32_t kSetWeights = 8 * Sets::kTogether;
  const uint32_t sets = (weights + kSetWeights - 1) / kSetWeights;
  QN_ROLLED
  for (uint32_t set = thread_index(); set < sets; set += cuda::kThreads) {
    Rounded<Out> runs[Sets::kTogether];
    const uint32_t first = Sets::first_run(set);
    decode_set<Block, Out>(tile, first, book, runs);
    QN_UNROLLED
    for (uint32_t i = 0; i < Sets::kTogether; i++) {
      const uint32_t weight = (first + i * Sets::kStride) * 8, left = weights - weight;
      store_singly(results + weight * sizeof(Out), left < 8 ? left : 8, runs[i]);
    }
  }
}

template <class Block, class Out>
QN_DEVICE void dequantize(const uint8_t* source, uint8_t* destination, uint64_t blocks) {
  constexpr uint32_t kTile = cuda::launch_of(Block::kValues).tile;
  constexpr uint32_t kTileBytes = kTile * sizeof(Block);
  using Decoder = Runs<Block>;

  const uint64_t first = uint64_t{block_index()} * kTile, offset = first * sizeof(Block);
  const uint32_t here = blocks - first < kTile ? static_cast<uint32_t>(blocks - first) : kTile;
  uint8_t* const results = destination + first * Block::kValues * sizeof(Out);
  const bool whole = here == kTile && is_aligned(results, 16);
  if constexpr (Block::kValues == 1) {
    // Numbers are read once and in order; shared memory would only be a detour.
    if (whole && is_aligned(source + offset, 16)) return decode_tile<Block, Out>(source + offset, nullptr, results);
  }

  uint8_t* const tile = shared_memory<kTileBytes + kSlack + Decoder::kBookBytes>();
  uint8_t* const book = tile + kTileBytes + kSlack;
  if (here == kTile && is_aligned(source + offset, 16))
    stage_tile<kTileBytes>(tile, source + offset);
  else
    stage(tile, source, offset, here * static_cast<uint32_t>(sizeof(Block)), blocks * sizeof(Block));
  Decoder::load_book(book);
  barrier();
  if (whole)
    decode_tile<Block, Out>(tile, book, results);
  else
    decode_part<Block, Out>(tile, book, results, here * Block::kValues);
}

}  // namespace qn::QN_TARGET

#define QN_ENTRY(format, out, type)                                                                      \
  QN_KERNEL(qn::cuda::kThreads)                                                                          \
  format##_##type(const uint8_t* __restrict__ source, void* __restrict__ destination, uint64_t blocks) { \
    namespace target = qn::QN_TARGET;                                                                    \
    target::dequantize<target::format, target::out>(source, static_cast<uint8_t*>(destination), blocks); \
  }
#define QN_ENTRIES(format, number) \
  QN_ENTRY(format, F32, f32)       \
  QN_ENTRY(format, F16, f16)       \
  QN_ENTRY(format, BF16, bf16)

#ifdef QN_CUDA_FORMAT
#define QN_ENTRIES_OF(format) QN_ENTRIES(format, )
QN_ENTRIES_OF(QN_CUDA_FORMAT)
#else
QN_FORMATS(QN_ENTRIES)
#endif
