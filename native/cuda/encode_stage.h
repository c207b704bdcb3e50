// SPDX-License-Identifier: MIT
//
// The ways into and out of shared memory of kernels that encode: numbers come as floats, blocks go as bytes.
#pragma once

#include "../formats/plain.h"
#include "encode_task.h"
#include "gpu.h"

namespace qn::QN_TARGET {

// The numbers of a tile, those of a thread behind each other, and a word between those of two threads: threads that
// read their numbers in step ask for different banks.
template <uint32_t kUnit>
struct Numbers {
  static constexpr uint32_t kBytes = (cuda::kEncodeTileValues + cuda::kEncodeTileValues / kUnit) * sizeof(float);

  float* first;

  QN_DEVICE float& at(uint32_t i) const { return first[i + i / kUnit]; }
  QN_DEVICE const float* unit(uint32_t i) const { return first + i * (kUnit + 1); }
};

// Brings `count` numbers of the format T to shared memory. A NaN becomes the plain one. Returns the place of one that
// is not finite, the first of those that this thread sees; kAllFinite if there is none.
constexpr uint32_t kAllFinite = 0xffffffffu;

template <class T, uint32_t kUnit>
QN_DEVICE uint32_t load_numbers(const uint8_t* source, uint32_t count, Numbers<kUnit> numbers) {
  constexpr uint32_t kTogether = 16 / sizeof(T);
  uint32_t nonfinite = kAllFinite;
  const auto keep = [&](uint32_t i, const T& number) {
    const float value = Half::to_plain_nan(number.to_float());
    numbers.at(i) = value;
    if ((bits_from_float(value) & 0x7fffffffu) >= 0x7f800000u && i < nonfinite) nonfinite = i;
  };
  const uint32_t vectors = is_aligned(source, 16) ? count / kTogether : 0;
  QN_ROLLED
  for (uint32_t i = thread_index(); i < vectors; i += cuda::kEncodeThreads) {
    const Words4 words = load16(source + 16 * i);
    T together[kTogether];
    memcpy(together, &words, 16);
    QN_UNROLLED
    for (uint32_t k = 0; k < kTogether; k++)
      keep(i * kTogether + k, together[k]);
  }
  QN_ROLLED
  for (uint32_t i = vectors * kTogether + thread_index(); i < count; i += cuda::kEncodeThreads) {
    T number;
    memcpy(&number, source + i * sizeof number, sizeof number);
    keep(i, number);
  }
  return nonfinite;
}

// The same for the numbers of a task from `place` on, and reports what is not finite.
template <uint32_t kUnit>
QN_DEVICE void load_numbers(const EncodeTask& task, uint64_t place, uint32_t count, Numbers<kUnit> numbers,
                            uint64_t first_place) {
  uint32_t nonfinite;
  if (task.input == 0) {
    nonfinite = load_numbers<F32>(task.source + place * 4, count, numbers);
  } else if (task.input == 1) {
    nonfinite = load_numbers<F16>(task.source + place * 2, count, numbers);
  } else {
    nonfinite = load_numbers<BF16>(task.source + place * 2, count, numbers);
  }
  if (nonfinite != kAllFinite && task.first_nonfinite) lower(task.first_nonfinite, first_place + place + nonfinite);
}

// Writes bytes of shared memory, whose address is a multiple of 16, to any address.
QN_DEVICE void store_bytes(uint8_t* to, const uint8_t* shared, uint32_t bytes) {
  const uint32_t vectors = is_aligned(to, 16) ? bytes / 16 : 0;
  QN_ROLLED
  for (uint32_t i = thread_index(); i < vectors; i += cuda::kEncodeThreads)
    store16(to + 16 * i, load16(shared + 16 * i));
  QN_ROLLED
  for (uint32_t i = vectors * 16 + thread_index(); i < bytes; i += cuda::kEncodeThreads)
    to[i] = shared[i];
}

}  // namespace qn::QN_TARGET
