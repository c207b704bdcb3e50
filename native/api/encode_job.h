// SPDX-License-Identifier: MIT
//
// A call to quantize as the threads of the pool see it: blocks, or rows where the encoder weighs with the whole row.
#pragma once

#include <string.h>

#include <atomic>

#include "../cpu/float_modes.h"
#include "device.h"

namespace qn {

class EncodeJob {
 public:
  EncodeJob(const QuantizeWork& work, const EncoderSet& set)
      : work_(work),
        set_(set),
        row_(set.rows[work.format]),
        rows_(work.importance ? work.rows : 1),
        values_per_row_(work.importance ? work.values_per_row : work.rows * work.values_per_row),
        blocks_per_row_(values_per_row_ / work.values_per_block),
        by_rows_(row_.needs_row && work.importance) {}

  uint64_t items() const { return by_rows_ ? rows_ : rows_ * blocks_per_row_; }

  // Items that a thread takes at a time: enough that handing them out costs nothing even for the fastest encoders.
  uint64_t grain() const {
    const uint64_t values = by_rows_ ? values_per_row_ : work_.values_per_block;
    const uint64_t least = by_rows_ ? kRowsTogether : 1, fitting = kValuesPerPiece / values;
    return fitting < least ? least : fitting;
  }

  uint64_t first_nonfinite() const { return first_nonfinite_.load(std::memory_order_relaxed); }

  // Pool::Work over an EncodeJob.
  static void run(const void* context, uint64_t first, uint64_t last) {
    const EncodeJob& job = *static_cast<const EncodeJob*>(context);
    const DefaultFloatModes modes;
    if (job.by_rows_)
      job.encode_rows(first, last);
    else
      job.encode_blocks(first, last);
  }

 private:
  static constexpr uint64_t kValuesPerPiece = 16 * 1024;

  // Numbers are read as floats a part at a time, which stays in the L1 cache; a whole number of batches of any encoder.
  static constexpr size_t kPart = 2048;

  const uint8_t* number(uint64_t row, uint64_t column) const {
    return work_.source + (row * values_per_row_ + column) * work_.value_size;
  }

  bool load(uint64_t row, uint64_t column, float* numbers, size_t count) const {
    return set_.load[work_.input](number(row, column), numbers, count) || work_.allow_nonfinite;
  }

  // Up to a number that is not finite.
  void encode_rows(uint64_t first, uint64_t last) const {
    for (uint64_t row = first; row < last; row += kRowsTogether) {
      const size_t count = last - row < kRowsTogether ? static_cast<size_t>(last - row) : kRowsTogether;
      float mean_squares[kRowsTogether] = {};
      sum_squares(row, count, mean_squares);
      for (size_t i = 0; i < count; i++)
        if (!encode(row + i, 0, blocks_per_row_, mean_squares[i] / static_cast<float>(values_per_row_))) return;
    }
  }

  // The same, for blocks by their places in all rows.
  void encode_blocks(uint64_t first, uint64_t last) const {
    for (uint64_t block = first; block < last;) {
      const uint64_t row = block / blocks_per_row_, row_end = (row + 1) * blocks_per_row_;
      const uint64_t now = (row_end < last ? row_end : last) - block;
      if (!encode(row, block - row * blocks_per_row_, now, 0)) return;
      block += now;
    }
  }

  // Encodes `count` blocks of a row, from `first` on; false if a number is not finite.
  bool encode(uint64_t row, uint64_t first, uint64_t count, float mean_square) const {
    float numbers[kPart], importance[kPart];
    const size_t fitting = kPart / work_.values_per_block;
    uint8_t* to = work_.destination + (row * blocks_per_row_ + first) * work_.block_size;
    while (count > 0) {
      const size_t now = count < fitting ? static_cast<size_t>(count) : fitting;
      const uint64_t column = first * work_.values_per_block;
      const size_t values = now * work_.values_per_block;
      if (!load(row, column, numbers, values)) {
        report_nonfinite(row, column, values);
        return false;
      }
      if (work_.importance) memcpy(importance, work_.importance + column * sizeof(float), values * sizeof(float));
      row_.encode(numbers, work_.importance ? importance : nullptr, mean_square, to, now);
      if (work_.search_longer && row_.improve) row_.improve(numbers, work_.importance ? importance : nullptr, to, now);
      to += now * work_.block_size;
      first += now;
      count -= now;
    }
    return true;
  }

  // Adds the squares of `count` rows, each to a sum of its own.
  void sum_squares(uint64_t first, size_t count, float (&sums)[kRowsTogether]) const {
    constexpr size_t kColumns = kPart / kRowsTogether;
    float numbers[kPart] = {};
    for (uint64_t column = 0; column < values_per_row_;) {
      const uint64_t left = values_per_row_ - column;
      const size_t now = left < kColumns ? static_cast<size_t>(left) : kColumns;
      for (size_t i = 0; i < count; i++)
        load(first + i, column, numbers + i * kColumns, now);  // what is not finite is found when it is encoded
      set_.add_squares(sums, numbers, kColumns, now);
      column += now;
    }
  }

  // The smallest place of all threads stays: pieces before it are encoded in any case.
  void report_nonfinite(uint64_t row, uint64_t column, size_t count) const {
    for (size_t i = 0; i < count; i++) {
      float one;
      if (load(row, column + i, &one, 1)) continue;
      const uint64_t place = row * values_per_row_ + column + i;
      uint64_t known = first_nonfinite_.load(std::memory_order_relaxed);
      while (place < known && !first_nonfinite_.compare_exchange_weak(known, place, std::memory_order_relaxed)) {
      }
      return;
    }
  }

  const QuantizeWork& work_;
  const EncoderSet& set_;
  const EncoderRow& row_;
  // Rows matter to importance only: without it all numbers are one row, so that encoders get as many blocks as can be.
  const uint64_t rows_, values_per_row_;
  const uint64_t blocks_per_row_;
  const bool by_rows_;
  mutable std::atomic<uint64_t> first_nonfinite_{qn_device::kAllFinite};
};

}  // namespace qn
