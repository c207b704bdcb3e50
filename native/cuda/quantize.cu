// SPDX-License-Identifier: MIT
//
// The kernels that encode: one entry for each format. A CUDA block brings a tile of numbers to shared memory, its
// threads encode blocks or groups of them by the encoders of formats/encode, and the blocks go out together. The bytes
// are the CPU's: each float operation is rounded by itself, in the same order.
//
// Compiled once for each format, with its name as QN_CUDA_FORMAT; without it, all kernels come from the one file.
#ifndef QN_TARGET
#define QN_TARGET gpu
#endif

#include "encode_blocks.h"
#include "encode_groups.h"

namespace qn::QN_TARGET {

// How the shared memory of a CUDA block is divided; each part begins at a multiple of 16.
template <class Block>
struct EncodeMemory {
  using Encoder = TileEncoder<Block>;
  static constexpr uint32_t kTile = cuda::kEncodeTileValues / Block::kValues;

  static constexpr uint32_t aligned(uint32_t bytes) { return (bytes + 15) / 16 * 16; }
  static constexpr uint32_t kBlocks = aligned(Numbers<Encoder::kUnit>::kBytes);
  static constexpr uint32_t kWork = kBlocks + aligned(kTile * sizeof(Block));
  static constexpr uint32_t kMean = kWork + aligned(Encoder::kWorkBytes);
  static constexpr uint32_t kBytes = kMean + 16;
};

// Of the row of blocks from `first` on. One thread adds, because sums are not reassociated; the others bring it the
// numbers. All threads get the result.
template <class Block>
QN_DEVICE float row_mean_square(const EncodeTask& task, uint64_t first, uint8_t* memory) {
  constexpr uint32_t kUnit = TileEncoder<Block>::kUnit;
  const Numbers<kUnit> numbers{reinterpret_cast<float*>(memory)};
  float& mean = *reinterpret_cast<float*>(memory + EncodeMemory<Block>::kMean);
  const uint64_t values = task.blocks_per_row * Block::kValues;
  float sum = 0;
  QN_ROLLED
  for (uint64_t done = 0; done < values; done += cuda::kEncodeTileValues) {
    const uint64_t left = values - done;
    const uint32_t count = left < cuda::kEncodeTileValues ? static_cast<uint32_t>(left) : cuda::kEncodeTileValues;
    barrier();
    load_numbers(task, first * Block::kValues + done, count, numbers, task.first * Block::kValues);
    barrier();
    if (thread_index() != 0) continue;
    QN_ROLLED
    for (uint32_t unit = 0; unit < count / kUnit; unit++) {
      QN_UNROLLED
      for (uint32_t i = 0; i < kUnit; i++)
        sum += numbers.unit(unit)[i] * numbers.unit(unit)[i];
    }
  }
  if (thread_index() == 0) mean = sum / static_cast<float>(values);
  barrier();
  return mean;
}

template <class Block>
QN_DEVICE void quantize(const EncodeTask& task) {
  using Memory = EncodeMemory<Block>;
  using Encoder = TileEncoder<Block>;
  uint8_t* const memory = shared_memory<Memory::kBytes>();
  const Numbers<Encoder::kUnit> numbers{reinterpret_cast<float*>(memory)};
  Block* const blocks = reinterpret_cast<Block*>(memory + Memory::kBlocks);

  const uint64_t together = task.by_rows ? task.blocks_per_row : Memory::kTile;
  const uint64_t begin = block_index() * together;
  const uint64_t end = begin + together < task.blocks ? begin + together : task.blocks;
  float mean_square = 0;
  if constexpr (kNeedsRow<Block>)
    if (task.by_rows) mean_square = row_mean_square<Block>(task, begin, memory);
  QN_ROLLED
  for (uint64_t first = begin; first < end; first += Memory::kTile) {
    const uint32_t count = end - first < Memory::kTile ? static_cast<uint32_t>(end - first) : Memory::kTile;
    barrier();
    load_numbers(task, first * Block::kValues, count * Block::kValues, numbers, task.first * Block::kValues);
    barrier();
    Encoder::encode_tile({task, numbers, blocks, task.first + first, count, mean_square}, memory + Memory::kWork);
    barrier();
    store_bytes(task.destination + first * sizeof(Block), memory + Memory::kBlocks,
                count * static_cast<uint32_t>(sizeof(Block)));
  }
}

}  // namespace qn::QN_TARGET

#define QN_ENTRY(format)              \
  QN_KERNEL(qn::cuda::kEncodeThreads) \
  quantize_##format(const qn::QN_TARGET::EncodeTask task) { qn::QN_TARGET::quantize<qn::QN_TARGET::format>(task); }

#ifdef QN_CUDA_FORMAT
#define QN_ENTRY_OF(format) QN_ENTRY(format)
QN_ENTRY_OF(QN_CUDA_FORMAT)
#else
QN_GPU_ENCODERS(QN_ENTRY)
#endif
