// SPDX-License-Identifier: MIT
//
// The kernels: one entry for each format and type of result. A CUDA block decodes a tile of format blocks: its threads
// bring the packed bytes to shared memory together, then each decodes runs of eight neighbouring weights.
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

template <class Block, class Out>
QN_DEVICE void dequantize(const uint8_t* source, uint8_t* destination, uint64_t blocks) {
  constexpr uint32_t kTile = cuda::launch_of(Block::kValues).tile;
  constexpr uint32_t kBlocksBytes = (kTile * sizeof(Block) + 15) / 16 * 16;
  constexpr uint32_t kWarp = 32;
  using Decoder = Runs<Block>;
  using Store = WarpStore<Out>;

  uint8_t* const shared = shared_memory<kBlocksBytes + kSlack + Decoder::kBookBytes>();
  uint8_t* const book = shared + kBlocksBytes + kSlack;
  const uint64_t first = uint64_t{block_index()} * kTile;
  const uint32_t tile = blocks - first < kTile ? static_cast<uint32_t>(blocks - first) : kTile;
  stage(shared, source, first * sizeof(Block), tile * static_cast<uint32_t>(sizeof(Block)), blocks * sizeof(Block));
  Decoder::load_book(book);
  barrier();

  uint8_t* const results = destination + first * Block::kValues * sizeof(Out);
  const uint32_t lane = thread_index() % kWarp, warp_begin = thread_index() - lane;
  constexpr uint32_t kRunBytes = 8 * sizeof(Out);
  if (tile == kTile && is_aligned(results, 16)) {
    QN_ROLLED
    for (uint32_t begin = warp_begin; begin < cuda::kTileWeights / 8; begin += cuda::kThreads) {
      const uint32_t run = begin + Store::run_of_lane(lane);
      Store::store(results + begin * kRunBytes, lane, decode_run<Block, Out>(shared, run, book));
    }
  } else {
    const uint32_t weights = tile * Block::kValues, runs = (weights + 7) / 8;
    QN_ROLLED
    for (uint32_t run = thread_index(); run < runs; run += cuda::kThreads) {
      const uint32_t left = weights - run * 8;
      store_singly(results + run * kRunBytes, left < 8 ? left : 8, decode_run<Block, Out>(shared, run, book));
    }
  }
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
