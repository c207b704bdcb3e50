// SPDX-License-Identifier: MIT
//
// Brings packed bytes from global to shared memory, where they are aligned to 16 bytes whatever the source's alignment
// was: blocks of 18, 34, 110 or 210 bytes are then read piece by piece at no cost in global traffic.
#pragma once

#include "gpu.h"
#include "launch.h"

namespace qn::QN_TARGET {

// Sixteen bytes from any address: five words around them, shifted into place.
QN_DEVICE Words4 load16_unaligned(const uint8_t* from) {
  const uint32_t past = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(from) & 3);
  const uint8_t* const words = from - past;
  Words4 result;
  uint32_t low = load_aligned<uint32_t>(words);
  for (int i = 0; i < 4; i++) {
    const uint32_t high = load_aligned<uint32_t>(words + 4 * i + 4);
    result.word[i] = funnel(low, high, past * 8);
    low = high;
  }
  return result;
}

// A whole tile from a multiple of 16: all that a thread reads is under way before it waits for any of it.
template <uint32_t kBytes>
QN_DEVICE void stage_tile(uint8_t* shared, const uint8_t* source) {
  static_assert(kBytes % 16 == 0);
  constexpr uint32_t kStep = cuda::kThreads * 16, kChunks = (kBytes + kStep - 1) / kStep;
  Words4 chunks[kChunks];
  const uint32_t at = thread_index() * 16;
  QN_UNROLLED
  for (uint32_t i = 0; i < kChunks; i++)
    if (at + i * kStep < kBytes) chunks[i] = load16(source + at + i * kStep);
  QN_UNROLLED
  for (uint32_t i = 0; i < kChunks; i++)
    if (at + i * kStep < kBytes) store16(shared + at + i * kStep, chunks[i]);
}

// Copies the `bytes` at `source + offset`, by all threads of the CUDA block, reading no byte outside of the `total`
// bytes at `source`. `shared` has room for whole chunks of 16.
QN_DEVICE void stage(uint8_t* shared, const uint8_t* source, uint64_t offset, uint32_t bytes, uint64_t total) {
  const bool aligned = is_aligned(source + offset, 16);
  QN_ROLLED
  for (uint32_t at = thread_index() * 16; at < bytes; at += cuda::kThreads * 16) {
    const uint64_t from = offset + at;
    if (aligned && from + 16 <= total) {
      store16(shared + at, load16(source + from));
    } else if (!aligned && from >= 4 && from + 20 <= total) {
      store16(shared + at, load16_unaligned(source + from));
    } else {
      const uint32_t end = at + 16 < bytes ? at + 16 : bytes;
      QN_ROLLED
      for (uint32_t i = at; i < end; i++)
        shared[i] = source[offset + i];
    }
  }
}

}  // namespace qn::QN_TARGET
