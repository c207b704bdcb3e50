// SPDX-License-Identifier: MIT
//
// Numbers by way of the GPU, and back as blocks. A chunk has three parts, in memory of the GPU and in pinned memory:
//
//   numbers | the place of one that is not finite | blocks
//
// so that the first two go there, and the last two come back, in one copy each.
#include <string.h>

#include "../api/error.h"
#include "encode_work.h"
#include "staging.h"

namespace qn::cuda {
namespace {

// Parts begin at multiples of this, which is also what the place takes.
constexpr uint64_t kAlignment = 256;

// Chunks are multiples of so many blocks, if they are that long: whole tiles of any format.
constexpr uint64_t kChunkMultiple = kEncodeTileValues;

uint64_t aligned(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

uint64_t number_bytes(const QuantizeWork& work) { return uint64_t{work.values_per_block} * work.value_size; }

// Blocks of a chunk, or 0: it has no room for a row where it must have whole ones.
uint64_t chunk_blocks(size_t slot_bytes, const QuantizeWork& work, const portable::EncodeTask& task) {
  const uint64_t fitting = (slot_bytes - 2 * kAlignment) / (number_bytes(work) + work.block_size);
  const uint64_t multiple = task.by_rows ? task.blocks_per_row : kChunkMultiple;
  return fitting < multiple && !task.by_rows ? fitting : fitting / multiple * multiple;
}

uint8_t* on_gpu(CUdeviceptr address) { return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(address)); }

}  // namespace

uint64_t Staging::bytes_besides(const QuantizeWork& work) {
  return work.importance ? work.values_per_row * sizeof(float) : 0;
}

qn_status Staging::run(const QuantizeWork& work, uint64_t& first_nonfinite, const char*& kernel) {
  const uint64_t bytes = bytes_besides(work);
  CUdeviceptr importance = 0;
  qn_status status = QN_OK;
  if (bytes) status = context_.check_memory(context_.driver().mem_alloc(&importance, bytes), "importance", bytes);
  if (status != QN_OK) return status;
  for (Slot& slot : slots_)
    slot.blocks = 0;
  int next = 0;
  if (bytes) status = send(importance, work.importance, bytes, next);
  if (status == QN_OK && bytes) status = arrive();
  portable::EncodeTask task = encode_task(work);
  task.importance = reinterpret_cast<const float*>(on_gpu(importance));
  if (status == QN_OK) status = encode(work, task, first_nonfinite, kernel);
  settle();
  if (importance) context_.driver().mem_free(importance);
  return status;
}

qn_status Staging::encode(const QuantizeWork& work, const portable::EncodeTask& task, uint64_t& first_nonfinite,
                          const char*& kernel) {
  const uint64_t chunk = chunk_blocks(slot_bytes_, work, task);
  if (chunk == 0) {
    const uint64_t row = task.blocks_per_row * (number_bytes(work) + work.block_size) + 2 * kAlignment;
    return fail(
        QN_ERROR_OUT_OF_MEMORY,
        "cuda:%d: a row of %llu values is weighed as a whole and needs %llu bytes of staging, where %llu are the "
        "limit",
        context_.facts().index, static_cast<unsigned long long>(work.values_per_row),
        static_cast<unsigned long long>(kSlots * row), static_cast<unsigned long long>(kSlots * slot_bytes_));
  }
  const char* ran = "";
  int next = 0;
  for (uint64_t first = 0; first < task.blocks; first += chunk, next = (next + 1) % kSlots) {
    Slot& slot = slots_[next];
    const qn_status status = finish(slot, work, first_nonfinite);
    if (status != QN_OK || first_nonfinite != qn_device::kAllFinite) return status;
    slot.first = first;
    slot.blocks = task.blocks - first < chunk ? task.blocks - first : chunk;
    if (const qn_status status = begin(slot, work, task, ran); status != QN_OK) return status;
  }
  for (int i = 0; i < kSlots; i++) {
    const qn_status status = finish(slots_[(next + i) % kSlots], work, first_nonfinite);
    if (status != QN_OK || first_nonfinite != qn_device::kAllFinite) return status;
  }
  kernel = ran;
  return QN_OK;
}

qn_status Staging::begin(Slot& slot, const QuantizeWork& work, const portable::EncodeTask& whole, const char*& kernel) {
  const Driver& driver = context_.driver();
  const uint64_t numbers = slot.blocks * number_bytes(work), place = aligned(numbers);
  const uint64_t blocks = place + kAlignment;
  copy(slot.host, work.source + slot.first * number_bytes(work), numbers);
  memcpy(slot.host + place, &qn_device::kAllFinite, sizeof qn_device::kAllFinite);
  qn_status status = context_.check(
      driver.memcpy_htod_async(slot.device, slot.host, place + sizeof qn_device::kAllFinite, slot.stream),
      "copying to the GPU");
  if (status != QN_OK) return status;

  portable::EncodeTask task = whole;
  task.source = on_gpu(slot.device);
  task.destination = on_gpu(slot.device + blocks);
  if (!work.allow_nonfinite) task.first_nonfinite = reinterpret_cast<uint64_t*>(on_gpu(slot.device + place));
  task.first = slot.first;
  task.blocks = slot.blocks;
  status = context_.launch(slot.stream, work.format, task, kernel);
  if (status != QN_OK) return status;
  return context_.check(driver.memcpy_dtoh_async(slot.host + place, slot.device + place,
                                                 kAlignment + slot.blocks * work.block_size, slot.stream),
                        "copying from the GPU");
}

qn_status Staging::finish(Slot& slot, const QuantizeWork& work, uint64_t& first_nonfinite) {
  if (slot.blocks == 0) return QN_OK;
  const qn_status status = context_.check(context_.driver().stream_synchronize(slot.stream), "encoding");
  if (status != QN_OK) return status;
  const uint8_t* const place = slot.host + aligned(slot.blocks * number_bytes(work));
  memcpy(&first_nonfinite, place, sizeof first_nonfinite);
  if (first_nonfinite == qn_device::kAllFinite)
    copy(work.destination + slot.first * work.block_size, place + kAlignment, slot.blocks * work.block_size);
  slot.blocks = 0;
  return QN_OK;
}

}  // namespace qn::cuda
